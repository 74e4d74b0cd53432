import type { Pool, PoolClient } from 'pg';
import type { PostgresClient, PostgresPool, PostgresQuery } from '../src/postgres/index.ts';

/** A pool that sends other statements than it is given: what a mistake in one, or SQL that was smuggled into it, would do. */
export function rewritingPool(pool: Pool, rewrite: (text: string) => string): PostgresPool {
  const rewritten = (query: PostgresQuery) => ({ ...query, text: rewrite(query.text), values: [...query.values] });
  const rewriting = (client: PoolClient): PostgresClient =>
    Object.assign(Object.create(client) as PoolClient, {
      query: async (query: PostgresQuery) => client.query(rewritten(query)),
    });
  return {
    query: async (query) => pool.query(rewritten(query)),
    connect(callback) {
      pool.connect((error, client) => callback(error, client && rewriting(client)));
    },
  };
}

/** Takes the condition on the account out of a statement; its value stays where it is. */
export function withoutAccount(text: string): string {
  return text.replaceAll(/(?<![\w.])(?:\w+\.)?"?account_id"? = \$(\d+)(?:::text)?/g, '$$$1::text is not null');
}
