import type { Claim, StorageAdapter } from '@hookwell/core';
import { HookwellError } from '@hookwell/core';
import test from 'ava';
import { postgresStorage } from '../src/postgres/index.ts';
import { startChild } from './postgres-child.ts';
import { testDatabase } from './postgres-fixture.ts';
import { batchFor, claimRequest, outcomeOf, subscribe } from './storage-fixture.ts';

const database = await testDatabase();
test.after.always(async () => database.remove());

const allRows = { where: null, sort: { field: 'id', direction: 'asc' }, offset: 0, limit: 1_000 } as const;

/** So many storages on the schema, over two pools. */
async function storagesOn(schema: string, count: number): Promise<StorageAdapter[]> {
  const pools = [database.pool({ max: 6 }), database.pool({ max: 6 })];
  const storages = Array.from({ length: count }, (_, index) => postgresStorage({ pool: pools[index % 2]!, schema }));
  for (const storage of storages) await storage.start({ now: Date.now });
  return storages;
}

async function lanesOf(storage: StorageAdapter, count: number): Promise<number[]> {
  const lanes: number[] = [];
  while (lanes.length < count) lanes.push((await subscribe(storage)).id);
  return lanes;
}

/** The items in an order that is the same for the same seed. */
function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  return items
    .map((item, index) => ({ item, rank: Math.sin(seed * 1_000 + index) }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}

test('of 5,000 deliveries none is claimed twice and none is left by eight storages that claim at once', async (t) => {
  const { storage, schema, column } = await database.started();
  const lanes = await lanesOf(storage, 7);
  for (let batch = 0; batch < 5; batch += 1) {
    const chosen = Array.from({ length: 1_000 }, (_, index) => lanes[index % lanes.length]!);
    await storage.storeEvents(batchFor(`x${batch}`, chosen));
  }
  const claimed: string[] = [];
  const written: boolean[] = [];
  await Promise.all(
    (await storagesOn(schema, 8)).map(async (claimer, index) => {
      let after = 0;
      for (let round = 0; ; round += 1) {
        const fence = `fence ${index} ${round}`;
        const { claims, cursor, more } = await claimer.claimDeliveries(claimRequest({ fence, limit: 60, perLane: 13, after }));
        after = cursor;
        claimed.push(...claims.map(({ id }) => id));
        written.push(...(await claimer.recordOutcomes(claims.map((claim) => outcomeOf(claim)))).written);
        if (claims.length === 0 && !more) return;
      }
    }),
  );
  t.is(claimed.length, 5_000);
  t.is(new Set(claimed).size, 5_000);
  t.true(written.every(Boolean));
  t.deepEqual(await column(`select count(*) from "${schema}".deliveries`), ['0']);
  t.deepEqual(await column(`select count(distinct delivery_id) from "${schema}".attempts`), ['5000']);
});

test('storing, claiming, recording, moving, ending, replaying and pruning at once never wait in a circle', async (t) => {
  const { storage, schema, column } = await database.started();
  const lanes = await lanesOf(storage, 6);
  const storages = await storagesOn(schema, 8);
  const deadlocks = async (): Promise<number> =>
    Number((await column('select deadlocks from pg_stat_database where datname = current_database()'))[0]);
  const before = await deadlocks();
  let busy = 0;
  /** What is busy would be tried again by the engine; a deadlock is never what it was busy with. */
  async function patiently<Result>(call: () => Promise<Result>): Promise<Result | null> {
    try {
      return await call();
    } catch (error) {
      if (!HookwellError.is(error, 'storage_busy') || (error.cause as { code?: string }).code === '40P01') throw error;
      busy += 1;
      return null;
    }
  }
  await Promise.all(
    storages.map(async (worker, index) => {
      const held: Claim[] = [];
      for (let round = 0; round < 25; round += 1) {
        const seed = index * 100 + round;
        const keys = shuffled(['k1', 'k2', 'k3', 'k4'], seed);
        const batch = batchFor(`w${index}-${round}`, shuffled(lanes, seed));
        const events = batch.events.map((event, at) => ({ ...event, idempotencyKey: keys[at] ? `${keys[at]} ${round}` : null }));
        await patiently(async () => worker.storeEvents({ ...batch, events }));
        const claimed = await patiently(async () =>
          worker.claimDeliveries(claimRequest({ fence: `f${seed}`, limit: 40, leaseMs: 1 })),
        );
        held.push(...(claimed?.claims ?? []));
        const outcomes = shuffled(held.splice(0, 30), seed).map((claim, at) =>
          at % 3 === 0
            ? outcomeOf(claim, { outcome: 'retry', retryInMs: 0, endpoint: 'failed', countsAgainstDelivery: true })
            : outcomeOf(claim),
        );
        const recorded = await patiently(async () => worker.recordOutcomes(outcomes));
        const moves = shuffled(recorded?.subscriptions ?? [], seed).map(({ id, healthVersion, health }) => ({
          subscriptionId: id,
          healthVersion,
          health: health === 'healthy' ? ('failing' as const) : ('healthy' as const),
          reason: 'for the test',
          pauseLaneMs: null,
        }));
        await patiently(async () => worker.moveHealth(moves));
        if (outcomes[1]) await patiently(async () => worker.replayDelivery('a', outcomes[1]!.deliveryId));
        await patiently(async () =>
          worker.releaseDeliveries(shuffled(held, seed).map(({ id, fence }) => ({ deliveryId: id, fence }))),
        );
        if (round % 5 === 0) {
          await patiently(async () =>
            worker.prune({ deliveredAfterMs: 20, failedAfterMs: 20, maxAttemptsPerAccount: 50, accounts: [], limit: 100 }),
          );
        }
      }
    }),
  );
  t.is(await deadlocks(), before);
  t.is(busy, 0);
  const lost = `select count(*) from "${schema}".deliveries d where not exists (select from "${schema}".events e where e.id = d.event_id)`;
  t.deepEqual(await column(lost), ['0']);
  const lines = `select count(*) from "${schema}".attempts a where not exists (select from "${schema}".events e where e.id = a.event_id)`;
  t.deepEqual(await column(lines), ['0']);
});

test('the same outcomes, recorded by several at once and in any order, never wait in a circle, and are written once', async (t) => {
  const { storage, schema, column } = await database.started();
  const lanes = await lanesOf(storage, 4);
  const storages = await storagesOn(schema, 4);
  await storage.storeEvents(batchFor('all', Array.from({ length: 10 }, () => lanes).flat()));
  const { claims } = await storage.claimDeliveries(claimRequest({ fence: 'f', limit: 40, perLane: 40 }));
  t.is(claims.length, 40);
  // Each comes to this one, and waits there with what it has locked by then.
  const [held = ''] = claims
    .map(({ id }) => id)
    .toSorted()
    .slice(20);
  const gate = await database.pool({ max: 1 }).connect();
  await gate.query('begin');
  await gate.query(`select from "${schema}".deliveries where id = $1 for update`, [held]);
  const outcomes = claims.map((claim) => outcomeOf(claim));
  const recording = Promise.all(storages.map(async (worker, index) => worker.recordOutcomes(shuffled(outcomes, index + 1))));
  const blocked = `select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%"${schema}"%'`;
  while (Number((await column(blocked))[0]) < storages.length) await new Promise(setImmediate);
  await gate.query('commit');
  gate.release();
  for (const { written } of await recording) t.true(written.every(Boolean));
  t.deepEqual(await column(`select count(*) from "${schema}".attempts`), ['40']);
  t.deepEqual(await column(`select count(*) from "${schema}".deliveries`), ['0']);
});

test('batches that share their keys, in any order, never wait for each other in a circle', async (t) => {
  const { storage, schema, column } = await database.started();
  const lane = (await subscribe(storage)).id;
  const storages = await storagesOn(schema, 4);
  for (let round = 0; round < 10; round += 1) {
    const keys = Array.from({ length: 300 }, (_, index) => `key ${round} ${index}`);
    const answers = await Promise.all(
      storages.map(async (worker, index) => {
        const batch = batchFor(
          `w${index}-${round}`,
          keys.map(() => lane),
        );
        const own = index % 2 === 0 ? keys : keys.toReversed();
        const events = batch.events.map((event, at) => ({ ...event, idempotencyKey: own[at]! }));
        return worker.storeEvents({ ...batch, events });
      }),
    );
    const standing = new Set(answers.flat().map(({ id }) => id));
    t.is(standing.size, keys.length);
  }
  t.deepEqual(await column(`select count(*) from "${schema}".deliveries`), ['3000']);
});

for (const [where, days] of [
  ['ahead of', 1],
  ['behind', -1],
] as const) {
  test(`a lease lasts by the clock of the database, which is a day ${where} that of the process`, async (t) => {
    const { storage, setClock } = await database.started();
    const [lane] = await lanesOf(storage, 1);
    const now = Date.now() + days * 86_400_000;
    const claimed = async (): Promise<number> => (await storage.claimDeliveries(claimRequest({ leaseMs: 60_000 }))).claims.length;
    await setClock(now);
    await storage.storeEvents(batchFor('x', [lane!], { leased: true }));
    for (const leasedAt of [now, now + 60_000]) {
      await setClock(leasedAt + 59_999);
      t.is(await claimed(), 0, 'the lease still holds');
      await setClock(leasedAt + 60_000);
      t.is(await claimed(), 1);
    }
  });
}

test('a claim passes over what another one is just taking, and does not wait for it', async (t) => {
  const { storage, schema, pool } = await database.started({ pool: database.pool({ lock_timeout: 2_000 }) });
  await storage.storeEvents(batchFor('x', await lanesOf(storage, 2)));
  const other = await pool.connect();
  try {
    await other.query(`begin; select id from "${schema}".deliveries where id = 'x-d0' for update`);
    const { claims } = await storage.claimDeliveries(claimRequest());
    t.deepEqual(
      claims.map(({ id }) => id),
      ['x-d1'],
    );
  } finally {
    await other.query('rollback');
    other.release();
  }
  const { claims } = await storage.claimDeliveries(claimRequest());
  t.deepEqual(
    claims.map(({ id }) => id),
    ['x-d0'],
  );
});

test('two processes that claim at once never get the same delivery', async (t) => {
  const { storage, schema } = await database.started();
  const lanes = await lanesOf(storage, 3);
  const chosen = Array.from({ length: 900 }, (_, index) => lanes[index % 3]!);
  await storage.storeEvents(batchFor('x', chosen));
  const children = [startChild('claim', database.url, schema), startChild('claim', database.url, schema)];
  for (const { printed } of children) await printed(1);
  for (const child of children) child.process.stdin?.end('go');
  for (const { ended } of children) t.deepEqual(await ended, [0, null]);
  const claimed = children.flatMap(({ lines }) => lines().slice(1));
  for (const { lines } of children) t.true(lines().length > 1);
  t.is(claimed.length, 900);
  t.is(new Set(claimed).size, 900);
});

test('a process that is killed while it stores loses no event that it was told of, and leaves no half of one', async (t) => {
  const { storage, schema, column } = await database.started();
  await subscribe(storage);
  for (let round = 1; round <= 3; round += 1) {
    const child = startChild('store', database.url, schema);
    await child.printed(300);
    child.process.kill('SIGKILL');
    await child.ended;
    // What was under way when it died is over once its connections are.
    const connections = `select count(*) from pg_stat_activity where application_name = 'process ${child.process.pid}'`;
    while ((await column(connections))[0] !== '0') continue;
    const events = (await column(`select id from "${schema}".events order by id`)) as string[];
    t.deepEqual(await column(`select event_id from "${schema}".deliveries order by event_id`), events);
    t.is(events.length % 3, 0);
    const stored = new Set(events);
    const told = child.lines().slice(1);
    t.deepEqual(
      told.filter((event) => !stored.has(event)),
      [],
    );
  }
});

test('a lane with 300,000 deliveries is never read to its end, though plans were made while the queue was short', async (t) => {
  const pool = database.pool({ max: 1 });
  const { storage, schema, column } = await database.started({ pool });
  const rowsRead = async (): Promise<number> => {
    await pool.query('select pg_stat_force_next_flush()');
    const [read] = await column(`select seq_tup_read + idx_tup_fetch from pg_stat_user_tables
      where schemaname = '${schema}' and relname = 'deliveries'`);
    return Number(read);
  };
  await column(`alter table "${schema}".deliveries set (autovacuum_enabled = off)`);
  const [long, short, later] = await lanesOf(storage, 3);
  await storage.storeEvents(batchFor('first', [long!]));
  const claimAndRecord = async (round: number): Promise<readonly Claim[]> => {
    const { claims } = await storage.claimDeliveries(claimRequest({ fence: `f${round}`, perLane: 10, limit: 30 }));
    const outcomes = claims.map((claim) => outcomeOf(claim, { outcome: 'retry', retryInMs: 0 }));
    const { written } = await storage.recordOutcomes(outcomes);
    t.true(written.every(Boolean));
    return claims;
  };
  for (let round = 0; round < 8; round += 1) await claimAndRecord(round);
  await column(`insert into "${schema}".deliveries
    select 'long-' || i, 'a', ${long}, 'first-e0', (select day from "${schema}".events limit 1), 0, 0, 0, 0, i, null
    from generate_series(1, 300000) i`);
  await storage.storeEvents(batchFor('other', [short!, later!]));
  const claims = await claimAndRecord(8);
  t.deepEqual(
    [long, short, later].map((lane) => claims.filter(({ subscriptionId }) => subscriptionId === lane).length),
    [10, 1, 1],
  );
  const before = await rowsRead();
  for (let round = 9; round < 20; round += 1) await claimAndRecord(round);
  const read = (await rowsRead()) - before;
  t.true(read > 100 && read < 10_000, `${read} rows of the queue were read`);
  const { total } = await storage.listDeliveries('a', { ...allRows, limit: 0 });
  t.is(total, 300_003);
});
