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
export { PostgresMigrationsOptionsSchema, PostgresStorageOptionsSchema } from './postgres-options.ts';
export type { PostgresMigrationsOptionsInput, PostgresStorageOptions, PostgresStorageOptionsInput } from './postgres-options.ts';
export { postgresStorage } from './postgres-storage.ts';
