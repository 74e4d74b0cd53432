import Database from 'better-sqlite3';
import { HookwellError } from '@hookwell/core';
import { Connection, storageError } from './connection.ts';
import { migrate } from './migrations.ts';
import type { SqliteStorageOptions } from './sqlite-options.ts';

/** Opens the file, or takes the host's database, and brings its settings and tables up to date. */
export function openConnection(options: SqliteStorageOptions, now: number): Connection {
  const { filename = ':memory:', synchronous, busyMs } = options;
  const file = options.database?.name ?? filename;
  const shared = options.database !== undefined;
  let database = options.database;
  try {
    database ??= new Database(filename, { timeout: busyMs });
    if (database.inTransaction) {
      throw new HookwellError(
        'storage_busy',
        `A transaction of the host is open on the database "${file}"; start the storage when it has ended.`,
      );
    }
    const connection = new Connection(database, { shared, busyMs });
    // A page of 4 KiB holds but three records of 1 KiB. What a file has been made with stays.
    if (!shared) database.pragma('page_size = 8192');
    const mode = database.memory ? 'memory' : database.pragma('journal_mode = wal', { simple: true });
    database.pragma(`synchronous = ${synchronous}`);
    migrate(connection, now);
    if (synchronous === 'FULL' && mode === 'wal') connection.syncBeside();
    return connection;
  } catch (error) {
    if (!shared) database?.close();
    throw storageError(error, file);
  }
}
