import { HookwellError, resolveOptions } from '@hookwell/core';
import Type, { type Static } from 'typebox';
import type { SqliteDatabase } from './driver.ts';

/** The options of `sqliteStorage`: type, default and manual in one. Exactly one of `filename` and `database` is given. */
export const SqliteStorageOptionsSchema = Type.Object(
  {
    filename: Type.Optional(
      Type.String({
        minLength: 1,
        description: 'The file of the database, made when it does not exist; `:memory:` for one that is forgotten at `stop`.',
      }),
    ),
    database: Type.Optional(
      Type.Unsafe<SqliteDatabase>({
        type: 'object',
        description:
          "The host's own better-sqlite3 database, to keep everything in one file. It is switched to WAL and to `synchronous`, and stays open at `stop`.",
      }),
    ),
    synchronous: Type.Union([Type.Literal('FULL'), Type.Literal('NORMAL')], {
      default: 'FULL',
      description:
        'FULL: what was accepted survives a loss of power. NORMAL: it survives a crash of the process, and a loss of power may take the last moments; faster where events come one by one.',
    }),
    busyMs: Type.Integer({
      default: 20,
      minimum: 0,
      maximum: 1_000,
      description:
        'How long a call waits for the lock of another connection before it rejects with `storage_busy`, in milliseconds. The whole process waits with it; the engine then tries again without blocking.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `sqliteStorage` with their defaults filled in. */
export type SqliteStorageOptions = Static<typeof SqliteStorageOptionsSchema>;

/** The options of `sqliteStorage` as a host writes them. */
export type SqliteStorageOptionsInput = Partial<Omit<SqliteStorageOptions, 'filename' | 'database'>> &
  ({ readonly filename: string; readonly database?: never } | { readonly database: SqliteDatabase; readonly filename?: never });

/** @throws {HookwellError} `invalid_option` */
export function resolveSqliteOptions(given: SqliteStorageOptionsInput): SqliteStorageOptions {
  const options = resolveOptions(SqliteStorageOptionsSchema, given, 'sqliteStorage');
  const { filename, database } = options;
  if ((filename === undefined) === (database === undefined)) {
    throw new HookwellError(
      'invalid_option',
      `sqliteStorage takes either "filename" or "database", and got ${filename === undefined ? 'neither' : 'both'}.`,
      { value: filename },
    );
  }
  if (database !== undefined && !(typeof database.pragma === 'function' && typeof database.inTransaction === 'boolean')) {
    throw new HookwellError(
      'invalid_option',
      'sqliteStorage: option "database" is not a better-sqlite3 database; pass what `new Database(file)` of better-sqlite3 returned.',
    );
  }
  return options;
}
