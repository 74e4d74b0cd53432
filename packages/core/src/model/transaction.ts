/** What makes a call part of a transaction that the host has open. */
export interface TransactionOptions {
  /**
   * The host's open transaction, in a shape that the storage knows: for SQLite the better-sqlite3 database inside `begin`;
   * for PostgreSQL a client of pg inside `BEGIN`, a Kysely `Transaction`, or anything with
   * `query(sql, parameters): Promise<rows | { rows }>`. Left out: the call is a transaction of its own.
   */
  readonly within?: unknown;
}
