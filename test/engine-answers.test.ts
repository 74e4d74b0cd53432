import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpTransport } from '@hookwell/adapters/http';
import test from 'ava';
import { mary, noon, sqlite, startByHand, startForReal, startReceiver, toldAs, type Answer } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const second = 1_000;
const hour = 3_600 * second;
const day = 24 * hour;

for (const [status, kind] of [
  ...[408, 425, 502, 503, 504].map((one) => [one, sqlite] as const),
  ...storages.map((one) => [429, one] as const),
]) {
  test(`${kind.name}: HTTP ${status} pauses the lane: nothing else of it is sent before the time that was asked for`, async (t) => {
    const receiver = await startReceiver(t, () => ({ status, headers: { 'retry-after': '60' } }));
    const { engine, clock, told } = await startByHand(t, kind.make(t), { laneConcurrency: 1 });
    const { id } = await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    await Promise.all([1, 2, 3].map(async (n) => engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: { id: n } })));
    t.like(await engine.deliverDue(), { retried: 1 });
    t.like(toldAs(told, 'delivery:retrying')[0]?.outcome, { reason: `HTTP ${status}`, retryInMs: 60 * second });
    t.like(await engine.subscriptions.get(7, id), {
      pausedUntil: noon + 60 * second,
      consecutiveFailures: 1,
      lastStatus: status,
    });

    clock.move(60 * second - 1);
    await engine.deliverDue();
    t.is(receiver.arrived.length, 1);
    receiver.answer = () => 200;
    clock.move(1);
    t.like(await engine.deliverDue(), { delivered: 3 });
  });
}

const retryAfters: readonly (readonly [what: string, header: string | undefined, waitMs: number])[] = [
  ['seconds', '120', 120 * second],
  ['seconds with spaces around', ' 120 ', 120 * second],
  ['a date', new Date(noon + hour).toUTCString(), hour],
  ['a date that has passed', new Date(noon - hour).toUTCString(), 5 * second],
  ['zero', '0', 5 * second],
  ['more than a day', '90000', day],
  ['a date in ten days', new Date(noon + 10 * day).toUTCString(), day],
  ['garbage', 'soon', 5 * second],
  ['a negative number', '-5', 5 * second],
  ['a fraction', '1.5', 5 * second],
  ['nothing at all', undefined, 5 * second],
];
for (const [what, header, waitMs] of retryAfters) {
  test(`Retry-After with ${what}: the next attempt comes ${waitMs} ms later, and none before`, async (t) => {
    const headers: Record<string, string> = header === undefined ? {} : { 'retry-after': header };
    const receiver = await startReceiver(t, () => ({ status: 429, headers }));
    const { engine, clock } = await startByHand(t, sqlite.make(t));
    await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    await engine.deliverDue();
    t.like((await engine.deliveries.list(7)).rows[0], { dueAt: noon + waitMs });
    clock.move(waitMs - 1);
    await engine.deliverDue();
    t.is(receiver.arrived.length, 1);
    clock.move(1);
    await engine.deliverDue();
    t.is(receiver.arrived.length, 2);
  });
}

test('Retry-After never shortens the schedule, and says nothing beside a status that does not ask for time', async (t) => {
  const answers: Answer[] = [
    { status: 500, headers: { 'retry-after': '3600' } },
    { status: 503, headers: { 'retry-after': '10' } },
  ];
  const receiver = await startReceiver(t, () => answers.shift() ?? 200);
  const { engine, clock, told } = await startByHand(t, sqlite.make(t));
  await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
  await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
  await engine.deliverDue();
  clock.move(5 * second);
  await engine.deliverDue();
  t.deepEqual(
    toldAs(told, 'delivery:retrying').map(({ outcome }) => outcome.retryInMs),
    [5 * second, 300 * second],
  );
});

for (const { name, make } of storages) {
  test(`${name}: a pause that many answers ask for counts as one failure, however they are recorded`, async (t) => {
    const answering: ((answer: Answer) => void)[] = [];
    const receiver = await startReceiver(
      t,
      () =>
        new Promise<Answer>((resolve) => {
          answering.push(resolve);
        }),
    );
    const { engine, told } = await startForReal(t, make(t), { recordEveryMs: 0 });
    const { id } = await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    await Promise.all([1, 2].map(async (n) => engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: { id: n } })));
    await receiver.until(() => receiver.arrived.length === 2);
    for (const answer of answering) {
      const recorded = new Promise((resolve) => {
        engine.events.once('delivery:retrying', resolve);
      });
      answer({ status: 503, headers: { 'retry-after': '600' } });
      await recorded;
    }
    t.is(toldAs(told, 'delivery:retrying').length, 2);
    t.is((await engine.subscriptions.get(7, id)).consecutiveFailures, 1);
  });

  test(`${name}: HTTP 410 unsubscribes at once, and nothing that waits is sent`, async (t) => {
    const receiver = await startReceiver(t, () => 410);
    const { engine, told } = await startByHand(t, make(t), { laneConcurrency: 1 });
    const { id } = await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    for (let n = 1; n <= 20; n += 1) await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: { id: n } });
    t.deepEqual(await engine.deliverDue(), { delivered: 0, retried: 0, failed: 1, cancelled: 19 });

    t.is(receiver.arrived.length, 1);
    const [notice] = toldAs(told, 'subscription:unsubscribed');
    t.like(notice, { reason: 'its endpoint answered HTTP 410: gone', subscription: { id, health: 'unsubscribed' } });
    t.regex(notice?.next ?? '', /nothing is sent any more/);
    await t.throwsAsync(async () => engine.subscriptions.get(7, id), { code: 'not_found' });
    const { rows } = await engine.deliveries.attempts(7);
    t.deepEqual(
      new Set(rows.map(({ outcome, reason }) => `${outcome}: ${reason}`)),
      new Set(['cancelled: its endpoint answered HTTP 410: gone', 'failed: HTTP 410: the endpoint is gone']),
    );
    t.like(await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary }), { deliveries: 0 });
  });

  test(`${name}: an engine that runs by itself stops sending to an endpoint that is gone, too`, async (t) => {
    const receiver = await startReceiver(t, () => 410);
    const { engine, told } = await startForReal(t, make(t), { laneConcurrency: 1, pollEveryMs: 300_000 });
    await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    const cancelled = new Promise<void>((resolve) => {
      engine.events.on('delivery:cancelled', () => {
        if (toldAs(told, 'delivery:cancelled').length === 19) resolve();
      });
    });
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: { id: n } })),
    );
    await cancelled;
    await engine.stop();
    t.is(receiver.arrived.length, 1);
    t.deepEqual(engine.lanes.list(), []);
  });
}

test('a redirect is a failure and is not followed', async (t) => {
  const receiver = await startReceiver(t, ({ path }) =>
    path === '/' ? { status: 307, headers: { location: receiver.url('/elsewhere') } } : 200,
  );
  const { engine, told } = await startByHand(t, sqlite.make(t));
  await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
  await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
  t.like(await engine.deliverDue(), { retried: 1 });
  t.is(toldAs(told, 'delivery:retrying')[0]?.outcome.reason, 'HTTP 307 (redirects are not followed)');
  t.deepEqual(receiver.bodies('/elsewhere'), []);
});

test('no answer in time, a refused connection and a broken one are failures in words, retried on the schedule', async (t) => {
  const receiver = await startReceiver(t, ({ path }) => (path === '/never' ? 'never' : 200));
  const closed = createServer();
  await new Promise<void>((resolve) => {
    closed.listen(0, '127.0.0.1', resolve);
  });
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => {
    closed.close(resolve);
  });
  const { engine, told } = await startByHand(t, sqlite.make(t), {
    transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'], totalMs: 150 })],
  });
  for (const url of [receiver.url('/never'), `http://127.0.0.1:${port}/refused`]) {
    await engine.subscriptions.create({ accountId: 7, url, topic: 'sub_tag(3)' });
  }
  await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
  await engine.deliverDue();
  t.deepEqual(
    toldAs(told, 'delivery:retrying')
      .map(({ outcome: { reason, status, retryInMs } }) => ({ reason, status, retryInMs }))
      .toSorted((a, b) => a.reason.localeCompare(b.reason)),
    [
      { reason: 'connection refused', status: 0, retryInMs: 5 * second },
      { reason: 'no answer within 150 ms', status: 0, retryInMs: 5 * second },
    ],
  );
});
