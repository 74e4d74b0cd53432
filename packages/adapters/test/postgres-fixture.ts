import { randomUUID } from 'node:crypto';
import { Pool, type PoolConfig } from 'pg';
import { postgresServer } from './postgres-server.ts';

/** A database of a test file's own. */
export interface TestDatabase {
  readonly url: string;
  /** Makes a pool, which is closed with the database. */
  readonly pool: (config?: PoolConfig) => Pool;
  readonly remove: () => Promise<void>;
}

export async function testDatabase(): Promise<TestDatabase> {
  const server = await postgresServer();
  const name = `hookwell_test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  await once(server, `create database ${name} encoding 'UTF8' template template0`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const pools: Pool[] = [];
  return {
    url: url.href,
    pool(config = {}) {
      const pool = new Pool({ connectionString: url.href, max: 4, ...config });
      pool.on('error', () => undefined);
      pools.push(pool);
      return pool;
    },
    async remove() {
      for (const pool of pools) if (!pool.ended) await pool.end();
      await once(server, `drop database ${name} with (force)`);
    },
  };
}

/** Runs one command on a connection of its own. */
async function once(url: string, command: string): Promise<void> {
  const pool = new Pool({ connectionString: url, max: 1 });
  try {
    await pool.query(command);
  } finally {
    await pool.end();
  }
}

/** Moves the clock of the storages in a schema by so many milliseconds from the real one. */
export async function moveClock(pool: Pool, schema: string, byMs: number): Promise<void> {
  await pool.query(`create or replace function "${schema}".now_ms() returns bigint language sql volatile
    return floor(extract(epoch from clock_timestamp()) * 1000)::bigint + ${byMs}`);
}
