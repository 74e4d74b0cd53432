import type { AccountRetention } from '@hookwell/core';
import test from 'ava';
import { delivered, failed, mary, scriptedTransport, sqlite, startByHand, toldAs } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const day = 86_400_000;
const minute = 60_000;
const emission = { accountId: 7, objectType: 0, record: mary } as const;
const wish = { accountId: 7, url: 'script:x', topic: 'sub_tag(3)' } as const;

for (const { name, make } of storages) {
  test(`${name}: an account keeps for as long as it has paid for, and what others have paid for changes nothing`, async (t) => {
    let plans: readonly AccountRetention[] = [{ accountId: 8, deliveredMs: 30 * day, failedMs: 30 * day }];
    const { engine, clock } = await startByHand(t, make(t), {
      transports: [scriptedTransport()],
      retention: { accounts: async () => plans },
    });
    for (const accountId of [7, 8]) {
      await engine.subscriptions.create({ ...wish, accountId });
      await engine.emit('sub_tag(3)', { ...emission, accountId });
    }
    const left = async () => {
      await engine.deliverDue();
      return [(await engine.deliveries.attempts(7)).total, (await engine.deliveries.attempts(8)).total];
    };
    t.deepEqual(await left(), [1, 1]);
    clock.move(8 * day);
    t.deepEqual(await left(), [0, 1]);
    plans = [];
    clock.move(minute);
    t.deepEqual(await left(), [0, 0]);
  });

  test(`${name}: answers and records go before the log does, and nothing of a record that is gone is sent again`, async (t) => {
    const transport = scriptedTransport(() => ({ ...delivered, answer: 'thanks' }));
    const { engine, clock } = await startByHand(t, make(t), {
      transports: [transport],
      retention: { answersMs: 0, recordsMs: day },
      leaseMs: minute,
    });
    const subscription = await engine.subscriptions.create(wish);
    const input = { ...emission, idempotencyKey: 'order 1' };
    const { id: eventId } = await engine.emit('sub_tag(3)', input);
    await engine.deliverDue();
    const look = async () => {
      await engine.deliverDue();
      const [line] = (await engine.deliveries.attempts(7)).rows;
      const [body] = await engine.deliveries.bodies(7, [{ subscription, eventId }]);
      return { deliveryId: line?.deliveryId ?? '', answer: line?.answer, hasBody: body !== '' };
    };
    const { deliveryId, ...first } = await look();
    t.deepEqual(first, { answer: 'thanks', hasBody: true });
    clock.move(minute + 1);
    t.like(await look(), { answer: '', hasBody: true });
    clock.move(day);
    t.like(await look(), { answer: '', hasBody: false });
    const { event, request } = await engine.deliveries.get(7, deliveryId);
    t.deepEqual(event?.record, { id: mary.id });
    t.is(request, null);
    await t.throwsAsync(engine.deliveries.replay(7, deliveryId), {
      message: `Delivery "${deliveryId}" cannot be sent again: the record of its event is no longer kept.`,
    });
    t.like(await engine.replays.preview(7, {}), { count: 0 });
    t.is((await engine.explain.event(7, eventId, subscription.id)).state, 'delivered');
    const other = await engine.subscriptions.create(wish);
    t.like(await engine.explain.event(7, eventId, other.id), { state: 'not_subscribed' });
    t.like(await engine.emit('sub_tag(3)', input), { id: eventId, duplicate: true });
    const record = { ...mary, id: 999 };
    await t.throwsAsync(engine.emit('sub_tag(3)', { ...input, record }), { code: 'idempotency_conflict' } as never);
    t.is(transport.sent.length, 1);
  });

  test(`${name}: a delivery that fails for longer than records are kept has its record until it ends`, async (t) => {
    const transport = scriptedTransport(() => failed('endpoint', 'HTTP 500'));
    const { engine, clock } = await startByHand(t, make(t), {
      transports: [transport],
      retention: { recordsMs: 0 },
      retry: { scheduleMs: [2 * day, 2 * day], jitter: 0 },
      health: { suspendAfterFailures: 1_000 },
      leaseMs: minute,
    });
    await engine.subscriptions.create(wish);
    await engine.emit('sub_tag(3)', emission);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await engine.deliverDue();
      clock.move(2 * day);
    }
    t.is(transport.sent.length, 3);
    t.deepEqual(new Set(transport.sent.map(({ body }) => body)).size, 1);
    await engine.deliverDue();
    const [line] = (await engine.deliveries.attempts(7)).rows;
    const { event } = await engine.deliveries.get(7, line?.deliveryId ?? '');
    t.deepEqual(event?.record, { id: mary.id });
    t.like(await engine.explain.delivery(7, line?.deliveryId ?? ''), {
      state: 'failed',
      next: 'it cannot be sent again: the record of its event is no longer kept',
    });
  });
}

test('accounts that are no accounts are refused, from the start or as they are told', async (t) => {
  const refused = (accounts: unknown, message: RegExp) => {
    const options = { transports: [scriptedTransport()], retention: { accounts: accounts as never } };
    return t.throwsAsync(startByHand(t, sqlite.make(t), options), { message });
  };
  await refused('all', /option "retention.accounts" is "all", and not a list of accounts/);
  await refused([{ accountId: 1, deliveredMS: 1 }], /"deliveredMS". Did you mean "deliveredMs"\?/);
  await refused([{ accountId: 1, failedMs: -1 }], /retention.accounts"\[0\]: option "failedMs" is -1/);
  await refused([{ accountId: 1 }, { accountId: '1' }], /has the account "1" twice/);
  await refused(
    Array.from({ length: 1_001 }, (_, accountId) => ({ accountId })),
    /has 1001 accounts, and may have 1000 at the most/,
  );
  const { engine, told, clock } = await startByHand(t, sqlite.make(t), {
    transports: [scriptedTransport()],
    retention: { accounts: () => [{ accountId: 1 }, { accountId: 1 }] },
  });
  await engine.subscriptions.create(wish);
  await engine.emit('sub_tag(3)', emission);
  await engine.deliverDue();
  clock.move(9 * day);
  await engine.deliverDue();
  t.is((await engine.deliveries.attempts(7)).total, 1, 'lines were forgotten although nobody knows which');
  t.like(toldAs(told, 'error')[0], { code: 'invalid_option' });
});
