import type { Plugin } from '@hookwell/core';
import test from 'ava';
import {
  delivered,
  failed,
  mary,
  noon,
  scriptedTransport,
  sqlite,
  startByHand,
  startReceiver,
  toldAs,
} from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

for (const { name, make } of storages) {
  test(`${name}: a payload that throws is tried three times and fails alone, whatever waits beside it`, async (t) => {
    const receiver = await startReceiver(t);
    const poison: Plugin = {
      name: 'poison',
      compose(_payload, { event }) {
        if (event.record['id'] === 13) throw new Error('cannot render 13');
        return undefined;
      },
    };
    const { engine, clock, told } = await startByHand(t, make(t), { plugins: [poison] });
    const { id } = await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    for (const record of [12, 13, 14]) {
      await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: { id: record } });
    }
    t.deepEqual(await engine.deliverDue(), { delivered: 2, retried: 1, failed: 0, cancelled: 0 });
    clock.move(5 * second);
    t.deepEqual(await engine.deliverDue(), { delivered: 0, retried: 1, failed: 0, cancelled: 0 });
    clock.move(5 * minute);
    t.deepEqual(await engine.deliverDue(), { delivered: 0, retried: 0, failed: 1, cancelled: 0 });
    t.is(receiver.arrived.length, 2);
    t.like(toldAs(told, 'delivery:failed')[0]?.outcome, { reason: 'internal_error: cannot render 13', number: 3, status: 0 });
    t.like(await engine.subscriptions.get(7, id), { health: 'healthy', consecutiveFailures: 0, lastStatus: 0 });
    t.deepEqual(toldAs(told, 'error'), []);
  });

  test(`${name}: an address that our rules forbid is tried after 1 and 6 hours, then fails, and is held against nobody`, async (t) => {
    const transport = scriptedTransport(() => failed('policy', 'its URL may not be sent to'));
    const { engine, clock, told } = await startByHand(t, make(t), {
      transports: [transport],
      health: { suspendAfterFailures: 1, suspendAfterMs: 0 },
    });
    const { id } = await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
    await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    for (const [wait, sent] of [
      [0, 1],
      [hour - 1, 1],
      [1, 2],
      [6 * hour - 1, 2],
      [1, 3],
    ] as const) {
      clock.move(wait);
      await engine.deliverDue();
      t.is(transport.sent.length, sent);
    }
    t.like(toldAs(told, 'delivery:failed')[0]?.outcome, { reason: 'its URL may not be sent to', number: 3 });
    t.like(await engine.subscriptions.get(7, id), { health: 'healthy', consecutiveFailures: 0 });
  });

  test(`${name}: trouble of our own is tried again soon, for as long as it takes, and held against nobody`, async (t) => {
    const transport = scriptedTransport(() => failed('local', 'this process has no file descriptors left'));
    const { engine, clock, told } = await startByHand(t, make(t), {
      transports: [transport],
      health: { suspendAfterFailures: 1, suspendAfterMs: 0 },
    });
    const { id } = await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
    await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    const waits = [1, 2, 4, 8, 16, 32, ...Array.from({ length: 30 }, () => 60)];
    for (const wait of [0, ...waits]) {
      clock.move(wait * second);
      t.like(await engine.deliverDue(), { retried: 1 });
    }
    t.deepEqual(
      toldAs(told, 'delivery:retrying').map(({ outcome }) => (outcome.retryInMs ?? 0) / second),
      [...waits, 60],
    );
    t.like((await engine.deliveries.list(7)).rows[0], { attempts: 37, failures: 0 });
    t.like(await engine.subscriptions.get(7, id), { health: 'healthy', consecutiveFailures: 0 });
    transport.result = () => delivered;
    clock.move(minute);
    t.like(await engine.deliverDue(), { delivered: 1 });
  });
}

test('a transport that throws, rejects or answers nonsense is trouble of our own, and frees its slot', async (t) => {
  const thrown: unknown[] = [new Error('no route'), 'text', undefined, Object.create(null), Symbol('s')];
  const transport = scriptedTransport();
  const { engine, clock, told } = await startByHand(t, sqlite.make(t), {
    transports: [transport],
    laneConcurrency: 1,
    concurrency: 1,
  });
  await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
  await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
  for (const value of thrown) {
    transport.result = () => {
      throw value;
    };
    t.like(await engine.deliverDue(), { retried: 1 });
    clock.move(minute);
  }
  for (const nonsense of [undefined, null, {}, 'ok']) {
    transport.result = () => nonsense as never;
    t.like(await engine.deliverDue(), { retried: 1 });
    clock.move(minute);
  }
  transport.result = () => delivered;
  t.like(await engine.deliverDue(), { delivered: 1 });
  t.deepEqual(
    toldAs(told, 'delivery:retrying').map(({ outcome }) => outcome.reason),
    [
      'the scripted transport failed: no route',
      'the scripted transport failed: text',
      'the scripted transport failed: undefined',
      'the scripted transport failed: something was thrown that has no text',
      'the scripted transport failed: Symbol(s)',
      ...Array.from({ length: 4 }, () => 'the scripted transport gave no result'),
    ],
  );
});

test('a request that cannot have arrived is sent once more at once, and only once', async (t) => {
  const transport = scriptedTransport(() => failed('endpoint', 'connection closed by the receiver', { unsent: true }));
  const { engine, told } = await startByHand(t, sqlite.make(t), { transports: [transport] });
  await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
  await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
  t.like(await engine.deliverDue(), { retried: 1 });
  t.is(transport.sent.length, 2);
  t.is(toldAs(told, 'delivery:retrying').length, 1);
  t.is((await engine.deliveries.attempts(7)).total, 1);
});

for (const { name, make } of storages) {
  test(`${name}: a subscription whose scheme no transport sends to waits until one does`, async (t) => {
    const storage = make(t);
    const before = await startByHand(t, storage, { transports: [scriptedTransport()] });
    await before.engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
    await before.engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    await before.engine.stop();
    const without = await startByHand(t, storage);
    t.like(await without.engine.deliverDue(), { retried: 1 });
    t.is(toldAs(without.told, 'delivery:retrying')[0]?.outcome.reason, 'no transport for its URL is installed here');
    t.like((await without.engine.deliveries.list(7)).rows[0], { failures: 0, dueAt: noon + second });
    await without.engine.stop();
    const transport = scriptedTransport();
    const after = await startByHand(t, storage, { transports: [transport] });
    after.clock.move(second);
    t.like(await after.engine.deliverDue(), { delivered: 1 });
    t.is(transport.sent.length, 1);
  });
}
