import type { HookwellError } from '@hookwell/core';
import test from 'ava';
import type { Pool } from 'pg';
import { postgresMigrations, postgresStorage } from '../src/postgres/index.ts';
import { startChild } from './postgres-child.ts';
import { testDatabase } from './postgres-fixture.ts';
import { batchFor, claimRequest, outcomeOf, subscribe } from './storage-fixture.ts';

const database = await testDatabase();
test.after.always(async () => database.remove());
const behind = database.pool({ max: 4 });

const last = postgresMigrations().length;

/** Everything that is in a schema, but for partitions, whose days differ. */
async function shapeOf(schema: string): Promise<unknown> {
  const { rows } = await behind.query(
    `select relname, relkind, reloptions, attname, format_type(atttypid, atttypmod) as type, attnotnull, collname,
      replace(pg_get_expr(adbin, adrelid), $1, '') as fallback, replace(pg_get_indexdef(c.oid), $1, '') as index
    from pg_class c join pg_namespace n on n.oid = relnamespace
    left join pg_attribute a on attrelid = c.oid and attnum > 0 left join pg_attrdef on adrelid = c.oid and adnum = attnum
    left join pg_collation co on co.oid = attcollation
    where nspname = $1 and not relispartition order by relname, attnum`,
    [schema],
  );
  return rows;
}

async function versionsOf(schema: string): Promise<number[]> {
  const { rows } = await behind.query<{ version: number }>(`select version from "${schema}".migrations order by version`);
  return rows.map(({ version }) => version);
}

/** Stores, claims, records and prunes once. */
async function works(pool: Pool, schema: string, migrate = true): Promise<void> {
  const storage = postgresStorage({ pool, schema, migrate });
  await storage.start({ now: Date.now });
  const { id } = await subscribe(storage);
  await storage.storeEvents(batchFor(`${id}`, [id]));
  const { claims } = await storage.claimDeliveries(claimRequest());
  const { written } = await storage.recordOutcomes(claims.map((claim) => outcomeOf(claim)));
  if (written.length !== 1 || !written[0]) throw new Error('the delivery was not recorded');
  await storage.prune({ deliveredAfterMs: 0, failedAfterMs: 0, maxAttemptsPerAccount: 0, accounts: [], limit: 10 });
  await storage.stop();
}

test('a role that owns nothing but the schema can do everything', async (t) => {
  await behind.query('create role hookwell_owner nologin');
  await behind.query('create schema owned authorization hookwell_owner');
  const pool = database.pool({ options: '-c role=hookwell_owner' });
  t.is((await pool.query<{ user: string }>('select current_user as user')).rows[0]?.user, 'hookwell_owner');
  await t.notThrowsAsync(works(pool, 'owned'));
  await t.notThrowsAsync(works(pool, 'owned'));
  const error = await t.throwsAsync<HookwellError>(works(pool, 'somewhere_else'));
  t.is(error.code, 'storage_failed');
  t.regex(error.message, /permission denied.*must own the schema/);
  await pool.end();
  await behind.query('drop schema owned cascade; drop role hookwell_owner');
});

test('the printed SQL makes the same tables, and a storage that must not migrate is content with them', async (t) => {
  await works(behind, 'migrated');
  for (const { sql } of postgresMigrations({ schema: 'printed' })) await behind.query(`begin; ${sql} commit`);
  t.deepEqual(await versionsOf('printed'), await versionsOf('migrated'));
  t.deepEqual(await shapeOf('printed'), await shapeOf('migrated'));
  await t.notThrowsAsync(works(behind, 'printed', false));
  t.is(postgresMigrations()[0]?.sql, postgresMigrations({ schema: 'hookwell' })[0]?.sql);
  t.throws(() => postgresMigrations({ schema: 'a; drop schema public' }), { code: 'invalid_option' });
});

test('a storage that must not migrate refuses tables that are not up to date, and says the way out', async (t) => {
  const refusal = async (): Promise<string> => {
    const storage = postgresStorage({ pool: behind, schema: 'half', migrate: false });
    const error = await t.throwsAsync<HookwellError>(storage.start({ now: Date.now }));
    t.is(error.code, 'storage_failed');
    return error.message;
  };
  t.regex(await refusal(), new RegExp(`"half" are of version 0.*postgresMigrations.*version 1 to ${last}.*migrate: false`));
  const steps = postgresMigrations({ schema: 'half' });
  for (const { sql } of steps.slice(0, -1)) await behind.query(`begin; ${sql} commit`);
  t.regex(await refusal(), new RegExp(`of version ${last - 1}.*, version ${last}, or`));
  await t.notThrowsAsync(works(behind, 'half'));
});

test('tables that an earlier version has written are brought up to date, and nothing of them is lost', async (t) => {
  const schema = 'earlier';
  for (const { sql } of postgresMigrations({ schema }).slice(0, 4)) await behind.query(`begin; ${sql} commit`);
  await behind.query(`
    create table earlier.events_old partition of earlier.events for values from (0) to (1);
    insert into earlier.subscriptions (account_id, url, topic, format, encoding, data, created_at, health, health_reason,
      health_since, health_version, consecutive_failures, last_status)
    values ('a', 'https://example.com/', 'sub_tag(3)', 'full', 'form', '', 1, 'healthy', '', 1, 0, 0, 0);
    insert into earlier.events (day, id, account_id, topic, object_type, occurred_at, stored_at, record)
    values (0, 'e', 'a', 'sub_tag(3)', 0, 1, 1, '{"id":1}');
    insert into earlier.deliveries values ('d', 'a', 1, 'e', 0, 0, 0, 0, 1, 1, null);
  `);
  const storage = postgresStorage({ pool: behind, schema });
  await storage.start({ now: Date.now });
  const { claims, subscriptions, events } = await storage.claimDeliveries(claimRequest());
  t.deepEqual([claims.length, subscriptions[0]?.attributes, events[0]?.metadata], [1, {}, {}]);
  const changed = await storage.updateSubscription('a', subscriptions[0]!.id, { attributes: { sealed: 'x' } });
  t.deepEqual(changed?.attributes, { sealed: 'x' });
  await storage.stop();
});

test('tables that a newer version has written are refused, and left as they are', async (t) => {
  await works(behind, 'newer');
  await behind.query('insert into newer.migrations (version) values (9999)');
  for (const migrate of [true, false]) {
    const storage = postgresStorage({ pool: behind, schema: 'newer', migrate });
    const error = await t.throwsAsync<HookwellError>(storage.start({ now: Date.now }));
    t.is(error.code, 'storage_failed');
    t.regex(error.message, /version 9999.*newer.*Update the package/);
  }
});

test('a database that cannot keep every text is refused', async (t) => {
  const name = `${new URL(database.url).pathname.slice(1)}_latin`;
  await behind.query(`create database ${name} encoding 'LATIN1' locale 'C' template template0`);
  const url = new URL(database.url);
  url.pathname = `/${name}`;
  const pool = database.pool({ connectionString: url.href });
  const error = await t.throwsAsync<HookwellError>(works(pool, 'latin'));
  t.is(error.code, 'storage_failed');
  t.regex(error.message, /LATIN1.*UTF8/);
  await pool.end();
  await behind.query(`drop database ${name} with (force)`);
});

test('processes that start at once on an empty schema make its tables once', async (t) => {
  const children = [1, 2, 3].map(() => startChild('start', database.url, 'at_once'));
  for (const { ended } of children) t.deepEqual(await ended, [0, null]);
  t.deepEqual(
    await versionsOf('at_once'),
    Array.from({ length: last }, (_, index) => index + 1),
  );
  await t.notThrowsAsync(works(behind, 'at_once'));
});

test('storages that start at once on an empty schema make its tables once', async (t) => {
  for (let round = 0; round < 3; round += 1) {
    const schema = `together_${round}`;
    const pools = Array.from({ length: 6 }, () => database.pool({ max: 1 }));
    await Promise.all(pools.map(async (pool) => pool.query('select 1')));
    await Promise.all(pools.map(async (pool) => postgresStorage({ pool, schema }).start({ now: Date.now })));
    for (const pool of pools) await pool.end();
    t.is((await versionsOf(schema)).length, last);
  }
});

test('to start says nothing on the connections of the host', async (t) => {
  const pool = database.pool({ max: 1 });
  const notices: string[] = [];
  pool.on('connect', (client) => client.on('notice', (notice) => notices.push(String(notice.message))));
  await works(pool, 'quiet');
  await works(pool, 'quiet');
  t.deepEqual(notices, []);
});

test('a process that waited while another one made the schema finds it', async (t) => {
  const other = await behind.connect();
  await other.query("begin; select pg_advisory_xact_lock(hashtextextended('hookwell migrations awaited', 0))");
  const pool = database.pool({ max: 1, application_name: 'awaiting' });
  // A session that knows these functions already does not look for what others have changed when it uses them.
  await pool.query("select to_json(to_regnamespace('elsewhere') is not null)::text");
  const started = works(pool, 'awaited');
  for (let waits = 0; waits === 0;) {
    const { rows } = await behind.query<{ count: string }>(
      "select count(*) from pg_stat_activity where application_name = 'awaiting' and wait_event = 'advisory'",
    );
    waits = Number(rows[0]?.count);
  }
  await other.query('create schema awaited; commit');
  other.release();
  await t.notThrowsAsync(started);
});

test('a process that is killed in the middle of any step leaves it undone, and the next one goes on from there', async (t) => {
  // Whoever writes down that a step was done, as the last thing in it, has to wait for this test.
  await behind.query(`
    create schema killed;
    create table killed.migrations (version integer primary key, applied_at timestamptz not null default clock_timestamp());
    create function killed.wait() returns trigger language plpgsql as
      'begin perform pg_advisory_xact_lock(4711, new.version); return new; end';
    create trigger wait before insert on killed.migrations for each row execute function killed.wait();
  `);
  const holder = await behind.connect();
  for (let step = 1; step <= last; step += 1) {
    await holder.query('select pg_advisory_lock(4711, $1)', [step]);
    const child = startChild('start', database.url, 'killed');
    for (let waits = 0; waits === 0;) {
      const { rows } = await behind.query<{ count: string }>(
        "select count(*) from pg_locks where locktype = 'advisory' and classid = 4711 and objid = $1 and not granted",
        [step],
      );
      waits = Number(rows[0]?.count);
    }
    child.process.kill('SIGKILL');
    t.deepEqual(await child.ended, [null, 'SIGKILL']);
    await holder.query('select pg_advisory_unlock(4711, $1)', [step]);
    const next = postgresStorage({ pool: behind, schema: 'killed', migrate: false });
    t.deepEqual(
      await versionsOf('killed'),
      Array.from({ length: step - 1 }, (_, index) => index + 1),
    );
    await t.throwsAsync(next.start({ now: Date.now }), { message: new RegExp(`of version ${step - 1}`) });
    if (step === last) continue;
    await behind.query('alter table killed.migrations disable trigger wait');
    const [{ sql } = { sql: '' }] = postgresMigrations({ schema: 'killed' }).slice(step - 1, step);
    await behind.query(`begin; ${sql.replace(/create schema.*\n/, '')} commit`);
    await behind.query('alter table killed.migrations enable trigger wait');
  }
  holder.release();
  await t.notThrowsAsync(works(behind, 'killed'));
  await behind.query('drop trigger wait on killed.migrations; drop function killed.wait()');
  t.deepEqual(await shapeOf('killed'), await shapeOf('migrated'));
});
