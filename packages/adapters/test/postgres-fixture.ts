import { randomUUID } from 'node:crypto';
import type { StorageAdapter } from '@hookwell/core';
import { Pool, type PoolConfig } from 'pg';
import { postgresStorage, type PostgresStorageOptionsInput } from '../src/postgres/index.ts';
import { postgresServer } from './postgres-server.ts';

/** A database of a test file's own. */
export interface TestDatabase {
  readonly url: string;
  /** A pool for what a test does behind a storage's back. */
  readonly behind: Pool;
  /** Makes a pool, which is closed with the database. */
  readonly pool: (config?: PoolConfig) => Pool;
  /** Makes a role, which goes with the database; answers its name. */
  readonly role: (attributes: string) => Promise<string>;
  /** Starts a storage in an empty schema of its own. */
  readonly started: (options?: Partial<PostgresStorageOptionsInput>) => Promise<StartedStorage>;
  readonly remove: () => Promise<void>;
}

/** A storage that has been started, and what a test may do behind its back. */
export interface StartedStorage {
  readonly storage: StorageAdapter;
  readonly schema: string;
  readonly pool: Pool;
  /** The answer's rows, of one column each. */
  readonly column: (text: string) => Promise<unknown[]>;
  /** Sets the clock of all storages in the schema, in milliseconds since the epoch; it stands still from then on. */
  readonly setClock: (now: number) => Promise<void>;
}

export async function testDatabase(): Promise<TestDatabase> {
  const server = await postgresServer();
  const name = `hookwell_test_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  await once(server, `create database ${name} encoding 'UTF8' template template0`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const pools: Pool[] = [];
  const roles: string[] = [];
  let schemas = 0;

  function pool(config: PoolConfig = {}): Pool {
    const made = new Pool({ connectionString: url.href, max: 4, ...config });
    made.on('error', () => undefined);
    pools.push(made);
    return made;
  }

  const behind = pool();
  return {
    url: url.href,
    behind,
    pool,
    async role(attributes) {
      const role = `${name}_${roles.length + 1}`;
      roles.push(role);
      await behind.query(`create role ${role} ${attributes}`);
      return role;
    },
    async started(options = {}) {
      schemas += 1;
      const schema = `own_${schemas}`;
      const storage = postgresStorage({ pool: behind, ...options, schema });
      await storage.start({ now: Date.now });
      return {
        storage,
        schema,
        pool: behind,
        column: async (text) => (await behind.query<unknown[]>({ text, rowMode: 'array' })).rows.map((row) => row[0]),
        setClock: async (now) => setClock(behind, schema, now),
      };
    },
    async remove() {
      for (const made of pools) if (!made.ended) await made.end();
      await once(server, `drop database ${name} with (force)`);
      for (const role of roles) await once(server, `drop role ${role}`);
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

/** Sets the clock of the storages in a schema, in milliseconds since the epoch: it stands still, or is the real one again. */
export async function setClock(pool: Pool, schema: string, now: number | 'real'): Promise<void> {
  if (now === 'real') await moveClock(pool, schema, 0);
  else await replaceClock(pool, schema, `${now}`);
}

/** Moves the clock of the storages in a schema by so many milliseconds from the real one. */
export async function moveClock(pool: Pool, schema: string, byMs: number): Promise<void> {
  await replaceClock(pool, schema, `floor(extract(epoch from clock_timestamp()) * 1000) + ${byMs}`);
}

/** Replaces what the storages in a schema take for the time by an expression of SQL. */
async function replaceClock(pool: Pool, schema: string, expression: string): Promise<void> {
  await pool.query(
    `create or replace function "${schema}".now_ms() returns bigint language sql volatile return (${expression})::bigint`,
  );
}
