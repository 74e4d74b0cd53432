import { sqliteStorage } from '@hookwell/adapters/sqlite';
import type { StorageAdapter } from '@hookwell/core';
import test from 'ava';
import Database from 'better-sqlite3';
import { delivered, failed, mary, scriptedTransport, startByHand, startForReal, temporaryFile } from './engine-fixture.ts';
import { sharedStorages, storages } from './engine-storages.ts';

const emission = { accountId: 7, objectType: 0, record: mary } as const;
const wish = { accountId: 7, url: 'script:x', topic: 'sub_tag(3)' } as const;
/** Longer than a test: what is done was not done by the poll. */
const pollEveryMs = 300_000;
/** Where nobody wakes, a test would wait for that poll. */
const giveUpMs = 10_000;

/** The same storage, and a promise that resolves once the engine has looked for work, found none and gone to sleep. */
function untilAsleep(storage: StorageAdapter): { readonly watched: StorageAdapter; readonly asleep: Promise<void> } {
  const { promise: asleep, resolve } = Promise.withResolvers<void>();
  const watched: StorageAdapter = {
    ...storage,
    async nextDueInMs() {
      const dueInMs = await storage.nextDueInMs();
      setTimeout(resolve, 1);
      return dueInMs;
    },
  };
  return { watched, asleep };
}

for (const { name, make } of storages) {
  test(`${name}: a retry is made when it is due, although nobody polls`, async (t) => {
    t.timeout(giveUpMs);
    const { watched, asleep } = untilAsleep(make(t));
    const transport = scriptedTransport(() => (transport.sent.length < 3 ? failed('endpoint', 'HTTP 500') : delivered));
    const options = { transports: [transport], pollEveryMs, retry: { scheduleMs: [50, 50], jitter: 0 } };
    const { engine } = await startForReal(t, watched, options);
    await engine.subscriptions.create(wish);
    await asleep;
    const { promise: done, resolve } = Promise.withResolvers<void>();
    engine.events.once('delivery:delivered', () => resolve());
    await engine.emit('sub_tag(3)', emission);
    await done;
    t.is(transport.sent.length, 3);
  });
}

for (const { name, makePlace } of sharedStorages) {
  test(`${name}: what another process has stored is found by the poll`, async (t) => {
    t.timeout(giveUpMs);
    const open = makePlace(t);
    const { watched, asleep } = untilAsleep(open());
    const transport = scriptedTransport();
    const { engine } = await startForReal(t, watched, { transports: [transport], pollEveryMs: 100 });
    await engine.subscriptions.create(wish);
    await asleep;
    const other = await startByHand(t, open(), { transports: [transport], now: Date.now });
    const { promise: done, resolve } = Promise.withResolvers<void>();
    engine.events.once('delivery:delivered', () => resolve());
    await other.engine.emit('sub_tag(3)', emission);
    await done;
    t.is(transport.sent.length, 1);
  });
}

test('sqlite: what a transaction has emitted is sent once it commits, although nobody polls', async (t) => {
  t.timeout(giveUpMs);
  const filename = temporaryFile(t);
  const database = new Database(filename);
  t.teardown(() => database.close());
  const { watched, asleep } = untilAsleep(sqliteStorage({ filename }));
  const transport = scriptedTransport();
  const { engine } = await startForReal(t, watched, { transports: [transport], pollEveryMs });
  await engine.subscriptions.create(wish);
  await asleep;
  const { promise: done, resolve } = Promise.withResolvers<void>();
  engine.events.once('delivery:delivered', () => resolve());
  database.exec('begin immediate');
  await engine.emit('sub_tag(3)', emission, { within: database });
  t.deepEqual(engine.lanes.list(), [], 'nothing is taken into memory of what may never be');
  database.exec('commit');
  await done;
  t.is(transport.sent.length, 1);
});
