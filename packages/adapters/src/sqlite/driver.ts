/** A value that SQLite binds. */
export type SqliteValue = string | number | null;

/** Values in the order in which a statement has them, or by the names that it has for them. */
export type SqliteValues = readonly SqliteValue[] | readonly [Readonly<Record<string, SqliteValue>>];

/** A prepared statement of better-sqlite3, as far as it is used here. */
export interface SqliteStatement<Row = unknown> {
  run(...values: SqliteValues): { readonly changes: number };
  get(...values: SqliteValues): Row | undefined;
  all(...values: SqliteValues): Row[];
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
