import { setTimeout as pause } from 'node:timers/promises';
import { postgresStorage } from '@hookwell/adapters/postgres';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import type { StorageAdapter } from '@hookwell/core';
import Database from 'better-sqlite3';
import { Pool, type PoolClient } from 'pg';
import type { Fate } from './evidence.ts';

/** Where a victim keeps its records, and the engine its own tables. */
export type Whereabouts =
  | { readonly storage: 'postgres'; readonly url: string; readonly schema: string }
  | { readonly storage: 'sqlite'; readonly file: string };

/** The database of a host. */
export interface HostDatabase {
  readonly storage: StorageAdapter;
  /** Makes the host's own table, if it is not there. */
  readonly prepare: () => Promise<void>;
  /**
   * Writes a record and whatever `alongside` does in one transaction, which is rolled back if that was the plan, and
   * says what became of it.
   */
  readonly create: (record: number, alongside: (within: unknown) => Promise<unknown>, rollBack: boolean) => Promise<Fate>;
  readonly close: () => Promise<void>;
}

/** Opens the database of a host; it is told of each statement before it runs. */
export function hostDatabase(where: Whereabouts, name: string, onStatement: () => void): HostDatabase {
  return where.storage === 'postgres' ? postgresHost(where, name, onStatement) : sqliteHost(where.file, onStatement);
}

function postgresHost({ url, schema }: Extract<Whereabouts, { storage: 'postgres' }>, name: string, onStatement: () => void) {
  const pool = new Pool({ connectionString: url, max: 6, application_name: name, idleTimeoutMillis: 60_000 });
  pool.on('error', () => undefined);
  const table = `"host_${schema}".records`;

  async function transact(client: PoolClient, record: number, alongside: (within: unknown) => Promise<unknown>, undo: boolean) {
    await client.query('begin');
    await client.query(`insert into ${table} (id) values ($1)`, [record]);
    await alongside(client);
    if (!undo) return;
    await client.query('rollback');
  }

  async function create(record: number, alongside: (within: unknown) => Promise<unknown>, undo: boolean): Promise<Fate> {
    let broken = false;
    const onError = (): void => {
      broken = true;
    };
    // By callback: a connection can end in the same turn in which it is handed over, before a promise is answered.
    const client = await new Promise<PoolClient>((resolve, reject) => {
      pool.connect((error, connected) => {
        connected?.on('error', onError);
        if (connected) resolve(connected);
        else reject(error ?? new Error('no connection'));
      });
    });
    try {
      try {
        await transact(client, record, alongside, undo);
      } catch {
        await client.query('rollback').catch(onError);
        return 'undone';
      }
      if (undo) return 'undone';
      try {
        // What it answers for a transaction that cannot be committed any more is no error.
        return (await client.query('commit')).command === 'COMMIT' ? 'acked' : 'undone';
      } catch {
        broken = true;
        return 'unknown';
      }
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  return {
    storage: postgresStorage({ pool: watched(pool, onStatement), schema }),
    async prepare() {
      await pool.query(`create schema if not exists "host_${schema}"`);
      await pool.query(`create table if not exists ${table} (id bigint primary key)`);
    },
    create,
    close: async () => pool.end(),
  };
}

/** The same pool, that tells of each statement. */
function watched(pool: Pool, onStatement: () => void): Pool {
  return new Proxy(pool, {
    get(target, property) {
      if (property === 'query') {
        return async (...parameters: Parameters<Pool['query']>) => {
          onStatement();
          return target.query(...parameters);
        };
      }
      if (property === 'connect') {
        return async () => {
          const client = await target.connect();
          return new Proxy(client, {
            get(inner, member) {
              if (member === 'query') onStatement();
              const value: unknown = Reflect.get(inner, member, inner);
              return typeof value === 'function' ? (value.bind(inner) as unknown) : value;
            },
          });
        };
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** The engine and its host share one handle, as they do where everything is in one file. */
function sqliteHost(file: string, onStatement: () => void): HostDatabase {
  const database = new Database(file, { timeout: 20, verbose: onStatement });
  let last: Promise<unknown> = Promise.resolve();

  /** One transaction at a time on one handle; whoever finds the file locked waits without holding the process up. */
  async function create(record: number, alongside: (within: unknown) => Promise<unknown>, undo: boolean): Promise<Fate> {
    while (!begin()) await pause(5);
    try {
      database.prepare('insert into records (id) values (?)').run(record);
      await alongside(database);
      database.exec(undo ? 'rollback' : 'commit');
      return undo ? 'undone' : 'acked';
    } catch {
      if (database.inTransaction) database.exec('rollback');
      return 'undone';
    }
  }

  function begin(): boolean {
    try {
      database.exec('begin immediate');
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw error;
    }
  }

  return {
    storage: sqliteStorage({ database }),
    async prepare() {
      for (;;) {
        try {
          database.pragma('journal_mode = wal');
          database.exec('create table if not exists records (id integer primary key)');
          return;
        } catch (error) {
          if (!isBusy(error)) throw error;
          await pause(5);
        }
      }
    },
    async create(record, alongside, undo) {
      const created = last.then(async () => create(record, alongside, undo));
      last = created.catch(() => undefined);
      return created;
    },
    async close() {
      database.close();
    },
  };
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY');
