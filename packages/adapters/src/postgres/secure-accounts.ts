import { HookwellError } from '@hookwell/core';
import { runAs, type AccountRunner, type AccountSeal } from './account-calls.ts';
import { Connection } from './connection.ts';
import { namesIn, type Names } from './names.ts';
import type { PostgresStorageOptions } from './postgres-options.ts';
import { accountTables, policies, turnOn } from './row-level-security.ts';
import { plannedEachTime } from './statement.ts';
import { codeOf } from './storage-error.ts';

/** What there is of row-level security in a schema. */
interface State {
  readonly isSealed: boolean;
  /** The tables whose policies bind the role. */
  readonly bound: readonly string[];
  /** Roles that the policies bind instead. */
  readonly others: readonly string[];
  /** What the role is, and may do beside what it is granted here; null when it is not there. */
  readonly role: Powers | null;
}

/** What makes a role one that no policy binds. */
interface Powers {
  readonly name: string;
  readonly isSuperuser: boolean;
  readonly bypasses: boolean;
  /** Whether it is, or may become, the owner of the tables. */
  readonly owns: boolean;
  /** Partitions that it may read or write by themselves. */
  readonly partitions: readonly string[];
}

/**
 * Sees to it that the policies are there and bind the role, and answers what runs the calls of an account.
 *
 * @throws {HookwellError} `storage_failed` when they would be without effect
 */
export async function secureAccounts(
  connection: Connection,
  { schema, migrate, prepare, rowLevelSecurity }: PostgresStorageOptions,
): Promise<(accountId: string) => AccountRunner> {
  if (!rowLevelSecurity) return () => connection;
  const names = namesIn(schema);
  const { role, pool } = rowLevelSecurity;
  const login = pool ? new Connection(pool, { prepare }) : connection;
  await secure(connection, names, { schema, role, migrate });
  const seal = { role, secret: await connection.run(plannedEachTime<string>(readSecret(names)), []) };
  await checkEffect(login, names, seal);
  if (pool) {
    const name = await login.run(plannedEachTime<string>('select to_json(session_user::text)::text'), []);
    const found = await connection.run(plannedEachTime<Powers>(`select (${powers('$1::text', names)})::text`), [name]);
    refusePowers(found, 'the login of "rowLevelSecurity.pool"');
  }
  return (accountId) => runAs(seal, login, accountId);
}

const readSecret = (names: Names): string => `select to_json(secret)::text from ${names.of('account_seal')}`;

async function secure(
  connection: Connection,
  names: Names,
  { schema, role, migrate }: { readonly schema: string; readonly role: string; readonly migrate: boolean },
): Promise<void> {
  const look = lookFor(names);
  const tables = Object.keys(accountTables);
  const missing = ({ isSealed, bound }: State): string[] =>
    isSealed ? tables.filter((table) => !bound.includes(table)) : tables;
  const check = (state: State): State => {
    if (state.role === null) {
      throw refusal(
        `there is no role "${role}"`,
        `Make it with: create role "${role}" nologin; and grant it to the role that logs in.`,
      );
    }
    refusePowers(state.role, `the role "${role}"`);
    if (state.others.length === 0) return state;
    throw refusal(
      `the policies in the schema "${schema}" bind another role, "${state.others.join('", "')}"`,
      `Name that one, or run the "off" of postgresRowLevelSecurity({ schema: "${schema}", role: "${state.others[0]}" }) first.`,
    );
  };
  const isMissing = missing(check(await connection.run(look, [role]))).length > 0;
  if (!isMissing) return;
  if (!migrate) {
    throw refusal(
      `the policies in the schema "${schema}" are not there, or not all of them`,
      `Run the "on" of postgresRowLevelSecurity({ schema: "${schema}", role: "${role}" }), or leave the option "migrate: false" out.`,
    );
  }
  await connection.transact(async ({ run, command }) => {
    await run(
      plannedEachTime<unknown>(
        `select to_json(pg_advisory_xact_lock(hashtextextended('hookwell migrations ' || $1::text, 0))::text)::text`,
      ),
      [schema],
    );
    const state = check(await run(look, [role]));
    if (missing(state).length > 0) await command(turnOn(names, role, { isSealed: state.isSealed, tables: missing(state) }));
  });
}

function refusePowers({ name, isSuperuser, bypasses, owns, partitions }: Powers, what: string): void {
  const effect = 'so that the policies would be without effect';
  if (isSuperuser) throw refusal(`${what} ("${name}") is a superuser, ${effect}`, 'Name a role that is none.');
  if (bypasses) throw refusal(`${what} ("${name}") has BYPASSRLS, ${effect}`, `Run: alter role "${name}" nobypassrls;`);
  if (owns) {
    throw refusal(
      `${what} ("${name}") owns the tables or is a member of the role that does, ${effect}`,
      'Name a role that was made for this alone.',
    );
  }
  if (partitions.length > 0) {
    throw refusal(
      `${what} ("${name}") may use partitions by themselves, where no policy binds it: ${partitions.join(', ')}`,
      'Revoke these rights, and the default privileges that they come from.',
    );
  }
}

/** Tries what cannot be read off the catalog: whether the login may take the role on, and whether it is bound then. */
async function checkEffect(login: Connection, names: Names, seal: AccountSeal): Promise<void> {
  const tables = Object.keys(accountTables).map((table) => `'${names.of(table)}'::regclass`);
  const isBound = plannedEachTime<boolean>(
    `select to_json(${names.of('account')}() = 'a' and (select bool_and(row_security_active(t)) from unnest(array[${tables.join(', ')}]) as t))::text`,
  );
  let bound: boolean;
  try {
    bound = await runAs(seal, login, 'a').run(isBound, []);
  } catch (error) {
    if (!HookwellError.is(error) || codeOf(error.cause) !== '42501') throw error;
    throw refusal(
      `the role that logs in may not take the role "${seal.role}" on`,
      `Run: grant "${seal.role}" to the role that logs in;`,
      error,
    );
  }
  if (!bound) throw refusal('the policies have no effect on this connection', 'Let all pools lead to one database.');
}

function powers(role: string, names: Names): string {
  return `
    select json_build_object(
      'name', r.rolname, 'isSuperuser', r.rolsuper, 'bypasses', r.rolbypassrls,
      'owns', (
        select bool_or(pg_has_role(r.oid, c.relowner, 'member')) from pg_class c
        where c.relnamespace = ${namespace(names)} and c.relname = any (array[${tableNames}])
      ),
      'partitions', (
        select coalesce(json_agg(p.relname order by p.relname), '[]') from pg_class p
        where p.relnamespace = ${namespace(names)} and p.relispartition and p.relkind = 'r'
          and has_table_privilege(r.oid, p.oid, 'select, insert, update, delete, truncate')
      )
    )
    from pg_roles r where r.rolname = ${role}`;
}

const tableNames = Object.keys(accountTables)
  .map((table) => `'${table}'`)
  .join(', ');
/** Of the schema, by one of its tables. */
const namespace = (names: Names): string => `(select relnamespace from pg_class where oid = '${names.subscriptions}'::regclass)`;

function lookFor(names: Names) {
  const has = (name: string, more: string): string =>
    `exists (select from pg_policy p where p.polrelid = c.oid and p.polname = '${name}' and p.polcmd = '*' and ${more})`;
  return plannedEachTime<State>(`
    select json_build_object(
      'isSealed', to_regclass('${names.of('account_seal')}') is not null,
      'bound', (
        select coalesce(json_agg(c.relname), '[]') from pg_class c
        where c.relnamespace = ${namespace(names)} and c.relname = any (array[${tableNames}]) and c.relrowsecurity
          and ${has(policies.others, 'p.polpermissive')}
          and ${has(policies.account, `not p.polpermissive and p.polroles = array(select oid from pg_roles where rolname = $1::text)`)}
      ),
      'others', (
        select coalesce(json_agg(distinct r.rolname), '[]') from pg_class c
        join pg_policy p on p.polrelid = c.oid and p.polname = '${policies.account}' join pg_roles r on r.oid = any (p.polroles)
        where c.relnamespace = ${namespace(names)} and r.rolname <> $1::text
      ),
      'role', (${powers('$1::text', names)})
    )::text`);
}

function refusal(problem: string, wayOut: string, cause?: unknown): HookwellError {
  return new HookwellError('storage_failed', `Row-level security is asked for, but ${problem}. ${wayOut}`, { cause });
}
