import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from 'kysely';
import type { ConditionDialect } from '../sql/condition-sql.ts';
import type { PostgresTables } from './tables.ts';

/** Builds and compiles queries with their types checked against the tables of a schema; it cannot run them. */
export function queriesIn(schema: string): Kysely<PostgresTables> {
  return new Kysely<PostgresTables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (kysely) => new PostgresIntrospector(kysely),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }).withSchema(schema);
}

/** Conditions of queries as PostgreSQL has them. Numbers that are no whole ones are compared, and equal to nothing. */
export const postgresConditions: ConditionDialect = {
  like: (text, pattern) => sql`lower(${text}::text collate "C") like lower(${pattern}::text collate "C") escape ''`,
  value: (value) => {
    if (typeof value === 'string') return sql`${value}::text`;
    return Number.isSafeInteger(value) ? sql`${value}::bigint` : sql`${String(value)}::double precision`;
  },
  in: (column, values, negated) => {
    const texts = JSON.stringify(values.filter((value) => typeof value === 'string' || Number.isSafeInteger(value)));
    const kind = typeof values[0] === 'string' ? sql`text` : sql`bigint`;
    const one = sql`(select json_array_elements_text(${texts}::text::json)::${kind})`;
    return sql`${column} ${negated ? sql`not in` : sql`in`} ${one}`;
  },
};
