import type { Pool, PoolClient } from 'pg';
import type { PostgresClient, PostgresPool, PostgresQuery } from '../src/postgres/index.ts';

/**
 * A pool such as one has behind PgBouncer in transaction mode: after each transaction the connection is another one, or
 * one that has forgotten everything, prepared statements and settings too.
 */
export function forgetfulPool(pool: Pool): PostgresPool {
  function connect(callback: Parameters<PostgresPool['connect']>[0]): void {
    pool.connect((error, client) => callback(error, client && forgetful(client)));
  }

  return {
    connect,
    async query(query: PostgresQuery) {
      const client = forgetful(await pool.connect());
      try {
        return await client.query(query);
      } finally {
        client.release();
      }
    },
  };
}

/** A client that keeps nothing once it is released. */
function forgetful(client: PoolClient): PostgresClient {
  return {
    query: async (query) => client.query({ ...query, values: [...query.values] }),
    on: (event: string, listener: (given: never) => void) => client.on(event as 'error', listener as (error: Error) => void),
    off: (event: string, listener: (given: never) => void) => client.off(event, listener as (error: Error) => void),
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
