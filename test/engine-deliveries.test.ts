import type { TransportResult } from '@hookwell/core';
import test from 'ava';
import {
  catalog,
  delivered,
  failed,
  mary,
  noon,
  scriptedTransport,
  startByHand,
  startForReal,
  startReceiver,
  toldAs,
} from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const emission = { accountId: 7, objectType: 0, record: mary } as const;
const wish = { accountId: 7, url: 'script:x', topic: 'sub_tag(3)' } as const;

for (const { name, make } of storages) {
  test(`${name}: a delivery that was delivered is sent again under its old id, and logged as a further attempt`, async (t) => {
    const transport = scriptedTransport();
    const { engine } = await startByHand(t, make(t), { transports: [transport] });
    await engine.subscriptions.create(wish);
    await engine.emit('sub_tag(3)', emission);
    await engine.deliverDue();
    const id = transport.sent[0]?.deliveryId ?? '';
    await engine.deliveries.replay(7, id);
    t.like((await engine.deliveries.list(7)).rows, [{ id, attempts: 1, failures: 0, dueAt: noon, fence: null }]);
    t.like(await engine.deliverDue(), { delivered: 1 });
    t.is(transport.sent[1]?.deliveryId, id);
    t.is(transport.sent[1]?.body, transport.sent[0]?.body);
    t.deepEqual(
      (await engine.deliveries.attempts(7)).rows.map(({ deliveryId, number }) => [deliveryId, number]),
      [
        [id, 2],
        [id, 1],
      ],
    );
  });

  test(`${name}: a delivery that failed is sent again with the whole schedule before it`, async (t) => {
    const transport = scriptedTransport(() => failed('endpoint', 'HTTP 500', { status: 500 }));
    const { engine, clock, told } = await startByHand(t, make(t), { transports: [transport], retry: { scheduleMs: [1_000] } });
    await engine.subscriptions.create(wish);
    await engine.emit('sub_tag(3)', emission);
    await engine.deliverDue();
    clock.move(1_000);
    await engine.deliverDue();
    const id = transport.sent[0]?.deliveryId ?? '';
    await engine.deliveries.replay(7, id);
    t.like(await engine.deliverDue(), { retried: 1, failed: 0 });
    clock.move(1_000);
    t.like(await engine.deliverDue(), { failed: 1 });
    t.deepEqual(
      toldAs(told, 'delivery:failed').map(({ outcome }) => outcome.number),
      [2, 4],
    );
  });

  test(`${name}: an engine that runs by itself sends a replayed delivery at once`, async (t) => {
    const receiver = await startReceiver(t);
    const { engine } = await startForReal(t, make(t), { pollEveryMs: 300_000 });
    await engine.subscriptions.create({ ...wish, url: receiver.url('/') });
    const done = new Promise<string>((resolve) => {
      engine.events.once('delivery:delivered', ({ outcome }) => resolve(outcome.deliveryId));
    });
    await engine.emit('sub_tag(3)', emission);
    await engine.deliveries.replay(7, await done);
    await receiver.until(() => receiver.arrived.length === 2);
    t.is(receiver.arrived[1]?.headers['webhook-id'], await done);
  });

  test(`${name}: what cannot be sent again or cancelled is refused as wrong_state, and nothing changes`, async (t) => {
    const answers: ((result: TransportResult) => void)[] = [];
    const transport = scriptedTransport(
      async () =>
        new Promise((resolve) => {
          answers.push(resolve);
        }),
    );
    const { engine } = await startByHand(t, make(t), { transports: [transport] });
    const { id: subscriptionId } = await engine.subscriptions.create(wish);
    await engine.emit('sub_tag(3)', emission);
    const id = (await engine.deliveries.list(7)).rows[0]?.id ?? '';
    const refused = {
      replay: {
        code: 'wrong_state',
        message: `Delivery "${id}" cannot be sent again: only a finished delivery can, while its event and its subscription are there.`,
      },
      cancel: {
        code: 'wrong_state',
        message: `Delivery "${id}" cannot be cancelled: only one that waits can, not one that is being sent or has ended.`,
      },
    };
    await t.throwsAsync(async () => engine.deliveries.replay(7, id), refused.replay, 'it waits');
    await t.throwsAsync(async () => engine.deliveries.cancel(8, id), refused.cancel, 'it is of another account');

    const delivering = engine.deliverDue();
    while (answers.length === 0) await new Promise(setImmediate);
    await t.throwsAsync(async () => engine.deliveries.replay(7, id), refused.replay, 'it is being sent');
    await t.throwsAsync(async () => engine.deliveries.cancel(7, id), refused.cancel, 'it is being sent');
    answers[0]?.(delivered);
    await delivering;
    await t.throwsAsync(async () => engine.deliveries.cancel(7, id), refused.cancel, 'it has ended');
    await t.throwsAsync(async () => engine.deliveries.replay(8, id), refused.replay, 'it is of another account');
    await t.throwsAsync(async () => engine.deliveries.replay(7, 'unknown'), { code: 'wrong_state', message: /"unknown"/ });
    await t.throwsAsync(async () => engine.deliveries.cancel(7, 'unknown'), { code: 'wrong_state', message: /"unknown"/ });
    await engine.subscriptions.remove(7, subscriptionId);
    await t.throwsAsync(async () => engine.deliveries.replay(7, id), refused.replay, 'its subscription ended');
    t.is((await engine.deliveries.attempts(7)).total, 1);
    t.is(transport.sent.length, 1);
  });

  test(`${name}: a delivery that waits is cancelled, once, with the reason in the log, and can be sent again`, async (t) => {
    const transport = scriptedTransport();
    const { engine } = await startByHand(t, make(t), { transports: [transport] });
    await engine.subscriptions.create(wish);
    for (let n = 0; n < 2; n += 1) await engine.emit('sub_tag(3)', emission);
    const [first, second] = (await engine.deliveries.list(7)).rows;
    await engine.deliveries.cancel(7, first?.id ?? '');
    await engine.deliveries.cancel(7, second?.id ?? '', 'sent by hand');
    t.like(await engine.deliverDue(), { delivered: 0, cancelled: 0 });
    t.deepEqual(
      (await engine.deliveries.attempts(7)).rows.map(({ outcome, reason, number }) => ({ outcome, reason, number })),
      [
        { outcome: 'cancelled', reason: 'sent by hand', number: 0 },
        { outcome: 'cancelled', reason: 'cancelled by the account', number: 0 },
      ],
    );
    await engine.deliveries.replay(7, first?.id ?? '');
    t.like(await engine.deliverDue(), { delivered: 1 });
    t.is(transport.sent[0]?.deliveryId, first?.id);
  });

  test(`${name}: bodies are what was sent, for events that are stored, and empty for all others`, async (t) => {
    const receiver = await startReceiver(t);
    const { engine } = await startByHand(t, make(t), {
      plugins: [
        {
          name: 'poison',
          compose(_payload, { event }) {
            if (event.record['id'] === 13) throw new Error('cannot render 13');
            return undefined;
          },
        },
      ],
    });
    const subscription = await engine.subscriptions.create({ ...wish, url: receiver.url('/'), format: 'lightweight' });
    const { id: eventId } = await engine.emit('sub_tag(3)', emission);
    const poisoned = await engine.emit('sub_tag(3)', { ...emission, record: { id: 13 } });
    const foreign = await engine.emit('sub_tag(3)', { ...emission, accountId: 8 });
    await engine.deliverDue();
    t.deepEqual(
      await engine.deliveries.bodies(
        7,
        [eventId, 'unknown', poisoned.id, foreign.id, eventId].map((id) => ({ subscription, eventId: id })),
      ),
      [receiver.bodies('/')[0], '', '', '', receiver.bodies('/')[0]],
    );
    t.deepEqual(await engine.deliveries.bodies(7, []), []);
  });
}

for (const { name, make } of storages) {
  test(`${name}: lists are those of one account, 50 rows of it unless the query says otherwise`, async (t) => {
    const transport = scriptedTransport(({ accountId }) => (accountId === '7' ? failed('endpoint', 'HTTP 500') : delivered));
    const { engine } = await startByHand(t, make(t), { transports: [transport] });
    for (const accountId of [7, 8]) {
      await engine.subscriptions.create({ ...wish, accountId });
      for (let id = 0; id < 60; id += 1) await engine.emit('sub_tag(3)', { accountId, objectType: 0, record: { id } });
    }
    await engine.deliverDue();
    const unfinished = await engine.deliveries.list(7);
    t.deepEqual([unfinished.total, unfinished.rows.length], [60, 50]);
    t.is((await engine.deliveries.list(8)).total, 0);
    const log = await engine.deliveries.attempts(8, { offset: 55, sort: { field: 'id', direction: 'asc' } });
    t.deepEqual([log.total, log.rows.length], [60, 5]);
    t.true(log.rows.every(({ accountId, outcome }) => accountId === '8' && outcome === 'delivered'));
    await t.throwsAsync(async () => engine.deliveries.list(''), { code: 'invalid_input' });
    t.is(engine.catalog, catalog);
  });
}
