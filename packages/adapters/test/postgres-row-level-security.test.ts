import type { HookwellError, StorageAdapter } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import type { Pool } from 'pg';
import {
  postgresMigrations,
  postgresRowLevelSecurity,
  postgresStorage,
  type PostgresStorageOptionsInput,
} from '../src/postgres/index.ts';
import { testDatabase } from './postgres-fixture.ts';
import { loginUrl, rolesFor } from './postgres-roles.ts';
import { batchFor, claimRequest, outcomeOf, subscribe } from './storage-fixture.ts';

const database = await testDatabase();
test.after.always(async () => database.remove());
const { behind } = database;

async function start(options: PostgresStorageOptionsInput): Promise<StorageAdapter> {
  const storage = postgresStorage(options);
  await storage.start({ now: Date.now });
  return storage;
}

/** What a storage says instead of starting. */
async function refusal(t: ExecutionContext, options: PostgresStorageOptionsInput): Promise<string> {
  const error = await t.throwsAsync<HookwellError>(start(options));
  t.is(error.code, 'storage_failed');
  return error.message;
}

/** The tables and partitions with an account's rows, with their policies and who may do what. */
async function securityOf(schema: string): Promise<unknown> {
  const { rows } = await behind.query(
    `select c.relname, c.relrowsecurity, c.relforcerowsecurity,
      (select json_agg(json_build_object('name', polname, 'cmd', polcmd, 'permissive', polpermissive, 'roles', polroles::regrole[]::text,
        'using', replace(pg_get_expr(polqual, polrelid), n.nspname, '')) order by polname) from pg_policy where polrelid = c.oid) as policies,
      (select json_agg(a.privilege_type order by a.privilege_type) from aclexplode(c.relacl) a where a.grantee <> c.relowner) as granted
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
    [schema],
  );
  return rows;
}

async function run(pool: Pool, sql: string): Promise<void> {
  await pool.query(`begin; ${sql} commit`);
}

/** Accepts, delivers and asks for it by the account: what any storage must do. */
async function works(storage: StorageAdapter, name: string): Promise<void> {
  const { id } = await subscribe(storage);
  await storage.storeEvents(batchFor(name, [id]));
  const { claims } = await storage.claimDeliveries(claimRequest());
  const { written } = await storage.recordOutcomes(claims.map((claim) => outcomeOf(claim)));
  const { total } = await storage.listAttempts('a', {
    where: null,
    sort: { field: 'id', direction: 'asc' },
    offset: 0,
    limit: 9,
  });
  if (written.length !== 1 || total === 0) throw new Error('what was delivered is not in the log');
}

test('it is turned on in a database with data, off, and on again, while nothing is lost and others go on', async (t) => {
  const { owners: pool, account: role } = await rolesFor(database, 'changing');
  const before = await start({ pool, schema: 'changing' });
  await works(before, 'before');
  const without = await securityOf('changing');
  const first = await start({ pool, schema: 'changing', rowLevelSecurity: { role } });
  await works(first, 'first');
  await works(before, 'beside');
  const on = await securityOf('changing');
  t.notDeepEqual(on, without);
  t.deepEqual(await securityOf('changing'), on, 'a second start changes nothing');

  const sql = postgresRowLevelSecurity({ schema: 'changing', role });
  await run(pool, sql.off);
  t.deepEqual(await securityOf('changing'), without);
  const error = await t.throwsAsync<HookwellError>(first.listKeys('a'));
  t.regex(error.message, /permission denied/, 'who was told to keep accounts apart must not go on when nothing does');
  await works(before, 'off');

  await run(pool, sql.on);
  t.deepEqual(await securityOf('changing'), on);
  const second = await start({ pool, schema: 'changing', rowLevelSecurity: { role }, migrate: false });
  await works(second, 'second');
  const stale = await t.throwsAsync<HookwellError>(first.listKeys('a'));
  t.regex(stale.message, /does not carry the seal.*start it again/i);
  t.is(
    (
      await second.listSubscriptions('a', {
        where: null,
        sort: { field: 'id', direction: 'asc' },
        offset: 0,
        limit: 9,
        which: 'all',
      })
    ).total,
    5,
  );
});

test('the printed SQL does what start does, and a storage that must not migrate says what is missing', async (t) => {
  const { owners: pool, account: role } = await rolesFor(database, 'printed');
  for (const { sql } of postgresMigrations({ schema: 'printed' })) await run(pool, sql.replace(/create schema.*\n/, ''));
  const options = { pool, schema: 'printed', rowLevelSecurity: { role }, migrate: false };
  t.regex(await refusal(t, options), /"printed" are not there.*"on" of postgresRowLevelSecurity.*migrate: false/);
  await run(pool, postgresRowLevelSecurity({ schema: 'printed', role }).on);
  await works(await start(options), 'printed');
  await behind.query('create schema by_start');
  await start({ pool: behind, schema: 'by_start', rowLevelSecurity: { role } });
  t.deepEqual(await securityOf('printed'), await securityOf('by_start'));
  t.throws(() => postgresRowLevelSecurity({ schema: 'printed', role: 'a; drop schema public' }), { code: 'invalid_option' });
});

test('every table with rows of an account has its policies, and one that has lost them gets them back', async (t) => {
  const { owners: pool, account: role } = await rolesFor(database, 'complete');
  const options = { pool, schema: 'complete', rowLevelSecurity: { role } };
  const storage = await start(options);
  const unbound = async (): Promise<unknown> =>
    (
      await behind.query(
        `select c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'complete'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition and a.attname = 'account_id'
          and (not c.relrowsecurity or not exists (
            select from pg_policy p where p.polrelid = c.oid and not p.polpermissive and p.polroles = array['${role}'::regrole::oid]
          ))`,
      )
    ).rows;
  t.deepEqual(await unbound(), []);
  await pool.query(`alter table complete.keys disable row level security;
    drop policy hookwell_account on complete.keys; drop policy hookwell_others on complete.keys`);
  t.regex(await refusal(t, { ...options, migrate: false }), /not all of them/);
  await start(options);
  t.deepEqual(await unbound(), []);
  t.deepEqual(await storage.listKeys('a'), [], 'the seal of those that run already holds');
});

test('storages that start at once turn it on once', async (t) => {
  const { owners: pool, account: role } = await rolesFor(database, 'together');
  const storages = await Promise.all(
    Array.from({ length: 4 }, async () => start({ pool, schema: 'together', rowLevelSecurity: { role } })),
  );
  for (const storage of storages) t.deepEqual(await storage.listKeys('a'), []);
});

test('a role that no policy binds is refused, with the way out', async (t) => {
  const { owners: pool, owner, account: role } = await rolesFor(database, 'refused');
  const by = async (name: string): Promise<string> => refusal(t, { pool, schema: 'refused', rowLevelSecurity: { role: name } });
  t.regex(await by('nobody_at_all'), /no role "nobody_at_all".*create role "nobody_at_all" nologin/);
  t.regex(await by(await database.role('nologin superuser')), /is a superuser, so that the policies would be without effect/);
  t.regex(
    await by(await database.role('nologin bypassrls')),
    /has BYPASSRLS, so that the policies would be without effect.*nobypassrls/,
  );
  const member = await database.role(`nologin in role ${owner}`);
  t.regex(await by(member), /owns the tables or is a member of the role that does, so that the policies would be without effect/);
  t.regex(await by(owner), /owns the tables/);
  t.regex(await by(await database.role('nologin')), /may not take the role.*grant ".*" to/);
  t.false(JSON.stringify(await securityOf('refused')).includes(role), 'who is refused changes nothing');
});

test('a role is refused that may read partitions by themselves, and a second role beside the first', async (t) => {
  const { owners: pool, owner, account: role } = await rolesFor(database, 'second');
  const options = { pool, schema: 'second', rowLevelSecurity: { role } };
  await start(options);
  const another = await database.role('nologin');
  await behind.query(`grant ${another} to ${owner}`);
  t.regex(
    await refusal(t, { ...options, rowLevelSecurity: { role: another } }),
    new RegExp(`bind another role, "${role}".*"off" of postgresRowLevelSecurity`),
  );
  await pool.query(`alter default privileges in schema second grant select on tables to ${role}`);
  await pool.query(`create table second.events_20000101 partition of second.events for values from (10957) to (10958)`);
  t.regex(await refusal(t, options), /partitions by themselves.*events_20000101.*default privileges/);
});

test('a pool of its own must have a login that can become nothing else, in the same database', async (t) => {
  const { owners: pool, account: role, accounts } = await rolesFor(database, 'own_pool');
  const by = (own: Pool) => ({ pool, schema: 'own_pool', rowLevelSecurity: { role, pool: own } });
  await works(await start(by(accounts)), 'own');
  t.regex(await refusal(t, by(behind)), /login of "rowLevelSecurity.pool".*superuser/);
  t.regex(await refusal(t, by(pool)), /login of "rowLevelSecurity.pool".*member of the role that does/);
  const stranger = await database.role("login password 'x'");
  const strangers = database.pool({ connectionString: loginUrl(database, stranger, 'x') });
  t.regex(await refusal(t, by(strangers)), /may not take the role/);
  const bypassing = await database.role(`login password 'x' bypassrls in role ${role}`);
  t.regex(await refusal(t, by(database.pool({ connectionString: loginUrl(database, bypassing, 'x') }))), /has BYPASSRLS/);
  t.throws(() => postgresStorage({ pool, rowLevelSecurity: { role, pool: {} as never } }), { code: 'invalid_option' });
});

test('to start says nothing on the connections of the host', async (t) => {
  const { owners, account: role } = await rolesFor(database, 'quiet');
  const notices: string[] = [];
  owners.on('connect', (client) => client.on('notice', (notice) => notices.push(String(notice.message))));
  await works(await start({ pool: owners, schema: 'quiet', rowLevelSecurity: { role } }), 'quiet');
  await start({ pool: owners, schema: 'quiet', rowLevelSecurity: { role } });
  t.deepEqual(notices, []);
});
