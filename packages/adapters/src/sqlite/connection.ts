// Why Kysely builds the statements and better-sqlite3 runs them: better-sqlite3 is synchronous, and a call of the port
// must be one uninterrupted run of statements from BEGIN to COMMIT, because the host may share its own handle. Kysely's
// executor awaits between statements, where the host could slip its own into our transaction, or find its own joined. So
// Kysely types and compiles each statement, once, and the prepared statement runs without a turn of the event loop.

import { HookwellError } from '@hookwell/core';
import type { Compilable } from 'kysely';
import type { SqliteDatabase, SqliteStatement, SqliteValue } from './driver.ts';
import { Checkpoints } from './checkpoints.ts';
import { WalSync } from './wal-sync.ts';

/** How a connection behaves. */
export interface ConnectionOptions {
  /** Whether the host uses the handle too, with transactions and a busy timeout of its own. */
  readonly shared: boolean;
  readonly busyMs: number;
}

/** An open database: runs work in a transaction, all of it in one turn of the event loop, and turns errors into ours. */
export class Connection {
  readonly database: SqliteDatabase;
  readonly #options: ConnectionOptions;
  readonly #begin: SqliteStatement;
  readonly #beginImmediate: SqliteStatement;
  readonly #commit: SqliteStatement;
  readonly #rollback: SqliteStatement;
  readonly #save: SqliteStatement;
  readonly #release: SqliteStatement;
  readonly #rollbackToSave: SqliteStatement;
  #log: WalSync | undefined;
  #checkpoints: Checkpoints | undefined;

  constructor(database: SqliteDatabase, options: ConnectionOptions) {
    this.database = database;
    this.#options = options;
    this.#begin = this.prepareSql('begin');
    this.#beginImmediate = this.prepareSql('begin immediate');
    this.#commit = this.prepareSql('commit');
    this.#rollback = this.prepareSql('rollback');
    this.#save = this.prepareSql('savepoint hookwell');
    this.#release = this.prepareSql('release hookwell');
    this.#rollbackToSave = this.prepareSql('rollback to hookwell');
  }

  /** Prepares a statement, to be run often; every value in it is `bound()`. */
  prepare<Row>(query: Compilable<Row>): SqliteStatement<Row> {
    const { sql, parameters } = query.compile();
    if (parameters.length > 0) throw new Error(`a prepared statement has the value ${String(parameters[0])} in it: ${sql}`);
    return this.prepareSql<Row>(sql);
  }

  prepareSql<Row>(source: string): SqliteStatement<Row> {
    const statement = this.database.prepare(source);
    statement.safeIntegers(false);
    return statement as unknown as SqliteStatement<Row>;
  }

  /** Runs a query that is made for the occasion, values and all. */
  all<Row>(query: Compilable<Row>): Row[] {
    const { sql, parameters } = query.compile();
    return this.prepareSql<Row>(sql).all(...(parameters as SqliteValue[]));
  }

  /**
   * From now on commits are made durable by syncing the write-ahead log beside the event loop, instead of inside COMMIT, and
   * so are its checkpoints made. It takes a database that is in WAL mode and has the log open.
   */
  syncBeside(): void {
    const { database } = this;
    const files = database.pragma('database_list') as readonly { readonly name: string; readonly file: string }[];
    const file = files.find(({ name }) => name === 'main')?.file ?? database.name;
    try {
      this.#log = new WalSync(file, () => this.#checkpoints?.look());
      this.#checkpoints = new Checkpoints(database, file);
    } catch (error) {
      throw storageError(error, database.name);
    }
    if (!this.#options.shared) database.pragma('synchronous = normal');
  }

  /**
   * Runs work that writes, all or nothing, in this turn of the event loop; resolves once it is durable, as far as
   * `synchronous` asks for that.
   * @throws {HookwellError} `storage_busy` when the host has a transaction open, or another connection the lock
   */
  async write<Result>(work: () => Result): Promise<Result> {
    const log = this.#log;
    log?.check();
    const result = this.writeNow(work);
    await log?.settled();
    return result;
  }

  /** Runs work that writes as `write` does, and leaves when it becomes durable to the commit. */
  writeNow<Result>(work: () => Result): Result {
    return this.#guard(() => this.#withoutSync(() => this.#transact(this.#beginImmediate, work)));
  }

  /**
   * Runs work as part of the transaction that the host has open, all or nothing.
   * @throws {HookwellError} `invalid_input` when it has ended
   */
  within<Result>(work: () => Result): Result {
    const { database } = this;
    if (!database.inTransaction) {
      throw new HookwellError(
        'invalid_input',
        `No transaction is open on the database "${database.name}" given as "within"; nothing was done. Begin one first, and await the call before you commit.`,
      );
    }
    try {
      this.#save.run();
      try {
        return work();
      } catch (error) {
        this.#rollbackToSave.run();
        throw error;
      } finally {
        this.#release.run();
      }
    } catch (error) {
      throw storageError(error, database.name);
    }
  }

  /** Runs work that reads with several statements, which see the same state. */
  read<Result>(work: () => Result): Result {
    return this.#guard(() => this.#transact(this.#begin, work));
  }

  /** Runs work that reads with one statement. */
  readOnce<Result>(work: () => Result): Result {
    return this.#guard(work);
  }

  /** Lets go of what `syncBeside` has opened. */
  async stopSyncing(): Promise<void> {
    this.#log?.close();
    this.#log = undefined;
    await this.#checkpoints?.stop();
    this.#checkpoints = undefined;
  }

  #transact<Result>(begin: SqliteStatement, work: () => Result): Result {
    begin.run();
    try {
      const result = work();
      this.#commit.run();
      return result;
    } catch (error) {
      if (this.database.inTransaction) this.#rollback.run();
      throw error;
    }
  }

  #guard<Result>(work: () => Result): Result {
    const { database } = this;
    if (database.inTransaction) {
      throw new HookwellError(
        'storage_busy',
        `A transaction of the host is open on the database "${database.name}"; nothing was done. Try again when it has ended, or give the storage a connection of its own.`,
      );
    }
    try {
      return this.#options.shared ? this.#withoutPatience(work) : work();
    } catch (error) {
      throw storageError(error, database.name);
    }
  }

  /** Commits without waiting for the disk where the log is synced beside the event loop; the host's own commits go on to wait. */
  #withoutSync<Result>(work: () => Result): Result {
    const { database } = this;
    if (!this.#log || !this.#options.shared) return work();
    const level = Number(database.pragma('synchronous', { simple: true }));
    database.pragma('synchronous = normal');
    try {
      return work();
    } finally {
      database.pragma(`synchronous = ${level}`);
    }
  }

  /** Waits for locks for `busyMs` instead of as long as the host would have the whole process wait. */
  #withoutPatience<Result>(work: () => Result): Result {
    const { database } = this;
    const busyMs = Number(database.pragma('busy_timeout', { simple: true }));
    if (busyMs <= this.#options.busyMs) return work();
    database.pragma(`busy_timeout = ${this.#options.busyMs}`);
    try {
      return work();
    } finally {
      database.pragma(`busy_timeout = ${busyMs}`);
    }
  }
}

/** What an error of the driver means: `storage_busy` for a lock, which passes, and `storage_failed` for all others. */
export function storageError(error: unknown, file: string): HookwellError {
  if (HookwellError.is(error)) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const said = error instanceof Error ? error.message : String(error);
  if (/^SQLITE_(BUSY|LOCKED)/.test(code) || /connection is busy executing a query/.test(said)) {
    return new HookwellError(
      'storage_busy',
      `The database "${file}" is in use by another statement or connection (${said}); nothing was done. Try again.`,
      { cause: error },
    );
  }
  if (code === 'SQLITE_NOTADB') {
    return new HookwellError(
      'storage_failed',
      `"${file}" is not an SQLite database, or it is encrypted. Name another file, or move this one away.`,
      { cause: error, value: file },
    );
  }
  return new HookwellError('storage_failed', `The database "${file}" failed: ${said}${code === '' ? '' : ` (${code})`}.`, {
    cause: error,
    value: file,
  });
}
