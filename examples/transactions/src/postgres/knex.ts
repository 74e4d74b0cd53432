import knex, { type Knex } from 'knex';
import type { Emitter, Host } from '../host.ts';

const within = async (trx: Knex): Promise<unknown> => trx.client.acquireConnection();

async function addContact(trx: Knex.Transaction, engine: Emitter, firstname: string): Promise<number> {
  const [record] = await trx('contacts').insert({ firstname }).returning<{ id: number; firstname: string }[]>('*');
  if (!record) throw new Error('no contact was inserted');
  await engine.emit('object_create(0)', { accountId: 1, objectType: 'Contact', record }, { within: await within(trx) });
  return record.id;
}

export async function open(url: string): Promise<Host<Knex.Transaction>> {
  const db = knex({ client: 'pg', connection: url, pool: { min: 0, max: 2 } });
  return {
    transaction: async (work) => db.transaction(work),
    savepoint: async (trx, work) => trx.transaction(work),
    addContact,
    within,
    async outside() {
      const connection: unknown = await within(db);
      await db.client.releaseConnection(connection);
      return connection;
    },
    close: async () => db.destroy(),
  };
}
