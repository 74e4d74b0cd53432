import type { PostgresClient, PostgresPool } from '../src/postgres/index.ts';
import type { TestDatabase } from './postgres-fixture.ts';

/** A pool that adds up how many blocks of a schema's tables and indexes its statements ask for. */
export interface CountingPool extends PostgresPool {
  /** How many it was since the last time. */
  readonly taken: () => number;
}

/** Makes such a pool. Blocks count whether or not they are in memory, so that the figure is the same on any machine. */
export function countingPool(pool: ReturnType<TestDatabase['pool']>, schema: string): CountingPool {
  let blocks = 0;
  const look = {
    text: `select coalesce(sum(pg_stat_get_xact_blocks_fetched(oid)), 0)::integer as blocks from pg_class
      where relnamespace = to_regnamespace($1)::oid and relkind in ('r', 'i')`,
    values: [schema],
  };

  /** Lends a client that counts what its transactions come to. */
  async function connect(): Promise<PostgresClient> {
    const client = await pool.connect();
    const count = async (): Promise<number> => (await client.query<{ blocks: number }>(look)).rows[0]?.blocks ?? 0;
    let before = 0;
    return {
      async query(query) {
        if (query.text === 'commit') blocks += (await count()) - before;
        const result = await client.query({ ...query, values: [...query.values] });
        if (query.text.startsWith('begin')) before = await count();
        return result;
      },
      on: (...given: Parameters<typeof client.on>) => client.on(...given),
      off: (...given: Parameters<typeof client.on>) => client.off(...given),
      release: (destroy) => client.release(destroy),
    };
  }

  return {
    taken() {
      const taken = blocks;
      blocks = 0;
      return taken;
    },
    connect,
    async query(query) {
      const client = await connect();
      const { rowMode, types } = query;
      const command = async (text: string): Promise<unknown> => client.query({ text, values: [], rowMode, types });
      try {
        await command('begin');
        const result = await client.query(query);
        await command('commit');
        return result;
      } catch (error) {
        await command('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
  };
}
