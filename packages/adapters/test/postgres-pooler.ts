import type { Pool } from 'pg';
import type { PostgresPool, PostgresQuery } from '../src/postgres/index.ts';

/**
 * A pool such as one has behind PgBouncer in transaction mode: after each transaction the connection is another one, or
 * one that has forgotten everything, prepared statements and settings too.
 */
export function forgetfulPool(pool: Pool): PostgresPool {
  async function connect(): Promise<Awaited<ReturnType<PostgresPool['connect']>>> {
    const client = await pool.connect();
    return {
      query: async (query) => client.query({ ...query, values: [...query.values] }),
      on: (event, listener) => client.on(event, listener),
      off: (event, listener) => client.off(event, listener),
      release(destroy) {
        if (destroy === true) client.release(true);
        else
          void client.query('discard all').then(
            () => client.release(),
            () => client.release(true),
          );
      },
    };
  }
  return {
    connect,
    async query(query: PostgresQuery) {
      const client = await connect();
      try {
        return await client.query(query);
      } finally {
        client.release();
      }
    },
  };
}
