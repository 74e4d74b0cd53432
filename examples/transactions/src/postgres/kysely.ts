import { Kysely, PostgresDialect, sql, type Generated, type Transaction } from 'kysely';
import { Pool } from 'pg';
import type { Emitter, Host } from '../host.ts';

interface Tables {
  readonly contacts: { readonly id: Generated<number>; readonly firstname: string };
}

async function addContact(trx: Transaction<Tables>, engine: Emitter, firstname: string): Promise<number> {
  const record = await trx.insertInto('contacts').values({ firstname }).returningAll().executeTakeFirstOrThrow();
  await engine.emit('object_create(0)', { accountId: 1, objectType: 'Contact', record }, { within: trx });
  return record.id;
}

export async function open(url: string): Promise<Host<Transaction<Tables>>> {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: url, max: 2 }) }) });
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
    within: (trx) => trx,
    outside: () => db,
    close: async () => db.destroy(),
  };
}
