import test from 'ava';
import { delivered, failed, mary, scriptedTransport, startByHand, toldAs } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const minute = 60_000;
const account = 7;
const health = {
  suspendAfterFailures: 1,
  suspendAfterMs: 0,
  probeEveryMs: 60 * minute,
  unsubscribeAfterMs: 30 * 24 * 60 * minute,
};
const retry = { scheduleMs: Array.from({ length: 100 }, () => minute), jitter: 0 };

for (const { name, make } of storages) {
  test(`${name}: what a suspended subscription holds beyond its bounds is cancelled and told, and the rest flows oldest first`, async (t) => {
    const transport = scriptedTransport(() => failed('endpoint', 'HTTP 500', { status: 500 }));
    const { engine, clock, told } = await startByHand(t, make(t), {
      transports: [transport],
      health,
      retry,
      held: { maxPerLane: 5, maxAgeMs: 24 * 60 * minute },
      laneConcurrency: 1,
    });
    const { id } = await engine.subscriptions.create({ accountId: account, url: 'script:x', topic: 'sub_tag(3)' });
    const healthy = await engine.subscriptions.create({ accountId: account, url: 'script:x', topic: 'sub_tag(4)' });
    const emit = async (record: number, topic: 'sub_tag(3)' | 'sub_tag(4)' = 'sub_tag(3)'): Promise<void> => {
      clock.move(1);
      await engine.emit(topic, { accountId: account, objectType: 0, record: { ...mary, id: record } });
    };
    await emit(1);
    await engine.deliverDue();
    t.is((await engine.subscriptions.get(account, id)).health, 'suspended');
    for (let record = 2; record <= 9; record += 1) await emit(record);
    clock.move(10 * minute);
    await engine.deliverDue();
    t.deepEqual(
      toldAs(told, 'subscription:cut').map((cut) => ({ id: cut.subscription.id, tooMany: cut.tooMany, tooOld: cut.tooOld })),
      [{ id, tooMany: 4, tooOld: 0 }],
    );
    t.is((await engine.deliveries.list(account)).total, 5);

    transport.result = () => delivered;
    await emit(99, 'sub_tag(4)');
    clock.move(60 * minute);
    const before = transport.sent.length;
    await engine.deliverDue();
    const sent = transport.sent.slice(before).map(({ body }) => Number(new URLSearchParams(body).get('data[id]')));
    const order = sent.filter((record) => record !== 99);
    t.is((await engine.subscriptions.get(account, id)).health, 'healthy');
    // The first one was tried before: second attempts have turns of their own.
    t.deepEqual(
      order.filter((record) => record !== 1),
      [6, 7, 8, 9],
    );
    t.is(order.filter((record) => record === 1).length, 1);
    t.is((await engine.subscriptions.get(account, healthy.id)).health, 'healthy');
    const { rows } = await engine.deliveries.attempts(account, {
      where: { kind: 'compare', field: 'outcome', operator: '=', value: 'cancelled' },
    });
    t.is(rows.length, 4);
    for (const { deliveryId, reason } of rows) {
      t.is(reason, 'held while its subscription was closed, beyond the newest 5');
      t.like(await engine.explain.delivery(account, deliveryId), { state: 'cancelled', because: reason });
      await engine.deliveries.replay(account, deliveryId);
    }
    const replayed = transport.sent.length;
    await engine.deliverDue();
    t.is(transport.sent.length, replayed + 4, 'what was cut can be sent again');
  });
}
