import { sql } from 'drizzle-orm';
import { drizzle, type BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';
import type { Emitter, Host } from '../host.ts';

const contacts = sqliteTable('contacts', { id: integer().primaryKey(), firstname: text().notNull() });

export async function open(file: string): Promise<Host<BetterSQLite3Database>> {
  const db = drizzle(file);

  async function addContact(tx: BetterSQLite3Database, engine: Emitter, firstname: string): Promise<number> {
    const record = tx.insert(contacts).values({ firstname }).returning().get();
    await engine.emit('object_create(0)', { accountId: 1, objectType: 'Contact', record }, { within: db.$client });
    return record.id;
  }

  return {
    async transaction(work) {
      db.run(sql`begin immediate`);
      try {
        await work(db);
        db.run(sql`commit`);
      } catch (error) {
        if (db.$client.inTransaction) db.run(sql`rollback`);
        throw error;
      }
    },
    async savepoint(_, work) {
      db.run(sql`savepoint part`);
      await work(db).catch((error: unknown) => {
        db.run(sql`rollback to part`);
        throw error;
      });
    },
    addContact,
    within: () => db.$client,
    outside: () => db.$client,
    close: async () => void db.$client.close(),
  };
}
