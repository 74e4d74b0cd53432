export {
  PostgresRateLimitsOptionsSchema,
  PostgresRateLimitsSqlOptionsSchema,
  type PostgresRateLimitsOptions,
  type PostgresRateLimitsOptionsInput,
  type PostgresRateLimitsSqlOptionsInput,
} from './options.ts';
export type { RateLimitPool, RateLimitQuery } from './pool.ts';
export { postgresRateLimits } from './postgres-rate-limits.ts';
export { postgresRateLimitsSql } from './sql.ts';
