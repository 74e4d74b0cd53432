import { sql, type SQL } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { pgTable, serial, text } from 'drizzle-orm/pg-core';
import type { Emitter, Host } from '../host.ts';

const contacts = pgTable('contacts', { id: serial().primaryKey(), firstname: text().notNull() });

type Transaction = Pick<NodePgDatabase, 'insert' | 'execute' | 'transaction'>;

export const within = (tx: { execute(query: SQL): PromiseLike<unknown> }) => ({
  query: async (statement: string, values: unknown[]) =>
    tx.execute(sql.join(statement.split(/\$(\d+)/).map((part, at) => (at % 2 ? sql`${values[+part - 1]}` : sql.raw(part))))),
});

async function addContact(tx: Transaction, engine: Emitter, firstname: string): Promise<number> {
  const [record] = await tx.insert(contacts).values({ firstname }).returning();
  if (!record) throw new Error('no contact was inserted');
  await engine.emit('object_create(0)', { accountId: 1, objectType: 'Contact', record }, { within: within(tx) });
  return record.id;
}

export async function open(url: string): Promise<Host<Transaction>> {
  const db = drizzle({ connection: { connectionString: url, max: 2 } });
  return {
    transaction: async (work) => db.transaction(work),
    savepoint: async (tx, work) => tx.transaction(work),
    addContact,
    within,
    outside: () => within(db),
    close: async () => db.$client.end(),
  };
}
