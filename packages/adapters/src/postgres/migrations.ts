import { HookwellError, resolveOptions } from '@hookwell/core';
import type { Connection } from './connection.ts';
import { namesIn, type Names } from './names.ts';
import { PostgresMigrationsOptionsSchema, type PostgresMigrationsOptionsInput } from './postgres-options.ts';
import { plannedEachTime, type Runner } from './statement.ts';
import { migrationSteps } from './migration-steps.ts';

/** One step from an empty schema to the present tables. */
export interface PostgresMigration {
  readonly version: number;
  /** What to run, in one transaction, after the steps before it. It writes down that it was done. */
  readonly sql: string;
}

/**
 * The steps that `start` would take, for teams that run migrations themselves: run those whose version is larger than
 * the largest in the table `migrations` of the schema, in order, and set the option `migrate` to false.
 *
 * @throws {HookwellError} `invalid_option`
 * @example
 * for (const { version, sql } of postgresMigrations({ schema: 'hookwell' })) writeFileSync(`hookwell-${version}.sql`, sql)
 */
export function postgresMigrations(options: PostgresMigrationsOptionsInput = {}): readonly PostgresMigration[] {
  const names = namesIn(resolveOptions(PostgresMigrationsOptionsSchema, options, 'postgresMigrations').schema);
  return migrationSteps.map((step, index) => ({
    version: index + 1,
    sql: `${index === 0 ? beginning(names) : ''}${stepSql(names, index, step)}\n`,
  }));
}

const beginning = ({ schema, migrations }: Names): string =>
  `create schema if not exists ${schema};\n${migrationsTable(migrations)}\n`;

const migrationsTable = (migrations: string): string =>
  `create table if not exists ${migrations} (version integer primary key, applied_at timestamptz not null default clock_timestamp());`;

const stepSql = (names: Names, index: number, step: (names: Names) => string): string =>
  `${step(names).trim().replaceAll(/^ {4}/gm, '')}\ninsert into ${names.migrations} (version) values (${index + 1});`;

/** Which version the tables are of, 0 while there are none; null when it is written nowhere. */
async function versionOf(runner: Runner, { migrations }: Names): Promise<number | null> {
  const isThere = plannedEachTime<boolean>('select to_json(to_regclass($1::text) is not null)::text');
  const version = plannedEachTime<number>(`select to_json(coalesce(max(version), 0))::text from ${migrations}`);
  return (await runner.run(isThere, [migrations])) ? runner.run(version, []) : null;
}

/**
 * Brings the tables up to date, one transaction per step. Processes that do so at once wait for each other and find
 * what is done; a process that dies leaves its step undone, and the next one goes on from there.
 *
 * @throws {HookwellError} `storage_failed` when a newer version has written the tables
 */
export async function migrate(connection: Connection, schema: string): Promise<void> {
  const names = namesIn(schema);
  if ((await versionOf(connection, names)) === migrationSteps.length) return;
  const lock = plannedEachTime<unknown>(
    `select to_json(pg_advisory_xact_lock(hashtextextended('hookwell migrations ' || $1::text, 0))::text)::text`,
  );
  // Asked of the catalog itself: `to_regnamespace` may go by what the session knew before it waited for the lock.
  const schemaIsThere = plannedEachTime<boolean>(
    'select to_json(exists (select from pg_catalog.pg_namespace where nspname = $1::text))::text',
  );
  for (let done = false; !done;) {
    done = await connection.transact(async (transaction) => {
      const { run, command } = transaction;
      await run(lock, [schema]);
      if (!(await run(schemaIsThere, [schema]))) await command(`create schema ${names.schema}`);
      const version = await versionOf(transaction, names);
      if (version === null) await command(migrationsTable(names.migrations));
      const applied = version ?? 0;
      refuseNewer(applied, schema);
      const step = migrationSteps[applied];
      if (step === undefined) return true;
      await command(stepSql(names, applied, step));
      return false;
    });
  }
}

/**
 * Checks that somebody else has brought the tables up to date.
 *
 * @throws {HookwellError} `storage_failed`
 */
export async function checkVersion(connection: Connection, schema: string): Promise<void> {
  const applied = (await versionOf(connection, namesIn(schema))) ?? 0;
  refuseNewer(applied, schema);
  if (applied === migrationSteps.length) return;
  const missing = applied + 1 === migrationSteps.length ? `${applied + 1}` : `${applied + 1} to ${migrationSteps.length}`;
  throw new HookwellError(
    'storage_failed',
    `The tables in the schema "${schema}" are of version ${applied}, and version ${migrationSteps.length} is needed. Run the SQL of postgresMigrations({ schema: "${schema}" }), version ${missing}, or leave the option "migrate: false" out.`,
    { value: applied },
  );
}

function refuseNewer(applied: number, schema: string): void {
  if (applied <= migrationSteps.length) return;
  throw new HookwellError(
    'storage_failed',
    `The tables in the schema "${schema}" are of version ${applied}, and this version of @hookwell/adapters knows ${migrationSteps.length} at most: a newer one has written them. Update the package, or name another schema.`,
    { value: applied },
  );
}
