import test from 'ava';
import {
  delivered as accepted,
  failed,
  mary,
  noon,
  scriptedTransport,
  startByHand,
  startForReal,
  startReceiver,
  toldAs,
  type Receiver,
  type Running,
} from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

const health = {
  suspendAfterFailures: 3,
  suspendAfterMs: 10 * minute,
  probeEveryMs: 15 * minute,
  unsubscribeAfterMs: 2 * hour,
};
const retry = { scheduleMs: Array.from({ length: 100 }, () => 5 * minute), jitter: 0 };
const account = 7;

/** Subscribes to an endpoint that fails, and lets it fail until it is suspended: at 0, 5 and 10 minutes. */
async function suspend({ engine, clock }: Running, receiver: Receiver): Promise<number> {
  receiver.answer = () => ({ status: 500, body: 'oops' });
  const { id } = await engine.subscriptions.create({ accountId: account, url: receiver.url('/'), topic: 'sub_tag(3)' });
  await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: { ...mary, id: 1 } });
  for (const wait of [0, 5 * minute, 5 * minute]) {
    clock.move(wait);
    await engine.deliverDue();
  }
  return id;
}

const idsOf = (bodies: readonly string[]) => bodies.map((body) => Number(new URLSearchParams(body).get('data[id]')));

for (const { name, make } of storages) {
  test(`${name}: an endpoint that fails too often for long enough is suspended, and it is told why and what comes next`, async (t) => {
    const receiver = await startReceiver(t);
    const running = await startByHand(t, make(t), { health, retry });
    const { engine, told } = running;
    const id = await suspend(running, receiver);

    t.deepEqual(
      toldAs(told, 'subscription:failing').map(({ reason, next }) => ({ reason, next })),
      [
        {
          reason: 'its last attempt failed',
          next: 'suspended after 3 failures in a row over 10 minutes (1 so far); healthy again at the first good answer',
        },
      ],
    );
    const [notice, ...others] = toldAs(told, 'subscription:suspended');
    t.deepEqual(others, []);
    t.is(notice?.reason, 'too many errors: 3 in a row over 10 minutes');
    t.is(
      notice?.next,
      'its events are kept; one delivery is tried every 15 minutes, and a good answer lets all of them flow; unsubscribed at 2026-01-15T14:10:00.000Z otherwise',
    );
    const subscription = await engine.subscriptions.get(account, id);
    t.deepEqual(notice?.subscription, subscription);
    t.like(subscription, {
      health: 'suspended',
      healthReason: 'too many errors: 3 in a row over 10 minutes',
      healthSince: noon + 10 * minute,
      consecutiveFailures: 3,
      failingSince: noon,
      pausedUntil: noon + 25 * minute,
    });
    t.is(notice?.next, engine.subscriptions.next(subscription));
  });

  test(`${name}: many failures within a short time do not suspend`, async (t) => {
    const receiver = await startReceiver(t, () => 500);
    const { engine, clock, told } = await startByHand(t, make(t), { health, retry });
    await engine.subscriptions.create({ accountId: account, url: receiver.url('/'), topic: 'sub_tag(3)' });
    for (let id = 0; id < 50; id += 1) await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: { id } });
    await engine.deliverDue();
    clock.move(5 * minute);
    await engine.deliverDue();
    t.is(receiver.arrived.length, 100);
    t.deepEqual(toldAs(told, 'subscription:suspended'), []);
    receiver.answer = () => 200;
    clock.move(5 * minute);
    await engine.deliverDue();
    t.is(toldAs(told, 'subscription:recovered').length, 1);
    t.is((await engine.subscriptions.list(account)).rows[0]?.consecutiveFailures, 0);
  });

  test(`${name}: while suspended, events are kept and one delivery at a time is tried, the oldest due`, async (t) => {
    const receiver = await startReceiver(t);
    const running = await startByHand(t, make(t), { health, retry });
    const { engine, clock } = running;
    await suspend(running, receiver);
    for (const id of [2, 3, 4]) {
      clock.move(1);
      t.like(await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: { id } }), { deliveries: 1 });
    }
    t.is((await engine.deliveries.list(account)).total, 4);
    const before = receiver.arrived.length;
    clock.move(15 * minute - 4);
    await engine.deliverDue();
    t.is(receiver.arrived.length, before, 'nothing is sent between two probes');

    const probed: number[] = [];
    clock.move(1);
    for (let probe = 0; probe < 4; probe += 1) {
      const sent = receiver.arrived.length;
      t.deepEqual(await engine.deliverDue(), { delivered: 0, retried: 1, failed: 0, cancelled: 0 });
      probed.push(...idsOf(receiver.arrived.slice(sent).map(({ body }) => body)));
      clock.move(15 * minute - 1);
      t.like(await engine.deliverDue(), { retried: 0 });
      clock.move(1);
    }
    // The first one was due again only 15 minutes after its last attempt, when the others had waited for long.
    t.deepEqual(probed, [2, 3, 4, 1]);
    const { rows } = await engine.deliveries.attempts(account);
    t.is(rows[0]?.reason, 'HTTP 500 (probe of a suspended subscription)');
    t.true(
      (await engine.deliveries.list(account)).rows.every(({ failures }) => failures <= 3),
      'probes count against no delivery',
    );
  });

  test(`${name}: when a probe is answered, what was held flows in order, and it is healthy again`, async (t) => {
    const receiver = await startReceiver(t);
    const running = await startByHand(t, make(t), { health, retry, laneConcurrency: 1 });
    const { engine, clock, told } = running;
    const id = await suspend(running, receiver);
    for (let record = 2; record <= 30; record += 1) {
      clock.move(second);
      await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: { id: record } });
    }
    const before = receiver.arrived.length;
    receiver.answer = () => 200;
    clock.move(15 * minute);
    t.like(await engine.deliverDue(), { delivered: 30 });
    const order = idsOf(receiver.arrived.slice(before).map(({ body }) => body));
    t.deepEqual(
      order.filter((record) => record !== 1),
      Array.from({ length: 29 }, (_, index) => index + 2),
    );
    t.is(new Set(order).size, 30);
    t.like(toldAs(told, 'subscription:recovered')[0], { reason: '', next: '', subscription: { id, health: 'healthy' } });
    t.like(await engine.subscriptions.get(account, id), {
      health: 'healthy',
      consecutiveFailures: 0,
      failingSince: null,
      pausedUntil: null,
    });
    t.is((await engine.deliveries.list(account)).total, 0);
  });

  test(`${name}: one that stays suspended for too long is unsubscribed, and what waits is cancelled with the reason`, async (t) => {
    const receiver = await startReceiver(t);
    const running = await startByHand(t, make(t), { health, retry });
    const { engine, clock, told } = running;
    const id = await suspend(running, receiver);
    for (const record of [2, 3]) await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: { id: record } });
    for (let waited = 0; waited < 2 * hour; waited += 15 * minute) {
      t.is((await engine.subscriptions.get(account, id)).health, 'suspended', `after ${waited} ms`);
      clock.move(15 * minute);
      await engine.deliverDue();
    }
    const reason = 'suspended for 2 hours and every probe failed';
    // What waits for its next attempt is cancelled when that would be due.
    clock.move(15 * minute);
    await engine.deliverDue();
    t.like(toldAs(told, 'subscription:unsubscribed')[0], { reason, subscription: { id, health: 'unsubscribed' } });
    t.deepEqual(
      toldAs(told, 'delivery:cancelled').map(({ outcome }) => outcome.reason),
      [reason, reason, reason],
    );
    await t.throwsAsync(async () => engine.subscriptions.get(account, id), { code: 'not_found' });
    t.is((await engine.deliveries.list(account)).total, 0);
    const ended = await engine.deliveries.attempts(account, {
      where: { kind: 'compare', field: 'outcome', operator: '=', value: 'cancelled' },
    });
    t.deepEqual(
      ended.rows.map(({ reason: why, number, nextAttemptAt }) => ({ why, number, nextAttemptAt })),
      Array.from({ length: 3 }, () => ({ why: reason, number: 0, nextAttemptAt: null })),
    );
    const sent = receiver.arrived.length;
    t.like(await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: mary }), { deliveries: 0 });
    clock.move(365 * 24 * hour);
    await engine.deliverDue();
    t.is(receiver.arrived.length, sent);
  });

  test(`${name}: no probe comes before the time that the endpoint asked for`, async (t) => {
    const receiver = await startReceiver(t, () => ({ status: 503, headers: { 'retry-after': '7200' } }));
    const { engine, clock, told } = await startByHand(t, make(t), {
      health: { ...health, suspendAfterFailures: 1, suspendAfterMs: 0 },
      retry,
    });
    await engine.subscriptions.create({ accountId: account, url: receiver.url('/'), topic: 'sub_tag(3)' });
    await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: mary });
    await engine.deliverDue();
    t.like(toldAs(told, 'subscription:suspended')[0]?.subscription, { pausedUntil: noon + 2 * hour });
    clock.move(2 * hour - 1);
    await engine.deliverDue();
    t.is(receiver.arrived.length, 1);
    clock.move(1);
    await engine.deliverDue();
    t.is(receiver.arrived.length, 2);
  });

  test(`${name}: the steps are told in order, and each of them once`, async (t) => {
    const receiver = await startReceiver(t);
    const running = await startByHand(t, make(t), { health, retry });
    await suspend(running, receiver);
    for (let waited = 0; waited < 2 * hour; waited += 15 * minute) {
      running.clock.move(15 * minute);
      await running.engine.deliverDue();
    }
    t.deepEqual(
      running.told.map((one) => one.name).filter((one) => one.startsWith('subscription:')),
      [
        'subscription:created',
        'subscription:failing',
        'subscription:warning',
        'subscription:suspended',
        'subscription:warning',
        'subscription:unsubscribed',
      ],
    );
  });

  test(`${name}: its owner is warned half-way to each step and before it, once each, with what happens next`, async (t) => {
    const receiver = await startReceiver(t, () => 500);
    const { engine, clock, told } = await startByHand(t, make(t), {
      health: {
        suspendAfterFailures: 10,
        suspendAfterMs: 45 * minute,
        probeEveryMs: 5 * minute,
        unsubscribeAfterMs: 100 * minute,
      },
      retry,
    });
    const { id } = await engine.subscriptions.create({ accountId: account, url: receiver.url('/'), topic: 'sub_tag(3)' });
    await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: mary });
    for (let waited = 0; waited <= 150 * minute; waited += 5 * minute) {
      await engine.deliverDue();
      clock.move(5 * minute);
    }
    t.deepEqual(
      toldAs(told, 'subscription:warning').map(({ stage, reason }) => [stage, reason]),
      [
        ['half-way', 'half-way to being suspended: 6 failures in a row over 25 minutes'],
        ['half-way', 'too many errors: 10 in a row over 45 minutes; half-way to being unsubscribed'],
        ['last', 'too many errors: 10 in a row over 45 minutes; about to be unsubscribed'],
      ],
    );
    t.is(toldAs(told, 'subscription:warning')[1]?.subscription.id, id);
    t.is(toldAs(told, 'subscription:unsubscribed').length, 1);
  });

  test(`${name}: an engine that runs by itself lets everything flow at once when a probe is answered`, async (t) => {
    const receiver = await startReceiver(t, () => 500);
    const { engine, told } = await startForReal(t, make(t), {
      health: { suspendAfterFailures: 1, suspendAfterMs: 0, probeEveryMs: 100 },
      pollEveryMs: 300_000,
    });
    await engine.subscriptions.create({ accountId: account, url: receiver.url('/'), topic: 'sub_tag(3)' });
    const suspended = new Promise((resolve) => {
      engine.events.once('subscription:suspended', resolve);
    });
    await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: { id: 0 } });
    await suspended;
    for (let id = 1; id <= 60; id += 1) await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: { id } });
    const delivered = new Promise<void>((resolve) => {
      engine.events.on('delivery:delivered', () => {
        if (toldAs(told, 'delivery:delivered').length === 60) resolve();
      });
    });
    receiver.answer = () => 200;
    await delivered;
    t.is(toldAs(told, 'subscription:recovered').length, 1);
  });

  test(`${name}: what is emitted when a probe is due is no further one`, async (t) => {
    t.timeout(20_000);
    const probeEveryMs = 60_000;
    let moved = 0;
    const transport = scriptedTransport(() => accepted);
    const { engine, told } = await startForReal(t, make(t), {
      transports: [transport],
      health: { suspendAfterFailures: 1, suspendAfterMs: 0, probeEveryMs },
      pollEveryMs: 300_000,
      now: () => Date.now() + moved,
      monotonicNow: () => performance.now() + moved,
    });
    await engine.subscriptions.create({ accountId: account, url: 'script:x', topic: 'sub_tag(3)' });
    const emit = async () => engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: { id: 1 } });
    const suspended = new Promise((resolve) => {
      engine.events.once('subscription:suspended', resolve);
    });
    // So many good answers that, after a failure as well, more than one request may be under way.
    for (const delivered of [2, 5]) {
      await Promise.all(Array.from({ length: delivered === 2 ? 2 : 3 }, emit));
      while (toldAs(told, 'delivery:delivered').length < delivered) await new Promise(setImmediate);
    }
    transport.result = () => failed('endpoint', 'HTTP 500', { status: 500 });
    await emit();
    await suspended;
    const answers: (() => void)[] = [];
    transport.result = async () =>
      new Promise((resolve) => {
        answers.push(() => resolve(accepted));
      });
    t.teardown(() => {
      transport.result = () => accepted;
      for (const answer of answers) answer();
    });
    moved = probeEveryMs + 1;
    await Promise.all(Array.from({ length: 5 }, emit));
    while (answers.length === 0) await new Promise(setImmediate);
    for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
    t.is(answers.length, 1);
  });

  test(`${name}: there is never more than one probe, whatever is emitted while it is in flight`, async (t) => {
    const receiver = await startReceiver(t, () => 500);
    const { engine } = await startForReal(t, make(t), {
      health: { suspendAfterFailures: 1, suspendAfterMs: 0, probeEveryMs: 50 },
      pollEveryMs: 10,
    });
    const { id } = await engine.subscriptions.create({ accountId: account, url: receiver.url('/'), topic: 'sub_tag(3)' });
    const suspended = new Promise((resolve) => {
      engine.events.once('subscription:suspended', resolve);
    });
    await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: { id: 0 } });
    await suspended;
    const probing = new Promise<void>((resolve) => {
      receiver.answer = ({ path }) => {
        if (path === '/other') return 200;
        resolve();
        return 'never';
      };
    });
    await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: { id: 1 } });
    await probing;
    const sent = receiver.arrived.length;
    // A lane of its own, to see when the engine has had its turns.
    await engine.subscriptions.create({ accountId: account, url: receiver.url('/other'), topic: 'sub_tag(4)' });
    for (let turn = 1; turn <= 20; turn += 1) {
      await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: { id: turn + 1 } });
      await engine.emit('sub_tag(4)', { accountId: account, objectType: 0, record: { id: turn } });
      await receiver.until(() => receiver.bodies('/other').length === turn);
    }
    t.is(receiver.arrived.filter(({ path }) => path === '/').length, sent);
    t.like(
      engine.lanes.list().find(({ subscriptionId }) => subscriptionId === id),
      { inFlight: 1, waiting: 0 },
    );
    await receiver.close();
  });
}
