export type { SqliteDatabase, SqliteStatement, SqliteValue } from './driver.ts';
export { SqliteStorageOptionsSchema } from './sqlite-options.ts';
export type { SqliteStorageOptions, SqliteStorageOptionsInput } from './sqlite-options.ts';
export { sqliteStorage } from './sqlite-storage.ts';
