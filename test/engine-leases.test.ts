import type { StorageAdapter } from '@hookwell/core';
import test from 'ava';
import {
  delivered,
  failed,
  mary,
  scriptedTransport,
  slowTransport,
  startByHand,
  startForReal,
  toldAs,
  type Running,
} from './engine-fixture.ts';
import { sharedStorages, storages } from './engine-storages.ts';

const emission = { accountId: 7, objectType: 0, record: mary } as const;
const wish = { accountId: 7, url: 'script:x', topic: 'sub_tag(3)' } as const;
const leaseMs = 60_000;

for (const { name, makePlace } of sharedStorages) {
  for (const late of ['delivered', 'failed'] as const) {
    test(`${name}: a lease that runs out lets a second engine take over; the late result of the first (${late}) is told and not written`, async (t) => {
      const open = makePlace(t);
      const slow = slowTransport();
      const first = await startByHand(t, open(), { transports: [slow.transport] });
      const quick = scriptedTransport();
      const { now, monotonicNow } = first.clock;
      const second = await startByHand(t, open(), { transports: [quick], now, monotonicNow });
      const { id } = await first.engine.subscriptions.create(wish);
      await first.engine.emit('sub_tag(3)', emission);
      const delivering = first.engine.deliverDue();
      await slow.sent(1);

      first.clock.move(leaseMs - 1);
      t.like(await second.engine.deliverDue(), { delivered: 0 });
      t.is(quick.sent.length, 0, 'the lease still holds');
      first.clock.move(1);
      t.like(await second.engine.deliverDue(), { delivered: 1 });
      t.is(quick.sent[0]?.deliveryId, slow.transport.sent[0]?.deliveryId);

      slow.answers[0]?.(late === 'delivered' ? delivered : failed('gone', 'HTTP 410', { status: 410 }));
      t.deepEqual(await delivering, { delivered: 0, retried: 0, failed: 0, cancelled: 0 });
      t.like(toldAs(first.told, 'delivery:superseded'), [
        { outcome: { deliveryId: quick.sent[0]?.deliveryId, outcome: late }, subscription: { id } },
      ]);
      t.deepEqual([...toldAs(first.told, 'delivery:delivered'), ...toldAs(first.told, 'delivery:failed')], []);
      t.is((await second.engine.deliveries.attempts(7)).total, 1);
      t.is((await second.engine.deliveries.list(7)).total, 0);
      t.like(await second.engine.subscriptions.get(7, id), { health: 'healthy', consecutiveFailures: 0 });
    });
  }

  test(`${name}: a late result is told and not written while a second engine still sends the same delivery`, async (t) => {
    const open = makePlace(t);
    const [slow, slower] = [slowTransport(), slowTransport()];
    const first = await startByHand(t, open(), { transports: [slow.transport] });
    const { now, monotonicNow } = first.clock;
    const second = await startByHand(t, open(), { transports: [slower.transport], now, monotonicNow });
    t.teardown(() => [...slow.answers, ...slower.answers].forEach((answer) => answer(delivered)));
    const { id } = await first.engine.subscriptions.create(wish);
    await first.engine.emit('sub_tag(3)', emission);
    const delivering = first.engine.deliverDue();
    await slow.sent(1);
    first.clock.move(leaseMs);
    const again = second.engine.deliverDue();
    await slower.sent(1);
    slow.answers[0]?.(failed('gone', 'HTTP 410', { status: 410 }));
    t.deepEqual(await delivering, { delivered: 0, retried: 0, failed: 0, cancelled: 0 });
    t.is(toldAs(first.told, 'delivery:superseded').length, 1);
    t.like(await first.engine.subscriptions.get(7, id), { health: 'healthy', consecutiveFailures: 0 });
    t.is((await first.engine.deliveries.list(7)).rows[0]?.abandonments, 1);
    slower.answers[0]?.(delivered);
    t.like(await again, { delivered: 1 });
    t.deepEqual(
      (await second.engine.deliveries.attempts(7)).rows.map(({ outcome }) => outcome),
      ['delivered'],
    );
  });

  test(`${name}: what was sent from memory as soon as it was stored is under a lease, too`, async (t) => {
    const open = makePlace(t);
    const slow = slowTransport();
    let moved = 0;
    const now = (): number => Date.now() + moved;
    const first = await startForReal(t, open(), { transports: [slow.transport], now });
    await first.engine.subscriptions.create(wish);
    await first.engine.emit('sub_tag(3)', emission);
    await slow.sent(1);
    const quick = scriptedTransport();
    const second = await startByHand(t, open(), { transports: [quick], now });
    t.like((await second.engine.deliveries.list(7)).rows[0], { attempts: 0, abandonments: 0 });
    await second.engine.deliverDue();
    t.is(quick.sent.length, 0);
    moved = leaseMs;
    t.like(await second.engine.deliverDue(), { delivered: 1 });
    slow.answers[0]?.(delivered);
    await first.engine.stop();
    t.is(toldAs(first.told, 'delivery:superseded').length, 1);
    t.is((await second.engine.deliveries.attempts(7)).total, 1);
  });
}

for (const { name, make } of storages) {
  test(`${name}: a late result is refused also when the same engine has claimed its delivery again`, async (t) => {
    const slow = slowTransport();
    let moved = 0;
    const now = (): number => Date.now() + moved;
    const { engine, told } = await startForReal(t, make(t), { transports: [slow.transport], leaseMs, pollEveryMs: 20, now });
    t.teardown(() => slow.answers.forEach((answer) => answer(delivered)));
    await engine.subscriptions.create(wish);
    const ended = (): number => toldAs(told, 'delivery:superseded').length + toldAs(told, 'delivery:delivered').length;
    // Two good answers, so that three requests may be under way.
    await Promise.all([engine.emit('sub_tag(3)', emission), engine.emit('sub_tag(3)', emission)]);
    await slow.sent(2);
    for (const answer of slow.answers) answer(delivered);
    while (ended() < 2) await new Promise(setImmediate);
    await engine.emit('sub_tag(3)', emission);
    // Sent from memory first, and then under two claims.
    for (const sent of [3, 4]) {
      await slow.sent(sent);
      moved += leaseMs;
    }
    await slow.sent(5);
    slow.answers[2]?.(delivered);
    slow.answers[3]?.(delivered);
    while (ended() < 4) await new Promise(setImmediate);
    t.is((await engine.deliveries.list(7)).total, 1);
    slow.answers[4]?.(failed('endpoint', 'HTTP 500', { status: 500 }));
    await engine.stop();
    t.is(toldAs(told, 'delivery:delivered').length, 2);
    t.is(toldAs(told, 'delivery:retrying').length, 1);
  });

  test(`${name}: a claim that waits too long in memory is handed back, and claimed anew before it is sent`, async (t) => {
    const storage = make(t);
    const calls: string[] = [];
    const watched: StorageAdapter = {
      ...storage,
      async claimDeliveries(request) {
        const result = await storage.claimDeliveries(request);
        if (result.claims.length > 0) calls.push(`claim ${result.claims.length}`);
        return result;
      },
      async releaseDeliveries(leases) {
        calls.push(`release ${leases.length}`);
        await storage.releaseDeliveries(leases);
      },
    };
    const slow = slowTransport();
    const { engine, clock } = await startByHand(t, watched, { transports: [slow.transport], laneConcurrency: 1, leaseMs });
    await engine.subscriptions.create(wish);
    for (let id = 0; id < 2; id += 1) await engine.emit('sub_tag(3)', { ...emission, record: { id } });
    const delivering = engine.deliverDue();
    await slow.sent(1);
    // 80 % of the lease, less twice the deadline of the transport, which is one second.
    clock.move(0.8 * leaseMs - 2_000 + 1);
    slow.answers[0]?.(delivered);
    await slow.sent(2);
    slow.answers[1]?.(delivered);
    t.like(await delivering, { delivered: 2 });
    t.deepEqual(calls, ['claim 2', 'release 1', 'claim 1']);
    t.is(slow.transport.sent.length, 2);
    t.true((await engine.deliveries.attempts(7)).rows.every(({ number }) => number === 1));
  });

  test(`${name}: an engine that runs by itself claims at once what it has handed back`, async (t) => {
    const slow = slowTransport();
    let moved = 0;
    const { engine, told } = await startForReal(t, make(t), {
      transports: [slow.transport],
      laneConcurrency: 1,
      leaseMs,
      pollEveryMs: 300_000,
      monotonicNow: () => performance.now() + moved,
    });
    await engine.subscriptions.create(wish);
    for (let id = 0; id < 2; id += 1) await engine.emit('sub_tag(3)', { ...emission, record: { id } });
    await slow.sent(1);
    moved = 0.8 * leaseMs - 2_000 + 1;
    slow.answers[0]?.(delivered);
    await slow.sent(2);
    slow.answers[1]?.(delivered);
    await engine.stop();
    t.is(toldAs(told, 'delivery:delivered').length, 2);
  });

  test(`${name}: a claim that waits just short of that is sent`, async (t) => {
    const slow = slowTransport();
    let released = 0;
    const storage = make(t);
    const { engine, clock } = await startByHand(
      t,
      {
        ...storage,
        async releaseDeliveries(leases) {
          released += leases.length;
          await storage.releaseDeliveries(leases);
        },
      },
      { transports: [slow.transport], laneConcurrency: 1, leaseMs },
    );
    await engine.subscriptions.create(wish);
    for (let id = 0; id < 2; id += 1) await engine.emit('sub_tag(3)', { ...emission, record: { id } });
    const delivering = engine.deliverDue();
    await slow.sent(1);
    clock.move(0.8 * leaseMs - 2_000);
    slow.answers[0]?.(delivered);
    await slow.sent(2);
    slow.answers[1]?.(delivered);
    await delivering;
    t.is(released, 0);
  });

  test(`${name}: a delivery whose sender ends each time without an outcome is put into quarantine, and its neighbour is not`, async (t) => {
    const storage = make(t);
    const transport = scriptedTransport();
    const { engine, clock, told }: Running = await startByHand(t, storage, { transports: [transport] });
    await engine.subscriptions.create(wish);
    await engine.emit('sub_tag(3)', { ...emission, record: { id: 'deadly' } });
    // What five processes leave behind that are killed in the middle: a claim, and no outcome.
    for (let killed = 0; killed < 5; killed += 1) {
      const request = { fence: `f${killed}`, leaseMs, limit: 1, perLane: 1, lanes: new Map<number, number>(), after: 0 };
      t.is((await storage.claimDeliveries(request)).claims.length, 1);
      clock.move(leaseMs);
    }
    await engine.emit('sub_tag(3)', { ...emission, record: { id: 'harmless' } });
    t.deepEqual(await engine.deliverDue(), { delivered: 1, retried: 0, failed: 1, cancelled: 0 });
    t.deepEqual(
      transport.sent.map(({ body }) => new URLSearchParams(body).get('data[id]')),
      ['harmless'],
    );
    t.like(toldAs(told, 'delivery:failed')[0]?.outcome, {
      reason: 'quarantined: 5 times its sender ended without an outcome',
      number: 0,
    });
  });
}
