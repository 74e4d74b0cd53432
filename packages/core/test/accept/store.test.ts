import test from 'ava';
import { HookwellError, type StoreBatch, type StoredEvent, type Subscription } from '@hookwell/core';
import { match, type Match } from '../../src/accept/match.ts';
import { store, type StoreContext } from '../../src/accept/store.ts';
import type { Held } from '../../src/model/held.ts';

const event = (id: string, changes: Partial<StoredEvent> = {}): StoredEvent => ({
  id,
  accountId: '7',
  topic: 'sub_tag(3)',
  objectType: 0,
  record: { id: 1 },
  occurredAt: 0,
  idempotencyKey: null,
  metadata: {},
  ...changes,
});

const subscription = (id: number, changes: Partial<Subscription> = {}): Subscription =>
  ({ id, accountId: '7', topic: 'sub_tag(3)', health: 'healthy', pausedUntil: null, ...changes }) as Subscription;

function contextOf(changes: Partial<StoreContext> = {}) {
  const seen = {
    batches: [] as StoreBatch[],
    taken: [] as number[],
    handed: [] as Held[],
    waiting: [] as number[],
    delayed: [] as number[],
  };
  let ids = 0;
  const context: StoreContext = {
    storage: {
      async storeEvents(batch) {
        seen.batches.push(batch);
        return batch.events;
      },
    },
    newId: () => `id${++ids}`,
    now: () => 5,
    monotonicNow: () => 9,
    leaseMs: 60_000,
    reserve({ id }) {
      seen.taken.push(id);
      return true;
    },
    unreserve(id) {
      seen.taken.splice(seen.taken.indexOf(id), 1);
    },
    handOff: (held) => seen.handed.push(...held),
    onWaiting: ({ id }) => seen.waiting.push(id),
    onDelayed: (dueInMs) => seen.delayed.push(dueInMs),
    ...changes,
  };
  return { context, seen };
}

const matched = (id: string, lanes: readonly number[], changes: Partial<StoredEvent> = {}): Match => ({
  event: event(id, changes),
  subscriptions: lanes.map((lane) => subscription(lane)),
  refusal: null,
});

test('what a lane has room for is stored leased and handed on under the same fence', async (t) => {
  const { context, seen } = contextOf();
  const [stored] = await store([matched('e1', [1, 2])], context);
  t.deepEqual(stored, { event: event('e1'), result: { id: 'e1', deliveries: 2, duplicate: false } });
  t.deepEqual(
    seen.handed.map(({ claim }) => [claim.subscriptionId, claim.fence === seen.batches[0]?.fence]),
    [
      [1, true],
      [2, true],
    ],
  );
  t.deepEqual(
    seen.batches[0]?.deliveries.map(({ leased }) => leased),
    [true, true],
  );
});

test('what is to keep an order is stored with its key and never leased, whatever room there is', async (t) => {
  const { context, seen } = contextOf();
  const subscriptions = (['none', 'record', 'subscription'] as const).map((ordering, index) =>
    subscription(index + 1, { ordering }),
  );
  const long = 'x'.repeat(5_000);
  const matches = [{ id: 8 }, { id: '8' }, { id: long }].map((record, index) => ({
    event: event(`e${index}`, { record, objectType: 3 }),
    subscriptions,
    refusal: null,
  }));
  await store(matches, context);
  const deliveries = seen.batches[0]?.deliveries ?? [];
  t.deepEqual(
    deliveries.map(({ leased }) => leased),
    [true, false, false, true, false, false, true, false, false],
  );
  const keys = deliveries.map(({ orderKey }) => orderKey);
  t.deepEqual(keys.slice(0, 6), [undefined, '3:8', 'all', undefined, '3:8', 'all']);
  t.regex(keys[7] ?? '', /^3:sha256:[0-9a-f]{64}$/);
  t.deepEqual(seen.waiting, [2, 3]);
});

test('deliveries of one event share what is composed for it, and no others do', async (t) => {
  const { context, seen } = contextOf();
  await store([matched('e1', [1, 2]), matched('e2', [1])], context);
  const [first, second, other] = seen.handed;
  t.is(first?.composed, second?.composed);
  t.not(first?.composed, other?.composed);
});

test('what a lane has no room for is stored to wait, and its lane is told', async (t) => {
  const { context, seen } = contextOf({ reserve: () => false });
  await store([matched('e1', [1])], context);
  t.deepEqual(
    seen.batches[0]?.deliveries.map(({ leased }) => leased),
    [false],
  );
  t.deepEqual(seen.handed, []);
  t.deepEqual(seen.waiting, [1]);
});

test('a batch that fails gives its places back and fails its own events only', async (t) => {
  let calls = 0;
  const broken = new HookwellError('storage_failed', 'disk full');
  const { context, seen } = contextOf({
    storage: {
      async storeEvents(batch) {
        calls += 1;
        if (calls === 1) throw broken;
        return batch.events;
      },
    },
  });
  const many = Array.from({ length: 1_000 }, (_, lane) => lane);
  const [first, second] = await store([matched('e1', many), matched('e2', [1])], context);
  t.deepEqual(first, { error: broken });
  t.like(second, { result: { id: 'e2' } });
  t.deepEqual(seen.taken, [1]);
});

test('a duplicate answers with the earlier event and hands nothing on', async (t) => {
  const earlier = event('e0', { idempotencyKey: 'k' });
  const { context, seen } = contextOf({ storage: { storeEvents: async () => [earlier] } });
  const [stored] = await store([matched('e1', [1], { idempotencyKey: 'k' })], context);
  t.like(stored, { result: { id: 'e0', deliveries: 0, duplicate: true } });
  t.deepEqual(seen.handed, []);
  t.deepEqual(seen.taken, []);
});

test('an idempotency key that was used for something else is a conflict', async (t) => {
  const earlier = event('e0', { idempotencyKey: 'k', record: { id: 2 } });
  const { context } = contextOf({ storage: { storeEvents: async () => [earlier] } });
  const [stored] = await store([matched('e1', [1], { idempotencyKey: 'k' })], context);
  t.like(stored, { error: { code: 'idempotency_conflict' } });
});

test('an event that a plugin refused is not stored, and fails alone', async (t) => {
  const { context, seen } = contextOf();
  const refusal = new HookwellError('not_permitted', 'no');
  const [first, second] = await store([{ ...matched('e1', []), refusal }, matched('e2', [])], context);
  t.deepEqual(first, { error: refusal });
  t.like(second, { result: { id: 'e2', deliveries: 0 } });
  t.deepEqual(
    seen.batches.flatMap(({ events }) => events.map(({ id }) => id)),
    ['e2'],
  );
});

test('match asks once for the keys of a group and keeps accounts and topics apart', async (t) => {
  const asked: unknown[] = [];
  const matches = await match([event('a'), event('b', { accountId: '8' }), event('c'), event('d', { topic: 'sub_tag(4)' })], {
    storage: {
      async findSubscriptions(keys) {
        asked.push(keys);
        return [subscription(1), subscription(2, { accountId: '8' }), subscription(3, { topic: 'sub_tag(4)' }), subscription(4)];
      },
    },
    plugins: [],
    hookTimeoutMs: 1_000,
  });
  t.deepEqual(asked, [
    [
      { accountId: '7', topic: 'sub_tag(3)' },
      { accountId: '8', topic: 'sub_tag(3)' },
      { accountId: '7', topic: 'sub_tag(4)' },
    ],
  ]);
  t.deepEqual(
    matches.map((found) => found.subscriptions.map(({ id }) => id)),
    [[1, 4], [2], [1, 4], [3]],
  );
});

test('match hooks run in order, and one that throws refuses its own event', async (t) => {
  const matches = await match([event('a'), event('b')], {
    storage: { findSubscriptions: async () => [subscription(1), subscription(2), subscription(3)] },
    plugins: [
      { name: 'first', match: (_event, found) => found.slice(1) },
      {
        name: 'second',
        async match({ id }, found) {
          if (id === 'b') throw new Error('no b');
          return found.slice(1);
        },
      },
    ],
    hookTimeoutMs: 1_000,
  });
  t.deepEqual(
    matches.map(({ subscriptions, refusal }) => [subscriptions.map(({ id }) => id), refusal?.message]),
    [
      [[3], undefined],
      [[], 'no b'],
    ],
  );
});

test('what has a time is stored due then, takes no place, and says when the first of it is due', async (t) => {
  const { context, seen } = contextOf();
  const at = (deliverAt: number): Partial<StoredEvent> => ({ metadata: { 'hookwell:deliver-at': String(deliverAt) } });
  await store([matched('e1', [1, 2], at(105)), matched('e2', [1], at(55)), matched('e3', [1], at(4))], context);
  t.deepEqual(
    seen.batches[0]?.deliveries.map(({ eventId, leased, dueInMs }) => ({ eventId, leased, dueInMs })),
    [
      { eventId: 'e1', leased: false, dueInMs: 100 },
      { eventId: 'e1', leased: false, dueInMs: 100 },
      { eventId: 'e2', leased: false, dueInMs: 50 },
      { eventId: 'e3', leased: true, dueInMs: undefined },
    ],
  );
  t.deepEqual([seen.taken, seen.delayed, seen.waiting], [[1], [50], []]);
});

test('what a subscription has gathered waits under the key of its record, but for what has a time of its own', async (t) => {
  const { context, seen } = contextOf();
  const lane = (coalesceMs: number) => [subscription(1, { coalesceMs })];
  const times = (metadata: Record<string, string>): Match => ({
    ...matched('e1', []),
    event: event('e1', { metadata }),
    subscriptions: lane(60),
  });
  await store(
    [
      { ...matched('e1', []), subscriptions: lane(60) },
      { ...matched('e1', [], { record: { id: `x\0${'y'.repeat(300)}` } }), subscriptions: lane(60) },
      { ...matched('e1', []), subscriptions: lane(0) },
      times({ 'hookwell:deliver-at': '15' }),
      times({ 'hookwell:expires-at': '65' }),
      times({ 'hookwell:expires-at': '66' }),
    ],
    context,
  );
  const got = seen.batches[0]?.deliveries.map(({ leased, dueInMs, coalesceKey }) => ({ leased, dueInMs, coalesceKey })) ?? [];
  t.regex(got[1]?.coalesceKey ?? '', /^[0-9a-f]{64}$/);
  t.deepEqual(got, [
    { leased: false, dueInMs: 60, coalesceKey: 'sub_tag(3) 0 1' },
    { leased: false, dueInMs: 60, coalesceKey: got[1]?.coalesceKey },
    { leased: true, dueInMs: undefined, coalesceKey: undefined },
    { leased: false, dueInMs: 10, coalesceKey: undefined },
    { leased: true, dueInMs: undefined, coalesceKey: undefined },
    { leased: false, dueInMs: 60, coalesceKey: 'sub_tag(3) 0 1' },
  ]);
});
