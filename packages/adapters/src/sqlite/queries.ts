import { DummyDriver, Kysely, sql, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, type RawBuilder } from 'kysely';
import type { ConditionDialect } from '../sql/condition-sql.ts';
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

/**
 * A bound value that the planner does not see. Where a statement sorts after `column = ?`, or has `limit ?`, the value might
 * matter to the plan, so SQLite would prepare it anew each time it runs; that takes longer than running it.
 */
export function boundUnseen<Value extends string | number | null>(): RawBuilder<Value> {
  return sql<Value>`(select ?)`;
}

/** Conditions of queries as SQLite has them. */
export const sqliteConditions: ConditionDialect = {
  // Both sides are folded here, so that a host's `pragma case_sensitive_like` makes no difference.
  like: (text, pattern) => sql`lower(${text}) like lower(${pattern})`,
  value: (value) => sql`${value}`,
  in: (column, values, negated) => sql`${column} ${negated ? sql`not in` : sql`in`} (${sql.join(values)})`,
};
