import { randomUUID } from 'node:crypto';
import { Pool } from 'pg';
import type { DatabaseMeter } from './contestant.ts';
import { statementsUntilNow } from './count-statements.ts';
import { familyMicros, parentOf } from './process-time.ts';
import { startPostgres } from '../../packages/adapters/test/start-postgres.ts';

/** A database for one start of the bench, on a real server that makes durable what it commits. */
export interface PostgresDatabase {
  /** What it is, for whoever reads the figures. */
  readonly server: string;
  /** Where it is, for those who bring a pool of their own. */
  readonly url: string;
  /** Shared by all that run on it, with the settings that pg has by default. */
  readonly pool: Pool;
  readonly meter: DatabaseMeter;
  /** Makes the name of a schema that is not there yet. */
  readonly newSchema: () => string;
  readonly dropSchema: (schema: string) => Promise<void>;
  /** Drops it, and ends the server if it was started for it. */
  readonly close: () => Promise<void>;
}

/**
 * Makes a database on the server that the variable HOOKWELL_BENCH_POSTGRES_URL names, else on one that is started for it.
 *
 * @throws {Error} when that server does not make durable what it commits, which would be another race
 */
export async function openPostgresDatabase(): Promise<PostgresDatabase> {
  const given = process.env['HOOKWELL_BENCH_POSTGRES_URL'] ?? '';
  const started = given === '' ? await startPostgres({ fsync: true }) : null;
  const url = new URL(started?.url ?? given);
  const first = new Pool({ connectionString: url.href, max: 1 });
  const name = `hookwell_bench_${randomUUID().replaceAll('-', '').slice(0, 16)}`;
  let server: string;
  try {
    server = await describe(first);
    await first.query(`create database ${name} encoding 'UTF8' template template0`);
  } catch (error) {
    await first.end();
    await started?.stop();
    throw error;
  }
  url.pathname = `/${name}`;
  const pool = new Pool({ connectionString: url.href });
  pool.on('error', () => {});
  const meter = await meterOf(pool);
  let schemas = 0;
  return {
    server,
    url: url.href,
    pool,
    meter,
    newSchema() {
      schemas += 1;
      return `run_${schemas}`;
    },
    async dropSchema(schema) {
      await pool.query(`drop schema if exists "${schema}" cascade`);
    },
    async close() {
      await pool.end();
      await first.query(`drop database ${name} with (force)`);
      await first.end();
      await started?.stop();
    },
  };
}

/** Counts what all processes of the server compute: every one of them is a child of the postmaster. */
async function meterOf(pool: Pool): Promise<DatabaseMeter> {
  const isPostgres = (name: string): boolean => name.startsWith('postgres');
  const { rows } = await pool.query<{ pid: number }>('select pg_backend_pid() as pid');
  const postmaster = await parentOf(rows[0]?.pid ?? 0, isPostgres);
  return {
    cpuMicros: async () => (postmaster === null ? null : familyMicros(postmaster, isPostgres)),
    statements: statementsUntilNow,
  };
}

async function describe(pool: Pool): Promise<string> {
  const setting = async (name: string): Promise<string> => {
    const { rows } = await pool.query<{ setting: string }>('select setting from pg_settings where name = $1', [name]);
    return rows[0]?.setting ?? '';
  };
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit']) {
    if ((await setting(name)) === 'off') throw new Error(`the PostgreSQL server of the bench has ${name} off; set it to on`);
  }
  return `PostgreSQL ${(await setting('server_version')).split(' ')[0]}`;
}
