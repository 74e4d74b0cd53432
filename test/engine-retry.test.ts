import test from 'ava';
import { mary, noon, sqlite, startByHand, startReceiver, toldAs } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
/** The documented default. */
const schedule = [5 * second, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour];
/** So many failures do not suspend it. */
const patient = { suspendAfterFailures: 1_000 };

for (const { name, make } of storages) {
  test(`${name}: a delivery that succeeds is attempted once, and nothing of it is left to do`, async (t) => {
    const receiver = await startReceiver(t);
    receiver.answer = () => ({ status: 202, body: 'thank you' });
    const { engine, clock, told } = await startByHand(t, make(t));
    const { id } = await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    const emitted = await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    t.deepEqual(await engine.deliverDue(), { delivered: 1, retried: 0, failed: 0, cancelled: 0 });
    clock.move(365 * 24 * hour);
    t.deepEqual(await engine.deliverDue(), { delivered: 0, retried: 0, failed: 0, cancelled: 0 });

    t.is(receiver.arrived.length, 1);
    t.is((await engine.deliveries.list(7)).total, 0);
    const { lastAttemptAt, lastStatus, lastEventId, health } = await engine.subscriptions.get(7, id);
    t.deepEqual(
      { lastAttemptAt, lastStatus, lastEventId, health },
      {
        lastAttemptAt: noon,
        lastStatus: 202,
        lastEventId: emitted.id,
        health: 'healthy',
      },
    );
    const [told1, ...others] = toldAs(told, 'delivery:delivered');
    t.like(told1, { outcome: { status: 202, answer: 'thank you', number: 1, startedAt: noon }, subscription: { id } });
    t.deepEqual(others, []);
  });

  test(`${name}: an endpoint that always fails is tried exactly on the schedule, and then the delivery fails`, async (t) => {
    const receiver = await startReceiver(t, () => ({ status: 500, body: 'oops' }));
    const { engine, clock, told } = await startByHand(t, make(t), { health: patient });
    await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });

    let sent = 1;
    let dueAt = noon;
    t.deepEqual(await engine.deliverDue(), { delivered: 0, retried: 1, failed: 0, cancelled: 0 });
    for (const wait of schedule) {
      dueAt += wait;
      t.like((await engine.deliveries.list(7)).rows[0], { attempts: sent, failures: sent, dueAt, fence: null });
      clock.move(wait - 1);
      await engine.deliverDue();
      t.is(receiver.arrived.length, sent, 'not a millisecond early');
      clock.move(1);
      await engine.deliverDue();
      sent += 1;
      t.is(receiver.arrived.length, sent, `after ${wait} ms`);
    }
    clock.move(365 * 24 * hour);
    t.deepEqual(await engine.deliverDue(), { delivered: 0, retried: 0, failed: 0, cancelled: 0 });
    t.is(receiver.arrived.length, 10);

    t.is(toldAs(told, 'delivery:retrying').length, 9);
    t.like(toldAs(told, 'delivery:failed')[0]?.outcome, { number: 10, reason: 'HTTP 500', status: 500, retryInMs: null });
    t.is((await engine.deliveries.list(7)).total, 0);
  });

  test(`${name}: the log tells each attempt: its number, why it failed, what was answered and when the next is due`, async (t) => {
    const receiver = await startReceiver(t, () => ({ status: 500, body: 'oops' }));
    const { engine, clock } = await startByHand(t, make(t), { retry: { scheduleMs: [second, minute] } });
    const { id } = await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    const emitted = await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    for (const wait of [0, second, minute]) {
      clock.move(wait);
      await engine.deliverDue();
    }
    const { rows, total } = await engine.deliveries.attempts(7, { sort: { field: 'id', direction: 'asc' } });
    t.is(total, 3);
    const shared = {
      subscriptionId: id,
      eventId: emitted.id,
      topic: 'sub_tag(3)',
      reason: 'HTTP 500',
      status: 500,
      answer: 'oops',
    };
    t.like(rows[0], { ...shared, number: 1, outcome: 'retry', startedAt: noon, nextAttemptAt: noon + second });
    t.like(rows[1], { ...shared, number: 2, outcome: 'retry', startedAt: noon + second, nextAttemptAt: noon + second + minute });
    t.like(rows[2], { ...shared, number: 3, outcome: 'failed', startedAt: noon + second + minute, nextAttemptAt: null });
    t.is(new Set(rows.map(({ deliveryId }) => deliveryId)).size, 1);
  });

  test(`${name}: every attempt of a delivery carries the same id, and the time of the attempt`, async (t) => {
    const receiver = await startReceiver(t, () => (receiver.arrived.length < 3 ? 500 : 200));
    const { engine, clock } = await startByHand(t, make(t));
    await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    for (const wait of [0, 5 * second, 5 * minute]) {
      clock.move(wait);
      await engine.deliverDue();
    }
    t.is(receiver.arrived.length, 3);
    t.is(new Set(receiver.arrived.map(({ headers }) => headers['webhook-id'])).size, 1);
    t.deepEqual(
      receiver.arrived.map(({ headers }) => Number(headers['webhook-timestamp']) * second - noon),
      [0, 5 * second, 5 * minute + 5 * second],
    );
    t.is(new Set(receiver.arrived.map(({ body }) => body)).size, 1);
  });
}

for (const [random, factor] of [
  [0, 0.9],
  [0.25, 0.95],
  [0.5, 1],
  [0.999_999_999, 1.1],
] as const) {
  test(`the random number ${random} makes every wait ${factor} times as long`, async (t) => {
    const receiver = await startReceiver(t, () => 500);
    const { engine, clock, told } = await startByHand(t, sqlite.make(t), {
      health: patient,
      random: () => random,
    });
    await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    for (const wait of [0, ...schedule]) {
      clock.move(Math.round(wait * factor));
      await engine.deliverDue();
    }
    t.deepEqual(
      toldAs(told, 'delivery:retrying').map(({ outcome }) => outcome.retryInMs),
      schedule.map((wait) => Math.round(wait * factor)),
    );
    t.is(toldAs(told, 'delivery:failed').length, 1);
  });
}

test('seeded random numbers spread the waits over ± 10 %, and the same seed gives the same waits', async (t) => {
  const waits = [await waitsWithSeed(1), await waitsWithSeed(1), await waitsWithSeed(2)];
  t.deepEqual(waits[0], waits[1]);
  t.notDeepEqual(waits[0], waits[2]);
  t.true(waits[0]?.every((wait) => wait >= 4_500 && wait <= 5_500));
  t.true(Math.min(...(waits[0] ?? [])) < 4_700 && Math.max(...(waits[0] ?? [])) > 5_300, String(waits[0]));

  async function waitsWithSeed(seed: number): Promise<readonly number[]> {
    const receiver = await startReceiver(t, () => 500);
    let state = seed;
    const random = (): number => {
      state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
      return state / 2 ** 32;
    };
    const { engine, told } = await startByHand(t, sqlite.make(t), { random });
    await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    for (let id = 0; id < 50; id += 1) await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: { id } });
    await engine.deliverDue();
    return toldAs(told, 'delivery:retrying').map(({ outcome }) => outcome.retryInMs as number);
  }
});
