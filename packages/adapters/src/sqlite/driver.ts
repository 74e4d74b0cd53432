/** A value that SQLite binds. */
export type SqliteValue = string | number | null;

/** A prepared statement of better-sqlite3, as far as it is used here. */
export interface SqliteStatement<Row = unknown> {
  run(...values: readonly SqliteValue[]): { readonly changes: number };
  get(...values: readonly SqliteValue[]): Row | undefined;
  all(...values: readonly SqliteValue[]): Row[];
}

/** A database of better-sqlite3, as far as it is used here. A host may share the one that it has open. */
export interface SqliteDatabase {
  readonly name: string;
  readonly memory: boolean;
  readonly open: boolean;
  readonly inTransaction: boolean;
  prepare(source: string): { safeIntegers(on: boolean): unknown };
  pragma(source: string, options?: { simple?: boolean }): unknown;
  exec(source: string): unknown;
  close(): unknown;
}
