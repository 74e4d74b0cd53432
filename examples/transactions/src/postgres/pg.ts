import { Pool, type ClientBase } from 'pg';
import type { Emitter, Host } from '../host.ts';

async function addContact(client: ClientBase, engine: Emitter, firstname: string): Promise<number> {
  const { rows } = await client.query<{ id: number }>('insert into contacts (firstname) values ($1) returning id', [firstname]);
  const id = rows[0]?.id ?? 0;
  await engine.emit('object_create(0)', { accountId: 1, objectType: 'Contact', record: { id, firstname } }, { within: client });
  return id;
}

export async function open(url: string): Promise<Host<ClientBase>> {
  const pool = new Pool({ connectionString: url, max: 2 });
  return {
    async transaction(work) {
      const client = await pool.connect();
      try {
        await client.query('begin');
        await work(client);
        await client.query('commit');
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
    async savepoint(client, work) {
      await client.query('savepoint part');
      await work(client).catch(async (error: unknown) => {
        await client.query('rollback to savepoint part');
        throw error;
      });
    },
    addContact,
    within: (client) => client,
    outside: () => pool,
    close: async () => pool.end(),
  };
}
