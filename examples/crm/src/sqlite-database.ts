import { setImmediate } from 'node:timers/promises';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import { HookwellError } from '@hookwell/core';
import Database from 'better-sqlite3';
import {
  CompiledQuery,
  Kysely,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
} from 'kysely';
import type { CrmDatabase } from './database.ts';
import { shown } from './database-name.ts';
import { recordsIn } from './records.ts';
import { createTables, type Tables } from './tables.ts';
import { UsageError } from './usage-error.ts';

/** SQLite numbers rows from the largest id on, whoever chose it. */
const options = { onChosenId: async () => {} };

/**
 * Opens an SQLite file for the CRM and for the engine, on one connection. Kysely lets one transaction at a time have it
 * and keeps every other query waiting, so that no other request can slip its changes in; and what the engine writes by
 * itself meanwhile, it tries again by itself.
 */
export async function openSqlite(filename: string): Promise<CrmDatabase> {
  const connection = new Database(filename, { timeout: 2_000 });
  try {
    connection.pragma('journal_mode = wal');
    connection.pragma('synchronous = full');
    const db = new Kysely<Tables>({ dialect: dialectOn(connection) });
    const foreign = await db
      .transaction()
      .execute(async (transaction) => createTables(transaction, { prefix: '', id: 'integer primary key' }));
    if (foreign !== null) {
      throw new UsageError(`${filename} has a table "${foreign}" that is not this CRM's. Name another file with --database.`);
    }
    return {
      ...recordsIn(db, options),
      storage: sqliteStorage({ database: connection }),
      transaction: async (work) =>
        db.transaction().execute(async (transaction) => work({ ...recordsIn(transaction, options), within: connection })),
      close: async () => db.destroy(),
    };
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** What a server does differently from a script that has the file and the process to itself. */
class ServerDriver extends SqliteDriver {
  /** Begins with the lock of a writer: who reads first and asks for it later is refused if another process was quicker. */
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  /** Nothing waits for anything within a transaction, so that between two of them all else must have its turn. */
  override async releaseConnection(): Promise<void> {
    await setImmediate();
  }
}

function dialectOn(database: Database.Database): Dialect {
  return {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new ServerDriver({ database }),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
}

/** What to tell whoever started the program, if the file is why it cannot go on; else the error as it is. */
export function explainSqlite(error: unknown, name: string): unknown {
  const filename = shown(name); // Whoever forgot to write postgres:// gave a password here.
  if (error instanceof UsageError || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  if (HookwellError.is(error, 'storage_busy') || code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new UsageError(`${filename} is locked by another program. Close that one, or name another file with --database.`);
  }
  if (code === 'SQLITE_NOTADB') {
    return new UsageError(`${filename} is not an SQLite database. Name another file with --database.`);
  }
  if (code.startsWith('SQLITE_') || (error instanceof TypeError && /database/.test(error.message))) {
    return new UsageError(`Cannot use the database ${filename}: ${error.message}. Check its folder and your rights to it.`);
  }
  return error;
}
