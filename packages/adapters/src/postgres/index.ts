export type {
  PostgresClient,
  PostgresNotification,
  PostgresPool,
  PostgresQuery,
  PostgresResult,
  PostgresValue,
} from './driver.ts';
export { postgresMigrations } from './migrations.ts';
export type { PostgresMigration } from './migrations.ts';
export {
  PostgresMigrationsOptionsSchema,
  PostgresRowLevelSecurityOptionsSchema,
  PostgresStorageOptionsSchema,
} from './postgres-options.ts';
export type {
  PostgresMigrationsOptionsInput,
  PostgresRowLevelSecurityOptions,
  PostgresStorageOptions,
  PostgresStorageOptionsInput,
} from './postgres-options.ts';
export { postgresStorage } from './postgres-storage.ts';
export { postgresRowLevelSecurity } from './row-level-security.ts';
export type { PostgresRowLevelSecurity } from './row-level-security.ts';
