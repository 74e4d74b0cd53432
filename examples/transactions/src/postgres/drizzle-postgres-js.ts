import { pgTable, serial, text } from 'drizzle-orm/pg-core';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { Emitter, Host } from '../host.ts';
import { within } from './drizzle.ts';

const contacts = pgTable('contacts', { id: serial().primaryKey(), firstname: text().notNull() });

type Transaction = Pick<PostgresJsDatabase, 'insert' | 'execute' | 'transaction'>;

async function addContact(tx: Transaction, engine: Emitter, firstname: string): Promise<number> {
  const [record] = await tx.insert(contacts).values({ firstname }).returning();
  if (!record) throw new Error('no contact was inserted');
  await engine.emit('object_create(0)', { accountId: 1, objectType: 'Contact', record }, { within: within(tx) });
  return record.id;
}

export async function open(url: string): Promise<Host<Transaction>> {
  const db = drizzle({ connection: { url, max: 2 } });
  return {
    transaction: async (work) => db.transaction(work),
    savepoint: async (tx, work) => tx.transaction(work),
    addContact,
    within,
    outside: () => within(db),
    close: async () => db.$client.end(),
  };
}
