import type { PostgresPool } from '@hookwell/adapters/postgres';
import type { TestDatabase } from '../../packages/adapters/test/postgres-fixture.ts';

/** A pool that adds up how many blocks of a schema's tables and indexes its statements ask for. */
export interface CountingPool extends PostgresPool {
  /** How many it was since the last time. */
  readonly taken: () => number;
}

/** Makes such a pool. Blocks count whether or not they are in memory, so that the figure is the same on any machine. */
export function countingPool(pool: TestDatabase['behind'], schema: string): CountingPool {
  let blocks = 0;
  const look = {
    text: `select coalesce(sum(pg_stat_get_xact_blocks_fetched(oid)), 0)::integer as blocks from pg_class
      where relnamespace = $1::text::regnamespace and relkind in ('r', 'i')`,
    values: [schema],
  };
  return {
    taken() {
      const taken = blocks;
      blocks = 0;
      return taken;
    },
    connect: async () => pool.connect(),
    async query(query) {
      const client = await pool.connect();
      const count = async (): Promise<number> => (await client.query<{ blocks: number }>(look)).rows[0]?.blocks ?? 0;
      try {
        await client.query('begin');
        const before = await count();
        const result = await client.query({ ...query, values: [...query.values] });
        blocks += (await count()) - before;
        await client.query('commit');
        return result;
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
  };
}
