import type { PruneRequest, PruneResult, StorageAdapter } from '@hookwell/core';
import test from 'ava';
import type { Pool } from 'pg';
import type { PostgresPool } from '../src/postgres/index.ts';
import { testDatabase, type StartedStorage } from './postgres-fixture.ts';
import { batchFor, claimRequest, outcomeOf, subscribe } from './storage-fixture.ts';

const database = await testDatabase();
test.after.always(async () => database.remove());

const hour = 3_600_000;
const day = 24 * hour;
const midnight = Date.UTC(2030, 0, 15);
const allRows = { where: null, sort: { field: 'id', direction: 'asc' }, offset: 0, limit: 1_000 } as const;
const ages: PruneRequest = {
  deliveredAfterMs: 2 * day,
  failedAfterMs: 7 * day,
  maxAttemptsPerAccount: 1_000_000,
  accounts: [],
  limit: 1_000,
};

async function partitionsOf({ column, schema }: StartedStorage, table: 'events' | 'attempts'): Promise<string[]> {
  return (await column(
    `select relname from pg_inherits join pg_class on oid = inhrelid where inhparent = '"${schema}".${table}'::regclass order by 1`,
  )) as string[];
}

/** The rows of a table by their partition: `['events_20300114 x-e0', …]`. */
async function placesOf({ column, schema }: StartedStorage, table: 'events' | 'attempts'): Promise<unknown[]> {
  const id = table === 'events' ? 'id' : 'delivery_id';
  return column(
    `select p.relname || ' ' || ${id} from "${schema}".${table} as r join pg_class as p on p.oid = r.tableoid order by 1`,
  );
}

async function finish(storage: StorageAdapter): Promise<number> {
  const { claims } = await storage.claimDeliveries(claimRequest());
  const { written } = await storage.recordOutcomes(claims.map((claim) => outcomeOf(claim, { startedAt: midnight })));
  return written.filter(Boolean).length;
}

async function pruneAll(storage: StorageAdapter): Promise<PruneResult> {
  const sum = { attempts: 0, events: 0, subscriptions: 0 };
  for (;;) {
    const went = await storage.prune(ages);
    if (went.attempts + went.events + went.subscriptions === 0) return sum;
    sum.attempts += went.attempts;
    sum.events += went.events;
    sum.subscriptions += went.subscriptions;
  }
}

test('rows on both sides of midnight have their place, and are found, claimed and recorded across it', async (t) => {
  const started = await database.started();
  const { storage, setClock } = started;
  const { id } = await subscribe(storage);
  await setClock(midnight - 1);
  await storage.storeEvents(batchFor('before', [id, id]));
  const held = await storage.claimDeliveries(claimRequest({ limit: 1 }));
  await setClock(midnight);
  await storage.storeEvents(batchFor('at', [id]));
  await storage.recordOutcomes(held.claims.map((claim) => outcomeOf(claim)));
  t.is(await finish(storage), 2);
  t.deepEqual(await placesOf(started, 'events'), [
    'events_20300114 before-e0',
    'events_20300114 before-e1',
    'events_20300115 at-e0',
  ]);
  t.is((await placesOf(started, 'attempts')).filter((place) => String(place).startsWith('attempts_20300115 ')).length, 3);
  t.is((await storage.findEvents('a', ['before-e0', 'at-e0'])).length, 2);
  t.true(await storage.replayDelivery('a', 'before-d0'));
  t.is((await storage.claimDeliveries(claimRequest())).events[0]?.id, 'before-e0');
});

test('a batch that is stored again after midnight is answered as stored, though its deliveries have ended', async (t) => {
  const started = await database.started();
  const { storage, setClock, column, schema } = started;
  const { id } = await subscribe(storage);
  const batch = batchFor('x', [id, id]);
  await setClock(midnight - 1);
  await storage.storeEvents(batch);
  await finish(storage);
  await setClock(midnight + 5_000);
  t.deepEqual(await storage.storeEvents(batch), batch.events);
  t.deepEqual(await column(`select id from "${schema}".deliveries`), []);
  t.is((await placesOf(started, 'events')).length, 2);
});

test('partitions are made ahead, and where nobody has done so, by the call that needs them', async (t) => {
  const started = await database.started();
  const { storage, setClock } = started;
  await setClock(midnight);
  await storage.prune(ages);
  const ahead = ['20300115', '20300116', '20300117', '20300118'];
  for (const table of ['events', 'attempts'] as const) {
    t.deepEqual(
      (await partitionsOf(started, table)).slice(-4),
      ahead.map((date) => `${table}_${date}`),
    );
  }
  const { id } = await subscribe(storage);
  await setClock(midnight + 30 * day);
  await storage.storeEvents(batchFor('later', [id, id]));
  const { claims } = await storage.claimDeliveries(claimRequest({ limit: 1 }));
  await setClock(midnight + 60 * day);
  await storage.recordOutcomes(claims.map((claim) => outcomeOf(claim)));
  await setClock(midnight + 90 * day);
  t.true(await storage.cancelDelivery('a', 'later-d1', 'for the test'));
  t.deepEqual(await placesOf(started, 'attempts'), ['attempts_20300316 later-d0', 'attempts_20300415 later-d1']);
});

test('many calls that find no partition at once all succeed', async (t) => {
  const started = await database.started();
  const { storage, setClock } = started;
  const { id } = await subscribe(storage);
  await setClock(midnight);
  await Promise.all(Array.from({ length: 8 }, async (_, index) => storage.storeEvents(batchFor(`x${index}`, [id]))));
  t.is((await placesOf(started, 'events')).length, 8);
});

test('past days go once everything in them may, and days that somebody needs stay', async (t) => {
  const started = await database.started();
  const { storage, setClock } = started;
  await setClock(midnight);
  const [waiting, open] = [await subscribe(storage), await subscribe(storage)];
  await storage.storeEvents(batchFor('waits', [waiting.id]));
  await storage.storeEvents(batchFor('goes', [open.id], { idempotencyKey: 'order-1' }));
  const lanes = new Map([[waiting.id, 0]]);
  const { claims } = await storage.claimDeliveries(claimRequest({ lanes }));
  await storage.recordOutcomes(claims.map((claim) => outcomeOf(claim, { startedAt: midnight })));
  await setClock(midnight + 2 * day);
  t.deepEqual(await pruneAll(storage), { attempts: 0, events: 0, subscriptions: 0 });
  t.true((await partitionsOf(started, 'attempts')).includes('attempts_20300115'));
  await setClock(midnight + 2 * day + 1);
  t.deepEqual(await pruneAll(storage), { attempts: 1, events: 0, subscriptions: 0 });
  await setClock(midnight + 9 * day);
  t.deepEqual(await pruneAll(storage), { attempts: 0, events: 1, subscriptions: 0 });
  t.false((await partitionsOf(started, 'attempts')).includes('attempts_20300115'));
  t.deepEqual(await placesOf(started, 'events'), ['events_20300115 waits-e0']);
  const again = batchFor('again', [open.id], { idempotencyKey: 'order-1' });
  t.deepEqual(await storage.storeEvents(again), again.events);
  t.is(await finish(storage), 2);
  await setClock(midnight + 100 * day);
  t.deepEqual(await pruneAll(storage), { attempts: 2, events: 2, subscriptions: 0 });
  await storage.prune(ages);
  for (const table of ['events', 'attempts'] as const) {
    const expected = ['20300425', '20300426', '20300427', '20300428'].map((date) => `${table}_${date}`);
    t.deepEqual(await partitionsOf(started, table), expected);
  }
});

/** Fills the day of the clock with as many finished deliveries as make its partitions worth dropping as a whole. */
async function fillDay(started: StartedStorage, prefix: string, count = 20_000): Promise<void> {
  const { column, schema } = started;
  // What is being vacuumed waits for the next call of prune.
  for (const name of [...(await partitionsOf(started, 'events')), ...(await partitionsOf(started, 'attempts'))]) {
    await column(`alter table "${schema}".${name} set (autovacuum_enabled = off)`);
  }
  await column(`insert into "${schema}".events (day, id, account_id, topic, object_type, occurred_at, stored_at, idempotency_key, record)
    select "${schema}".now_ms() / 86400000, '${prefix}-e' || i, 'a', 'sub_tag(3)', 0, 0, "${schema}".now_ms(), '${prefix}-' || i,
      '{"id":1,"note":"' || repeat('x', 900) || '"}' from generate_series(1, ${count}) i`);
  await column(
    `insert into "${schema}".event_keys select account_id, idempotency_key, id, day from "${schema}".events where id like '${prefix}-%'`,
  );
  await column(`insert into "${schema}".attempts (day, account_id, subscription_id, delivery_id, event_id, event_day, topic, number,
      outcome, reason, status, started_at, duration_ms, answer)
    select day, 'a', 1, replace(id, '-e', '-d'), id, day, topic, 1, 'delivered', '', 200, stored_at, 1, repeat('y', 900)
    from "${schema}".events where id like '${prefix}-%'`);
}

test('a large day of which nothing needs to be kept goes as a whole, with its keys', async (t) => {
  const started = await database.started();
  const { storage, setClock, column, schema } = started;
  await setClock(midnight);
  const { id } = await subscribe(storage);
  await storage.storeEvents(batchFor('first', [id]));
  await fillDay(started, 'full');
  await setClock(midnight + day);
  await storage.storeEvents(batchFor('next', [id], { idempotencyKey: 'kept' }));
  await setClock(midnight + 9 * day);
  t.deepEqual(await storage.prune(ages), { attempts: 20_000, events: 0, subscriptions: 0 });
  const rows = await pruneAll(storage);
  t.deepEqual(
    rows,
    { attempts: 0, events: 20_000, subscriptions: 0 },
    'the event of an unfinished delivery went, or others did not',
  );
  t.deepEqual(await placesOf(started, 'events'), ['events_20300115 first-e0', 'events_20300116 next-e0']);
  t.deepEqual(await column(`select idempotency_key from "${schema}".event_keys`), ['kept']);
  t.is((await storage.claimDeliveries(claimRequest())).events.length, 2);

  await setClock(midnight + 10 * day);
  await fillDay(started, 'whole');
  await setClock(midnight + 20 * day);
  t.deepEqual(await storage.prune(ages), { attempts: 20_000, events: 20_000, subscriptions: 0 });
  t.false((await partitionsOf(started, 'events')).includes('events_20300125'));
  t.deepEqual(await column(`select idempotency_key from "${schema}".event_keys`), ['kept']);
});

test('writers do not wait behind a day that is about to go while somebody reads it', async (t) => {
  const started = await database.started();
  const { storage, setClock, pool, schema } = started;
  await setClock(midnight);
  const { id } = await subscribe(storage);
  await storage.prune(ages);
  await fillDay(started, 'full');
  await setClock(midnight + 9 * day);
  await storage.prune({ ...ages, deliveredAfterMs: 100 * day, failedAfterMs: 100 * day });
  const reader = await pool.connect();
  await reader.query(`begin; select count(*) from "${schema}".attempts`);
  const pruning = storage.prune(ages);
  const began = performance.now();
  await storage.storeEvents(batchFor('x', [id]));
  t.true(performance.now() - began < 2_000);
  await pruning;
  t.true((await partitionsOf(started, 'attempts')).includes('attempts_20300115'));
  await reader.query('commit');
  reader.release();
  const { attempts } = await pruneAll(storage);
  t.true(attempts <= 20_000);
  t.is((await storage.listAttempts('a', { ...allRows, limit: 0 })).total, 0);
});

test('a large day that an account keeps for longer goes row by row, and the rows of that account stay', async (t) => {
  const started = await database.started();
  const { storage, setClock, column, schema } = started;
  await setClock(midnight);
  const { id } = await subscribe(storage);
  await storage.storeEvents(batchFor('kept', [id]));
  await finish(storage);
  await column(`update "${schema}".events set account_id = 'b'`);
  await column(`update "${schema}".attempts set account_id = 'b'`);
  await fillDay(started, 'full', 18_000);
  await setClock(midnight + 9 * day);
  const account = { accountId: 'b', deliveredAfterMs: 90 * day, failedAfterMs: 90 * day, maxAttemptsPerAccount: 10 };
  for (let went = 1; went > 0;) {
    const { attempts, events } = await storage.prune({ ...ages, accounts: [account], limit: 10_000 });
    went = attempts + events;
    t.true(went <= 10_000, `${went} rows went at once`);
  }
  t.deepEqual(await placesOf(started, 'attempts'), ['attempts_20300115 kept-d0']);
  t.deepEqual(await placesOf(started, 'events'), ['events_20300115 kept-e0']);
});

test('a drop that a transaction of the host stands in the way of is tried once a minute, and makes nobody wait meanwhile', async (t) => {
  const pool = watched(database.pool());
  const started = await database.started({ pool });
  const { storage, setClock, column, schema } = started;
  await setClock(midnight);
  await storage.prune(ages);
  await fillDay(started, 'full');
  await setClock(midnight + 9 * day);
  await storage.prune({ ...ages, deliveredAfterMs: 100 * day, failedAfterMs: 100 * day });
  const reader = await database.behind.connect();
  t.teardown(() => reader.release(true));
  await reader.query(`begin; select count(*) from "${schema}".attempts`);
  let tries = 0;
  pool.beforeConnect = async () => void (tries += 1);
  const first = await storage.prune(ages);
  t.deepEqual([tries, first.attempts], [1, ages.limit], 'it does not go on row by row');
  await storage.prune(ages);
  await setClock(midnight + 9 * day + 59_999);
  await storage.prune(ages);
  t.is(tries, 1);
  await setClock(midnight + 9 * day + 60_000);
  await storage.prune(ages);
  t.is(tries, 2);
  await reader.query('commit');
  await setClock(midnight + 9 * day + 120_000);
  await storage.prune(ages);
  t.false((await partitionsOf(started, 'events')).includes('events_20300115'));
  t.deepEqual(await column(`select idempotency_key from "${schema}".event_keys`), []);
});

test('a replay in progress keeps the event that it needs', async (t) => {
  const started = await database.started();
  const { storage, setClock, pool, column, schema } = started;
  await setClock(midnight);
  const { id } = await subscribe(storage);
  await storage.storeEvents(batchFor('x', [id]));
  await finish(storage);
  await setClock(midnight + 9 * day);
  // The insert of the replay waits here until the test lets it go on; it has found the line and the event by then.
  await pool.query(`create function "${schema}".wait() returns trigger language plpgsql as
    'begin perform pg_advisory_xact_lock(4712); return new; end'`);
  await pool.query(
    `create trigger wait before insert on "${schema}".deliveries for each row execute function "${schema}".wait()`,
  );
  const holder = await pool.connect();
  await holder.query('select pg_advisory_lock(4712)');
  const replaying = storage.replayDelivery('a', 'x-d0');
  for (let waits = false; !waits;) {
    const { rows } = await holder.query("select from pg_locks where locktype = 'advisory' and objid = 4712 and not granted");
    waits = rows.length > 0;
  }
  t.is((await pruneAll(storage)).events, 0);
  await holder.query('select pg_advisory_unlock(4712)');
  holder.release();
  t.true(await replaying);
  t.deepEqual(await column(`select event_id from "${schema}".deliveries`), ['x-e0']);
  t.is((await storage.claimDeliveries(claimRequest())).events.length, 1);
});

/** A pool that keeps the statements sent to it, and does something else before it hands a client out. */
function watched(pool: Pool): PostgresPool & { statements: string[]; beforeConnect: () => Promise<unknown> } {
  const watching = {
    statements: [] as string[],
    beforeConnect: async (): Promise<unknown> => undefined,
    async connect() {
      await watching.beforeConnect();
      return pool.connect();
    },
    async query(query: Parameters<PostgresPool['query']>[0]) {
      watching.statements.push(query.text);
      return pool.query({ ...query, values: [...query.values] });
    },
  };
  return watching;
}

test('an event that is needed again after prune has looked at it stays', async (t) => {
  const pool = watched(database.pool());
  const started = await database.started({ pool });
  const { storage, setClock, column, schema } = started;
  await setClock(midnight);
  const { id } = await subscribe(storage);
  await storage.storeEvents(batchFor('x', [id, id]));
  await finish(storage);
  await setClock(midnight + 9 * day);
  await storage.prune(ages);
  pool.beforeConnect = async () => {
    if (!pool.statements.at(-1)?.includes('unneeded')) return;
    await column(`insert into "${schema}".deliveries
      select 'x-d0', account_id, ${id}, id, day, 0, 0, 0, 0, 0, null from "${schema}".events where id = 'x-e0' on conflict do nothing`);
  };
  t.is((await pruneAll(storage)).events, 1);
  t.deepEqual(await placesOf(started, 'events'), ['events_20300115 x-e0']);
});

test('to find that nothing is to be forgotten takes a handful of statements, and no transaction', async (t) => {
  const pool = watched(database.pool());
  const started = await database.started({ pool });
  const { storage, setClock } = started;
  await setClock(midnight);
  const { id } = await subscribe(storage);
  await storage.storeEvents(batchFor('x', [id]));
  await finish(storage);
  await setClock(midnight + 2 * day);
  await storage.prune(ages);
  pool.statements = [];
  pool.beforeConnect = async () => t.fail('it began a transaction');
  t.deepEqual(await storage.prune(ages), { attempts: 0, events: 0, subscriptions: 0 });
  t.true(pool.statements.length <= 6, pool.statements.join('\n'));
});
