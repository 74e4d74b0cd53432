import { HookwellError } from '@hookwell/core';
import type { AccountRunner } from './account-calls.ts';
import { Connection } from './connection.ts';
import { checkVersion, migrate } from './migrations.ts';
import { plannedEachTime } from './statement.ts';
import type { PostgresStorageOptions } from './postgres-options.ts';
import { secureAccounts } from './secure-accounts.ts';

/** What calls run on. */
export interface Opened {
  /** The calls that are about all accounts. */
  readonly connection: Connection;
  /** The calls of an account. */
  readonly as: (accountId: string) => AccountRunner;
}

/** Checks that the server is one that serves, and brings the tables up to date. */
export async function openConnection(options: PostgresStorageOptions): Promise<Opened> {
  const { pool, schema, migrate: mayMigrate, prepare } = options;
  const connection = new Connection(pool, { prepare });
  await checkServer(connection);
  if (mayMigrate) await migrate(connection, schema);
  else await checkVersion(connection, schema);
  return { connection, as: await secureAccounts(connection, options) };
}

/** @throws {HookwellError} `storage_failed` */
async function checkServer(connection: Connection): Promise<void> {
  const { version, encoding } = await connection.run(
    plannedEachTime<{ readonly version: number; readonly encoding: string }>(`
      select json_build_object(
        'version', current_setting('server_version_num')::integer, 'encoding', current_setting('server_encoding')
      )::text`),
    [],
  );
  if (version < 140_000) {
    throw new HookwellError(
      'storage_failed',
      `The server is PostgreSQL ${Math.floor(version / 10_000)}; version 14 or newer is needed.`,
      { value: version },
    );
  }
  if (encoding !== 'UTF8') {
    throw new HookwellError(
      'storage_failed',
      `The encoding of the database is ${encoding}, which cannot keep every text; create one with the encoding UTF8.`,
      { value: encoding },
    );
  }
}
