import { postgresStorage } from '@hookwell/adapters/postgres';
import type { StorageAdapter, StoreBatch } from '@hookwell/core';
import test from 'ava';
import { fillPostgres, makePostgresDays } from '../../bench/src/fill-postgres.ts';
import { laneCount } from '../../bench/src/workload.ts';
import { testDatabase, type TestDatabase } from '../../packages/adapters/test/postgres-fixture.ts';
import { claimRequest, outcomeOf } from '../../packages/adapters/test/storage-fixture.ts';
import { countingPool, type CountingPool } from '../../packages/adapters/test/counting-pool.ts';

const finishedDeliveries = 200_000;
/** Deliveries of a group, and groups that go through the storage one after the other. */
const groupSize = 100;
const groups = 20;
/**
 * How many more blocks a call may read for each delivery: few rows are read from end to end, and of many each one is looked
 * for in an index of some levels. To read the history itself would be some hundred.
 */
const deeper = { match: 0, store: 4, claim: 5, record: 5, 'next due': 0 } as const;

type Call = keyof typeof deeper;

let database: TestDatabase;
test.before(async () => {
  database = await testDatabase();
});
test.after.always(async () => database?.remove());

test(`${finishedDeliveries} finished deliveries: no call on the way of a delivery reads more than deeper indexes`, async (t) => {
  t.timeout(300_000);
  const empty = await countBlocks('empty', 0);
  const full = await countBlocks('full', finishedDeliveries);
  for (const call of Object.keys(deeper) as Call[]) {
    const more = full[call] - empty[call];
    t.log(`${call}: ${empty[call].toFixed(2)} blocks for each delivery, and with the history ${more.toFixed(2)} more`);
    t.true(more <= deeper[call], call);
  }
});

/** Lets groups of deliveries go through a storage; answers how many blocks each call has read for each delivery. */
async function countBlocks(schema: string, finished: number): Promise<Readonly<Record<Call, number>>> {
  const pool = countingPool(database.behind, schema);
  const storage = postgresStorage({ pool, schema });
  await makePostgresDays(database.behind, schema);
  await storage.start({ now: Date.now });
  await subscribeLanes(storage);
  await fillPostgres(database.behind, schema, finished);
  const sums = { match: 0, store: 0, claim: 0, record: 0, 'next due': 0 };
  for (let group = 0; group < groups; group += 1) {
    for (const [call, blocks] of await sendGroup(storage, pool, group)) sums[call] += blocks;
  }
  await storage.stop();
  const each = Object.entries(sums).map(([call, blocks]) => [call, blocks / (groups * groupSize)]);
  return Object.fromEntries(each) as Record<Call, number>;
}

async function sendGroup(storage: StorageAdapter, pool: CountingPool, group: number): Promise<ReadonlyMap<Call, number>> {
  const blocks = new Map<Call, number>();
  const counted = async <Result>(call: Call, work: Promise<Result>): Promise<Result> => {
    const result = await work;
    blocks.set(call, pool.taken());
    return result;
  };
  const batch = batchOf(group);
  pool.taken();
  await counted('match', storage.findSubscriptions([{ accountId: '1', topic: 'sub_tag(3)' }]));
  await counted('store', storage.storeEvents(batch));
  await counted('next due', storage.nextDueInMs());
  const { claims } = await counted('claim', storage.claimDeliveries(claimRequest({ limit: groupSize })));
  if (claims.length !== groupSize) throw new Error(`${claims.length} deliveries were claimed`);
  const outcomes = claims.map((claim) => outcomeOf(claim, { startedAt: Date.now() }));
  await counted('record', storage.recordOutcomes(outcomes));
  return blocks;
}

/** Events of today, each for one lane of the account that has half of the history. */
function batchOf(group: number): StoreBatch {
  const numbers = Array.from({ length: groupSize }, (_, index) => index);
  const idOf = (kind: string, number: number): string => `${Date.now().toString(16).padStart(12, '0')}-${kind}${group}-${number}`;
  const eventIds = numbers.map((number) => idOf('e', number));
  return {
    events: eventIds.map((id) => ({
      id,
      accountId: '1',
      topic: 'sub_tag(1)',
      objectType: 0,
      record: { id: 1 },
      occurredAt: Date.now(),
      idempotencyKey: null,
      metadata: {},
    })),
    deliveries: numbers.map((number) => ({
      id: idOf('d', number),
      accountId: '1',
      subscriptionId: (number % laneCount) + 1,
      eventId: eventIds[number] ?? '',
      leased: false,
    })),
    fence: '',
    leaseMs: 60_000,
  };
}

async function subscribeLanes(storage: StorageAdapter): Promise<void> {
  for (let lane = 1; lane <= laneCount; lane += 1) {
    const topic = `sub_tag(${lane})`;
    const subscription = {
      accountId: '1',
      url: 'http://127.0.0.1/',
      topic,
      format: 'full',
      encoding: 'json',
      data: '',
      attributes: {},
    } as const;
    await storage.createSubscription(subscription);
  }
}
