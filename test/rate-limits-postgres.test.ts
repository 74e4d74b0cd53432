import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { HookwellError } from '@hookwell/core';
import type { RateLimitStore } from '@hookwell/express-plugin';
import {
  postgresRateLimits,
  postgresRateLimitsSql,
  type PostgresRateLimitsOptionsInput,
} from '@hookwell/express-plugin/postgres-rate-limits';
import test, { type ExecutionContext } from 'ava';
import { loginUrl } from '../packages/adapters/test/postgres-roles.ts';
import { testDatabase, type TestDatabase } from '../packages/adapters/test/postgres-fixture.ts';
import { keysOf, startHost } from '../packages/express-plugin/test/host.ts';
import { rateLimitCases } from '../packages/express-plugin/test/rate-limit-cases.ts';

let database: TestDatabase;
let schemas = 0;
test.before(async () => {
  database = await testDatabase();
});
test.after.always(async () => database.remove());

const ownSchema = (): string => `limits_${(schemas += 1)}`;
/** Slow machines may take their time: only what is about being late says how late. */
const patient = { fallback: false, timeoutMs: 30_000 };
const minute = { limit: 3, windowMs: 60_000 };

async function counted(store: RateLimitStore, times: number, limit = minute): Promise<number> {
  const all = await Promise.all(Array.from({ length: times }, async () => store.take('a', limit)));
  return all.filter((budget) => budget.counted).length;
}

/** A store whose database has a clock that stands: a function of that name which its sessions find before the real one. */
async function standing(given: Partial<PostgresRateLimitsOptionsInput> = {}) {
  const schema = ownSchema();
  const clock = `${schema}_clock`;
  await database.behind.query(`
    create schema ${clock};
    create table ${clock}.clock (now bigint);
    insert into ${clock}.clock values (1768478400000);
    create function ${clock}.clock_timestamp() returns timestamptz language sql volatile
      as 'select to_timestamp(now / 1000.0) from ${clock}.clock'`);
  const pool = database.pool({ options: `-c search_path=${clock},pg_catalog` });
  return {
    schema,
    store: postgresRateLimits({ ...patient, pool, schema, ...given }),
    move: async (ms: number) => void (await database.behind.query(`update ${clock}.clock set now = now + ${ms}`)),
  };
}

for (const { name, run } of rateLimitCases) test(name, async (t) => run(t, await standing()));

test('two processes that take at the same time are let have exactly the limit', async (t) => {
  const schema = ownSchema();
  const program = fileURLToPath(new URL('rate-limit-process.ts', import.meta.url));
  const children = [1, 2].map(() =>
    spawn(process.execPath, ['--conditions=source', program, database.url, schema, 'a', '150', '180'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  t.teardown(() => children.forEach((child) => child.kill()));
  const lines = children.map((child) => createInterface({ input: child.stdout })[Symbol.asyncIterator]());
  for (const line of lines) t.is((await line.next()).value, 'ready');
  for (const child of children) child.stdin.write('go\n');
  const takes = await Promise.all(lines.map(async (line) => Number((await line.next()).value)));
  t.is(
    takes.reduce((sum, one) => sum + one, 0),
    180,
    takes.join(' and '),
  );
});

test('pools that give back and take at the same time keep to the limit, whatever the isolation of the host’s transactions', async (t) => {
  for (const isolation of ['read committed', 'serializable']) {
    const schema = ownSchema();
    const options = `-c default_transaction_isolation=${isolation.replace(' ', '\\ ')}`;
    const stores = [1, 2].map(() => postgresRateLimits({ ...patient, pool: database.pool({ options }), schema }));
    const takes = await Promise.all(stores.map(async (store) => counted(store, 20, { limit: 20, windowMs: 60_000 })));
    t.is(
      takes.reduce((sum, one) => sum + one, 0),
      20,
      isolation,
    );
    await Promise.all(stores.flatMap((store) => [1, 2, 3].map(async () => store.giveBack('a'))));
    const again = await Promise.all(stores.map(async (store) => counted(store, 10, { limit: 20, windowMs: 60_000 })));
    t.is(
      again.reduce((sum, one) => sum + one, 0),
      6,
      isolation,
    );
  }
});

test('on the real clock: who waits as long as told is let in, whatever the clock of the process says', async (t) => {
  const store = postgresRateLimits({ ...patient, pool: database.pool(), schema: ownSchema(), monotonicNow: () => 0 });
  const short = { limit: 2, windowMs: 400 };
  for (let round = 0; round < 3; round += 1) {
    let budget = await store.take('a', short);
    while (budget.counted) budget = await store.take('a', short);
    await wait(budget.resetMs + 1);
    t.true((await store.take('a', short)).counted);
  }
});

test('two hosts share one budget over HTTP, of accounts and of strangers', async (t) => {
  const schema = ownSchema();
  const options = () => ({
    rateLimit: { limit: 4, store: postgresRateLimits({ ...patient, pool: database.pool(), schema }) },
  });
  const hosts = [await startHost(t, { options: options() }), await startHost(t, { options: options(), version: 'Express 4' })];
  const answers = [];
  for (const host of [...hosts, ...hosts, ...hosts]) answers.push(await host.call('GET', '/Webhooks/meta'));
  t.deepEqual(
    answers.map(({ status, headers }) => `${status} ${String(headers['x-rate-limit-remaining'])}`),
    ['200 3', '200 2', '200 1', '200 0', '429 0', '429 0'],
  );
  const headers = { ...keysOf('app-1'), 'Api-Key': 'guessed' };
  const guesses = [];
  for (const host of [...hosts, ...hosts, ...hosts]) guesses.push((await host.call('GET', '/Webhooks', { headers })).status);
  t.deepEqual(guesses, [401, 401, 401, 401, 429, 429], 'what right keys took of it was given back');
});

test('processes that allow less know when there is room by what they allow', async (t) => {
  const { store, move } = await standing();
  for (let n = 0; n < 3; n += 1) {
    await store.take('a', minute);
    await move(10_000);
  }
  const less = { limit: 2, windowMs: 60_000 };
  t.deepEqual(await store.take('a', less), { counted: false, remaining: 0, resetMs: 40_000 });
  await move(40_000);
  t.true((await store.take('a', less)).counted);
});

test('a clock that is set back makes nobody wait longer than two windows', async (t) => {
  const { store, move } = await standing();
  for (let n = 0; n < 3; n += 1) await store.take('a', minute);
  await move(-30_000);
  t.deepEqual(await store.take('a', minute), { counted: false, remaining: 0, resetMs: 90_000 });
  await move(-3_600_000);
  t.deepEqual(await store.take('a', minute), { counted: true, remaining: 2, resetMs: 60_000 });
});

test('a key is forgotten about a minute after its window, and keys that count go on', async (t) => {
  t.timeout(20_000);
  let now = 0;
  const { store, move, schema } = await standing({ monotonicNow: () => now });
  const rows = async (): Promise<unknown> =>
    (await database.behind.query(`select count(*)::int as rows from ${schema}.rate_limits`)).rows[0]?.rows;
  for (const key of ['a', 'b', 'c']) await store.take(key, minute);
  await move(59_999);
  await store.take('a', minute);
  await move(1);
  t.is(await rows(), 3, 'not before there is something to gain');
  now += 60_000;
  await store.take('d', minute);
  while ((await rows()) !== 2) await wait(5);
  t.deepEqual(await store.take('a', minute), { counted: true, remaining: 1, resetMs: 59_999 });
});

test('the table is made by whoever comes first, is not logged, and holds no key as it is', async (t) => {
  const schema = ownSchema();
  const stores = [1, 2, 3].map(() => postgresRateLimits({ ...patient, pool: database.pool(), schema }));
  const takes = await Promise.all(stores.map(async (store) => counted(store, 4)));
  t.is(
    takes.reduce((sum, one) => sum + one, 0),
    3,
  );
  const found = await database.behind.query(
    `select relpersistence, (select min(key) from ${schema}.rate_limits) as key from pg_class where oid = '${schema}.rate_limits'::regclass`,
  );
  t.like(found.rows[0], { relpersistence: 'u' });
  t.regex(String(found.rows[0]?.key), /^[A-Za-z0-9+/]{43}=$/);
});

test('teams that migrate themselves run the SQL once, and a role with rights on the table alone counts', async (t) => {
  const schema = ownSchema();
  const login = await database.role("login password 'login'");
  const pool = database.pool({ connectionString: loginUrl(database, login, 'login') });
  const store = postgresRateLimits({ ...patient, pool, schema, migrate: false, timeoutMs: 10_000, monotonicNow: ticking() });
  const missing = await t.throwsAsync(async () => store.take('a', minute), { instanceOf: HookwellError, code: 'storage_failed' });
  t.regex(missing?.message ?? '', /postgresRateLimitsSql\({ schema: "limits_\d+" }\), or leave "migrate: false" out/);

  await database.behind.query(postgresRateLimitsSql({ schema }));
  await database.behind.query(postgresRateLimitsSql({ schema }));
  const refused = await t.throwsAsync(async () => store.take('a', minute), { instanceOf: HookwellError, code: 'storage_failed' });
  t.regex(refused?.message ?? '', /permission denied .* grant usage of the schema and select, insert, update and delete/);

  await database.behind.query(
    `grant usage on schema ${schema} to ${login}; grant select, insert, update, delete on ${schema}.rate_limits to ${login}`,
  );
  t.is(await counted(store, 4), 3);
});

/** A clock on which every look is a minute later. */
function ticking(): () => number {
  let now = 0;
  return () => (now += 60_000);
}

/** A server that takes connections and never says a word. */
async function silentServer(t: ExecutionContext) {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

test('while the database does not answer each process counts by itself, and only one request at a time waits for it', async (t) => {
  t.timeout(20_000);
  const { port, sockets } = await silentServer(t);
  let now = 0;
  const errors: unknown[] = [];
  const pool = database.pool({ connectionString: `postgres://nobody@127.0.0.1:${port}/none` });
  const store = postgresRateLimits({ pool, timeoutMs: 50, monotonicNow: () => now, onError: (error) => errors.push(error) });
  t.deepEqual(await store.take('a', minute), { counted: true, remaining: 2, resetMs: 60_000 });
  t.is(errors.length, 1);
  t.true(HookwellError.is(errors[0], 'storage_busy'));
  t.regex(String(errors[0]), /did not answer within 50 ms/);
  t.is(await counted(store, 10), 2);
  await store.giveBack('a');
  t.is(await counted(store, 10), 1);
  t.is(errors.length, 1, 'it was left alone');
  t.is(pool.totalCount, 1);
  now += 50;
  t.is(await counted(store, 10), 0);
  t.is(errors.length, 2, 'one of ten has asked again');
  t.is(pool.totalCount, 2);
  for (const socket of sockets) socket.destroy();
});

test('without a fallback a database that does not answer is 500, soon, and reported', async (t) => {
  const { port, sockets } = await silentServer(t);
  const pool = database.pool({ connectionString: `postgres://nobody@127.0.0.1:${port}/none` });
  const store = postgresRateLimits({ pool, timeoutMs: 50, fallback: false });
  const host = await startHost(t, { options: { rateLimit: { store } } });
  t.is((await host.call('GET', '/Webhooks')).status, 500);
  t.true(HookwellError.is(host.errors[0]?.cause, 'storage_busy'));
  for (const socket of sockets) socket.destroy();
});

test('when the database answers again, it counts again', async (t) => {
  const schema = ownSchema();
  let now = 0;
  const errors: unknown[] = [];
  const onError = (error: unknown): void => {
    errors.push(error);
    throw new Error('a listener of the host that fails');
  };
  const store = postgresRateLimits({ pool: database.pool(), schema, timeoutMs: 30_000, monotonicNow: () => now, onError });
  t.like(await store.take('a', minute), { remaining: 2 });
  await database.behind.query(`alter table ${schema}.rate_limits rename column instants to elsewhere`);
  t.like(await store.take('a', minute), { counted: true, remaining: 2 }, 'by itself');
  await database.behind.query(`alter table ${schema}.rate_limits rename column elsewhere to instants`);
  t.like(await store.take('a', minute), { remaining: 1 }, 'by itself, for as long as the database is left alone');
  now += 30_000;
  t.like(await store.take('a', minute), { remaining: 1 }, 'in the database');
  t.like(await store.take('a', minute), { remaining: 0 });
  t.is(errors.length, 1);
});

test('a table that was never made, because the connection was silent, is made when the database answers again', async (t) => {
  // The store keeps no process alive, and neither does a pool that is idle.
  const alive = setInterval(() => undefined, 1_000);
  t.teardown(() => clearInterval(alive));
  const schema = ownSchema();
  const real = database.pool();
  let silent = true;
  const pool: PostgresRateLimitsOptionsInput['pool'] = {
    query: async ({ text, values }) =>
      silent && text.startsWith('create') ? new Promise(() => undefined) : real.query({ text, values: [...values] }),
  };
  const store = postgresRateLimits({ pool, schema, fallback: false, timeoutMs: 2_000, monotonicNow: ticking() });
  await t.throwsAsync(async () => store.take('a', minute), { code: 'storage_busy' });
  silent = false;
  t.like(await store.take('a', minute), { counted: true, remaining: 2 });
});

test('options that cannot be are refused with their names', (t) => {
  const { pool } = { pool: database.behind };
  const refused = (options: unknown, message: RegExp): void =>
    void t.throws(() => postgresRateLimits(options as PostgresRateLimitsOptionsInput), { code: 'invalid_option', message });
  refused({}, /pool/);
  refused({ pool: {} }, /option "pool" is not a pool of pg/);
  refused({ pool, schema: 'a"b' }, /schema/);
  refused({ pool, onError: 'log' }, /onError/);
  refused({ pool, timeoutMs: 0 }, /timeoutMs/);
  t.throws(() => postgresRateLimitsSql({ schema: 'x; drop' }), { code: 'invalid_option', message: /schema/ });
});
