import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryStorage } from '@hookwell/adapters/memory';
import { postgresStorage } from '@hookwell/adapters/postgres';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import type { StorageAdapter } from '@hookwell/core';
import { Pool } from 'pg';
import { openPostgresDatabase, type PostgresDatabase } from './postgres-database.ts';

/** What the engine can store in, as durable as it can be made. */
export const storageNames = ['memory', 'sqlite', 'postgres'] as const;
export type StorageName = (typeof storageNames)[number];

/** A place where an engine stores, empty when it is made. */
export interface Place {
  /** A storage for one engine. Those of one place see the same rows; in memory it is the same one each time. */
  readonly storage: () => StorageAdapter;
  /** The same, without waiting for the disk: for rows that are there before anything is measured. */
  readonly fillingStorage: () => StorageAdapter;
  readonly remove: () => Promise<void>;
}

/** Storages by name, for one start of a bench. */
export interface Storages {
  /** What one is, for whoever reads the figures. */
  readonly what: (name: StorageName) => string;
  readonly make: (name: StorageName) => Place;
  /** The database, for others that store in one; null unless `postgres` is among the names. */
  readonly postgres: PostgresDatabase | null;
  readonly close: () => Promise<void>;
}

/** Gets the storages of these names ready; a PostgreSQL server is started when it is among them. */
export async function openStorages(names: readonly StorageName[]): Promise<Storages> {
  const postgres = names.includes('postgres') ? await openPostgresDatabase() : null;
  const hasty = postgres ? new Pool({ ...postgres.pool.options, options: '-c synchronous_commit=off' }) : null;

  function sqlitePlace(): Place {
    const folder = mkdtempSync(join(tmpdir(), 'hookwell-bench-'));
    const filename = join(folder, 'bench.sqlite');
    return {
      storage: () => sqliteStorage({ filename, synchronous: 'FULL' }),
      fillingStorage: () => sqliteStorage({ filename, synchronous: 'NORMAL' }),
      remove: async () => rmSync(folder, { recursive: true, force: true }),
    };
  }

  function postgresPlace(): Place {
    if (!postgres || !hasty) throw new Error('PostgreSQL was not among the storages that were opened');
    const schema = postgres.newSchema();
    return {
      storage: () => postgresStorage({ pool: postgres.pool, schema }),
      fillingStorage: () => postgresStorage({ pool: hasty, schema }),
      remove: async () => postgres.dropSchema(schema),
    };
  }

  function memoryPlace(): Place {
    const storage = memoryStorage();
    return { storage: () => storage, fillingStorage: () => storage, remove: async () => {} };
  }

  return {
    what: (name) =>
      ({ memory: 'in memory', sqlite: 'on SQLite, synchronous FULL', postgres: `on ${postgres?.server ?? 'PostgreSQL'}` })[name],
    make: (name) => ({ memory: memoryPlace, sqlite: sqlitePlace, postgres: postgresPlace })[name](),
    postgres,
    async close() {
      await hasty?.end();
      await postgres?.close();
    },
  };
}
