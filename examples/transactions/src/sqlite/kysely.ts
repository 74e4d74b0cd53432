import Database from 'better-sqlite3';
import { Kysely, SqliteDialect, sql, type Generated, type Transaction } from 'kysely';
import type { Emitter, Host } from '../host.ts';

interface Tables {
  readonly contacts: { readonly id: Generated<number>; readonly firstname: string };
}

export async function open(file: string): Promise<Host<Transaction<Tables>>> {
  const database = new Database(file);
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });

  async function addContact(trx: Transaction<Tables>, engine: Emitter, firstname: string): Promise<number> {
    const record = await trx.insertInto('contacts').values({ firstname }).returningAll().executeTakeFirstOrThrow();
    await engine.emit('object_create(0)', { accountId: 1, objectType: 'Contact', record }, { within: database });
    return record.id;
  }

  return {
    transaction: async (work) => db.transaction().execute(work),
    async savepoint(trx, work) {
      await sql`savepoint part`.execute(trx);
      await work(trx).catch(async (error: unknown) => {
        await sql`rollback to savepoint part`.execute(trx);
        throw error;
      });
    },
    addContact,
    within: () => database,
    outside: () => database,
    close: async () => db.destroy(),
  };
}
