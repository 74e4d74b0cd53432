import type { PruneRequest, StorageAdapter } from '@hookwell/core';
import test from 'ava';
import {
  delivered,
  failed,
  makeEngine,
  mary,
  scriptedTransport,
  sqlite,
  startByHand,
  stayAwake,
  toldAs,
} from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const day = 86_400_000;
const emission = { accountId: 7, objectType: 0, record: mary } as const;
const wish = { accountId: 7, url: 'script:x', topic: 'sub_tag(3)' } as const;

for (const { name, make } of storages) {
  test(`${name}: lines of the log go after 2 days when delivered, after 7 otherwise, and their events with the last`, async (t) => {
    const transport = scriptedTransport(({ body }) => (body.includes('bad') ? failed('endpoint', 'HTTP 500') : delivered));
    const { engine, clock } = await startByHand(t, make(t), { transports: [transport], retry: { scheduleMs: [] } });
    const subscription = await engine.subscriptions.create(wish);
    const good = await engine.emit('sub_tag(3)', emission);
    const bad = await engine.emit('sub_tag(3)', { ...emission, record: { ...mary, email: 'bad' } });
    const kept = async () => {
      await engine.deliverDue();
      const bodies = await engine.deliveries.bodies(
        7,
        [good, bad].map(({ id }) => ({ subscription, eventId: id })),
      );
      const { rows } = await engine.deliveries.attempts(7);
      return { lines: rows.map(({ outcome }) => outcome).toSorted(), events: bodies.map((body) => body !== '') };
    };
    t.deepEqual(await kept(), { lines: ['delivered', 'failed'], events: [true, true] });
    clock.move(2 * day);
    t.deepEqual(await kept(), { lines: ['delivered', 'failed'], events: [true, true] });
    clock.move(60_000);
    t.deepEqual(await kept(), { lines: ['failed'], events: [true, true] });
    clock.move(5 * day - 60_000);
    t.deepEqual(await kept(), { lines: ['failed'], events: [true, true] });
    clock.move(60_000);
    t.deepEqual(await kept(), { lines: [], events: [false, false] });
  });

  test(`${name}: an account keeps its newest lines only, as many as it may, and unfinished deliveries never go`, async (t) => {
    const transport = scriptedTransport(() => failed('endpoint', 'HTTP 500'));
    const { engine, clock } = await startByHand(t, make(t), {
      transports: [transport],
      retention: { maxAttemptsPerAccount: 5 },
      retry: { scheduleMs: Array.from({ length: 50 }, () => day), jitter: 0 },
      health: { suspendAfterFailures: 1_000 },
    });
    await engine.subscriptions.create(wish);
    await engine.emit('sub_tag(3)', emission);
    for (let n = 0; n < 12; n += 1) {
      await engine.deliverDue();
      clock.move(day);
    }
    t.is((await engine.deliveries.list(7)).total, 1);
    t.deepEqual(
      (await engine.deliveries.attempts(7)).rows.map(({ number }) => number),
      [12, 11, 10, 9, 8],
    );
    transport.result = () => delivered;
    t.like(await engine.deliverDue(), { delivered: 1 });
  });

  test(`${name}: a great deal is forgotten in parts, all of it in one go of deliverDue, and not more often than asked for`, async (t) => {
    const storage = make(t);
    const requests: PruneRequest[] = [];
    const { engine, clock } = await startByHand(
      t,
      {
        ...storage,
        async prune(request) {
          requests.push(request);
          return storage.prune(request);
        },
      },
      { transports: [scriptedTransport()], retention: { deliveredMs: 1_000, failedMs: 1_000, everyMs: 60_000 } },
    );
    await engine.subscriptions.create(wish);
    await Promise.all(Array.from({ length: 2_500 }, async () => engine.emit('sub_tag(3)', emission)));
    await engine.deliverDue();
    t.is((await engine.deliveries.attempts(7)).total, 2_500);
    t.is(requests.length, 1);
    clock.move(59_999);
    await engine.deliverDue();
    t.is(requests.length, 1);
    clock.move(1);
    await engine.deliverDue();
    t.is((await engine.deliveries.attempts(7)).total, 0);
    t.true(requests.length >= 4 && requests.length <= 8, `${requests.length} calls`);
    t.deepEqual(requests[1], {
      deliveredAfterMs: 1_000,
      failedAfterMs: 1_000,
      maxAttemptsPerAccount: 10_000,
      accounts: [],
      limit: 1_000,
    });
  });
}

test('a storage that cannot forget is reported, and delivers all the same', async (t) => {
  const storage = sqlite.make(t);
  const broken: StorageAdapter = {
    ...storage,
    prune: async () => {
      throw new Error('read-only');
    },
  };
  const { engine, told } = await startByHand(t, broken, { transports: [scriptedTransport()] });
  await engine.subscriptions.create(wish);
  await engine.emit('sub_tag(3)', emission);
  t.like(await engine.deliverDue(), { delivered: 1 });
  t.like(toldAs(told, 'error')[0], { code: 'storage_failed', message: 'The sqlite storage failed in prune: read-only' });
});

test('an engine that runs by itself forgets now and then, and stop waits for what is being forgotten', async (t) => {
  const storage = sqlite.make(t);
  const order: string[] = [];
  let pruning = (): void => undefined;
  const pruned = new Promise<void>((resolve) => {
    pruning = resolve;
  });
  const { engine } = makeEngine(
    t,
    {
      ...storage,
      async prune(request) {
        pruning();
        for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
        const result = await storage.prune(request);
        order.push('pruned');
        return result;
      },
      async stop() {
        order.push('stopped');
        await storage.stop();
      },
    },
    { retention: { everyMs: 1_000 } },
  );
  stayAwake(t);
  await engine.start();
  await pruned;
  await engine.stop();
  t.deepEqual(order, ['pruned', 'stopped']);
});
