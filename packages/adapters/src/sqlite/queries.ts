import { DummyDriver, Kysely, sql, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, type RawBuilder } from 'kysely';
import type { LikeSql } from '../sql/condition-sql.ts';
import type { Tables } from '../sql/tables.ts';

/** Builds and compiles queries with their types checked against the tables; it cannot run them. */
export const queries = new Kysely<Tables>({
  dialect: {
    createAdapter: () => new SqliteAdapter(),
    createDriver: () => new DummyDriver(),
    createIntrospector: (kysely) => new SqliteIntrospector(kysely),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  },
});

/** A value that a prepared statement is given each time it runs; values are bound in the order in which these stand in the text. */
export function bound<Value extends string | number | null>(): RawBuilder<Value> {
  return sql<Value>`?`;
}

/** Both sides are folded here, so that a host's `pragma case_sensitive_like` makes no difference. */
export const likeInSqlite: LikeSql = (text, pattern) => sql`lower(${text}) like lower(${pattern})`;
