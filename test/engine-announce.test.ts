import { postgresStorage } from '@hookwell/adapters/postgres';
import type { StorageAdapter } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import { testDatabase } from '../packages/adapters/test/postgres-fixture.ts';
import {
  delivered,
  failed,
  makeEngine,
  mary,
  scriptedTransport,
  startForReal,
  stayAwake,
  type Running,
  type ScriptedTransport,
} from './engine-fixture.ts';

// Processes that share a database, in one process: what one stores, hands back or has no room for, another sends without
// waiting for its poll, which never comes in these tests.

const emission = { accountId: 7, objectType: 0, record: mary } as const;
const wish = { accountId: 7, url: 'script:x', topic: 'sub_tag(3)' } as const;
const never = 300_000;
const onMachinesClock = { now: Date.now, monotonicNow: () => performance.now() };

const database = await testDatabase();
test.after.always(async () => database.remove());
let schemas = 0;

/** An empty schema, and what opens it: another storage, with a pool of its own, each time. */
function makePlace(): () => StorageAdapter {
  schemas += 1;
  const schema = `announce_${schemas}`;
  return () => postgresStorage({ pool: database.pool(), schema });
}

/** An engine that delivers what others store. */
async function startDelivering(t: ExecutionContext, storage: StorageAdapter, transport: ScriptedTransport): Promise<Running> {
  return startForReal(t, storage, { transports: [transport], pollEveryMs: never });
}

/** An engine that only accepts. */
async function startAccepting(t: ExecutionContext, storage: StorageAdapter): Promise<Running> {
  stayAwake(t);
  const running = makeEngine(t, storage, { transports: [scriptedTransport()], ...onMachinesClock });
  await running.engine.start({ deliver: false });
  return running;
}

/** A transport, and a promise of so many requests to come. */
function counting(result: ScriptedTransport['result'] = () => delivered) {
  const looks = new Set<() => void>();
  const transport = scriptedTransport(async (request) => {
    for (const look of looks) look();
    return result(request);
  });
  const until = async (count: number): Promise<void> => {
    if (transport.sent.length >= count) return;
    await new Promise<void>((resolve) => {
      looks.add(() => {
        if (transport.sent.length >= count) resolve();
      });
    });
  };
  return { transport, until };
}

/** Two processes: one that only accepts, with a subscription, and one that delivers; and the requests that it makes. */
async function startPair(t: ExecutionContext) {
  const open = makePlace();
  const { transport, until } = counting();
  const { engine } = await startAccepting(t, open());
  await startDelivering(t, open(), transport);
  await engine.subscriptions.create(wish);
  return { engine, transport, until };
}

/** A transaction of the host's in which an event was emitted. */
async function emitWithin(t: ExecutionContext, { engine }: Pick<Running, 'engine'>) {
  const client = await database.pool().connect();
  t.teardown(() => client.release());
  await client.query('begin');
  await engine.emit('sub_tag(3)', emission, { within: client });
  return { commit: async () => client.query('commit') };
}

test('what a process stores that does not deliver is sent by another one at once', async (t) => {
  const { engine, transport, until } = await startPair(t);
  for (let count = 1; count <= 3; count += 1) {
    await engine.emit('sub_tag(3)', emission);
    await until(count);
  }
  t.is(transport.sent.length, 3);
});

test('what such a process has stored in a transaction is sent by another one once that commits', async (t) => {
  const { engine, transport, until } = await startPair(t);
  const { commit } = await emitWithin(t, { engine });
  t.is(transport.sent.length, 0);
  await commit();
  await until(1);
  t.is(transport.sent.length, 1);
});

test('a process that stops right after such a transaction tells the others before it does', async (t) => {
  const { engine, transport, until } = await startPair(t);
  const { commit } = await emitWithin(t, { engine });
  await commit();
  await engine.stop();
  await until(1);
  t.is(transport.sent.length, 1);
});

test('what a process has no room for another one takes at once', async (t) => {
  const open = makePlace();
  const hung: (() => void)[] = [];
  let isOver = false;
  const hanging = counting(async () => {
    if (!isOver) await new Promise<void>((resolve) => void hung.push(resolve));
    return delivered;
  });
  const { transport, until } = counting();
  const busy = makeEngine(t, open(), {
    transports: [hanging.transport],
    pollEveryMs: never,
    laneConcurrency: 2,
    maxDeliveriesInMemory: 4,
    ...onMachinesClock,
  });
  t.teardown(() => {
    isOver = true;
    for (const answer of hung) answer();
  });
  stayAwake(t);
  await busy.engine.start();
  await startDelivering(t, open(), transport);
  await busy.engine.subscriptions.create(wish);
  for (let n = 0; n < 10; n += 1) await busy.engine.emit('sub_tag(3)', emission);
  await until(6);
  t.is(transport.sent.length, 6);
  t.is(hanging.transport.sent.length, 2);
});

test('what a process hands back as it stops another one sends at once', async (t) => {
  const open = makePlace();
  const answers: (() => void)[] = [];
  const slow = counting(async () => {
    await new Promise<void>((resolve) => void answers.push(resolve));
    return delivered;
  });
  const { transport, until } = counting();
  const one = await startForReal(t, open(), { transports: [slow.transport], pollEveryMs: never, laneConcurrency: 1 });
  await one.engine.subscriptions.create(wish);
  await Promise.all([1, 2].map(async () => one.engine.emit('sub_tag(3)', emission)));
  await slow.until(1);
  const other = await startDelivering(t, open(), transport);
  await other.engine.deliverDue();
  t.is(transport.sent.length, 0);
  const stopped = one.engine.stop();
  await until(1);
  for (const answer of answers) answer();
  await stopped;
  t.deepEqual([slow.transport.sent.length, transport.sent.length], [1, 1]);
});

test('what is replayed by a process that does not deliver is sent by another one at once', async (t) => {
  const open = makePlace();
  const { transport, until } = counting(() => failed('endpoint', 'HTTP 500'));
  const { engine } = await startAccepting(t, open());
  const other = await startForReal(t, open(), { transports: [transport], pollEveryMs: never, retry: { scheduleMs: [] } });
  await engine.subscriptions.create(wish);
  const ended = new Promise<string>((resolve) => {
    other.engine.events.on('delivery:failed', ({ outcome }) => resolve(outcome.deliveryId));
  });
  await engine.emit('sub_tag(3)', emission);
  await engine.deliveries.replay(7, await ended);
  await until(2);
  t.is(transport.sent.length, 2);
});

test('many events at once are announced a few times, and those of a lane with room not at all', async (t) => {
  const open = makePlace();
  const counted = (storage: StorageAdapter) => {
    const asked = { announcements: 0 };
    const announceDue = async (): Promise<void> => {
      asked.announcements += 1;
      await storage.announceDue();
    };
    return { asked, storage: { ...storage, announceDue } };
  };
  const accepting = counted(open());
  const delivering = counted(open());
  const { transport, until } = counting();
  const { engine } = await startAccepting(t, accepting.storage);
  const other = await startDelivering(t, delivering.storage, transport);
  await engine.subscriptions.create(wish);
  const began = performance.now();
  for (let n = 0; n < 100; n += 1) await engine.emit('sub_tag(3)', emission);
  const tookMs = performance.now() - began;
  await until(100);
  t.true(accepting.asked.announcements <= tookMs / 20 + 2, `${accepting.asked.announcements} in ${tookMs} ms`);
  for (let n = 0; n < 20; n += 1) await other.engine.emit('sub_tag(3)', emission);
  await until(120);
  t.is(delivering.asked.announcements, 0);
});
