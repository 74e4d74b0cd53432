import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Claim } from '../model/delivery.ts';
import type { Subscription } from '../model/subscription.ts';
import type { StorageAdapter } from '../storage-adapter.ts';
import { deliveryOf, everything, idsOf, storageCase } from './storage-checks.ts';
import type { StorageTrial } from './storage-trial.ts';

/** What is stored of an order. */
export interface Stored {
  readonly ids: readonly string[];
  readonly eventIds: readonly string[];
}

/** Stores a delivery for each key, one after the other; `plain` is none. Answers their ids and those of their events. */
export async function storeInOrder(
  trial: StorageTrial,
  lane: Subscription,
  keys: readonly string[],
  storage: StorageAdapter = trial.storage,
): Promise<Stored> {
  const stored = { ids: [] as string[], eventIds: [] as string[] };
  for (const key of keys) {
    const { deliveries, ...batch } = trial.batch([lane]);
    const [delivery] = deliveries;
    await storage.storeEvents({ ...batch, deliveries: [key === 'plain' ? delivery! : { ...delivery!, orderKey: key }] });
    stored.ids.push(delivery!.id);
    stored.eventIds.push(delivery!.eventId);
  }
  return stored;
}

/** Claims all that can be, and answers it. */
export async function claimAll(trial: StorageTrial, storage: StorageAdapter = trial.storage): Promise<readonly Claim[]> {
  return (await trial.claim({}, storage)).claims;
}

/** Claims one after the other and ends each, until nothing can be claimed; answers the ids in that order. */
export async function drain(trial: StorageTrial): Promise<readonly string[]> {
  const ids: string[] = [];
  for (;;) {
    const claims = await claimAll(trial);
    if (claims.length === 0) return ids;
    ids.push(...claims.map(({ id }) => id));
    await trial.record(...claims.map((claim) => trial.outcome(claim)));
  }
}

/** The promises about deliveries that keep an order. */
export const storageOrderCases = [
  storageCase('claimDeliveries takes the first of each order alone, and what keeps none beside it', async (trial) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    const other = await trial.subscribe({ ordering: 'subscription' });
    const { ids } = await storeInOrder(trial, lane, ['k', 'k', 'other', 'plain', 'k', 'plain']);
    const elsewhere = await storeInOrder(trial, other, ['k', 'k']);
    const claims = await claimAll(trial);
    const expected = [ids[0]!, ids[2]!, ids[3]!, ids[5]!, elsewhere.ids[0]!];
    deepEqual(idsOf(claims), expected.toSorted(), 'not just the first of each order was claimed, and all that keeps none');
    deepEqual(await claimAll(trial), [], 'a delivery was claimed though an earlier one of its order is unfinished');
    const first = claims.find(({ id }) => id === ids[0])!;
    await trial.record(trial.failure(first));
    deepEqual(await claimAll(trial), [], 'a delivery was claimed though an earlier one of its order is to be tried again');
    await trial.pass(2 * trial.spanMs);
    ok(!idsOf(await claimAll(trial)).includes(ids[1]!), 'a delivery was claimed before one of its order that is due again');
  }),

  storageCase('claimDeliveries takes an order in the order in which it was stored, whatever the ids', async (trial) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    const made = [trial.batch([lane, lane]), trial.batch([lane]), trial.batch([lane])];
    // As several processes make them in the same millisecond.
    const ids = made.flatMap(({ deliveries }) => deliveries.map(({ id }) => id)).toSorted((a, b) => (a < b ? 1 : -1));
    const left = [...ids];
    for (const { deliveries, ...batch } of made) {
      const keyed = deliveries.map((delivery) => Object.assign(delivery, { id: left.shift()!, orderKey: 'k' }));
      await trial.storage.storeEvents({ ...batch, deliveries: keyed });
    }
    deepEqual(await drain(trial), ids, 'they were not claimed in the order in which they were stored');
  }),

  storageCase('claimDeliveries takes the first of an order again once its lease has run out', async (trial) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    const { ids } = await storeInOrder(trial, lane, ['k', 'k']);
    await claimAll(trial);
    await claimAll(trial);
    await trial.pass(2 * trial.spanMs);
    deepEqual(idsOf(await claimAll(trial)), [ids[0]], 'not the first of the order was claimed again');
  }),

  storageCase('claimDeliveries comes to what is due behind many that wait for an earlier one', async (trial) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    const { deliveries, ...batch } = trial.batch(Array.from({ length: 1_050 }, () => lane));
    const keyed = deliveries.map((delivery) => Object.assign(delivery, { orderKey: 'k' }));
    await trial.storage.storeEvents({ ...batch, deliveries: keyed });
    await trial.pass(2);
    const last = await storeInOrder(trial, lane, ['other']);
    const claimed: (string | number)[] = [];
    for (let calls = 0; calls < 4; calls += 1) claimed.push(...idsOf(await claimAll(trial)));
    deepEqual(claimed.length, 2, 'not just the first of each order was claimed');
    ok(claimed.includes(last.ids[0]!), 'what is due behind them was not claimed');
  }),

  storageCase('claimDeliveries takes many of an order at once where its subscription has ended', async (trial) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    const { ids } = await storeInOrder(
      trial,
      lane,
      Array.from({ length: 6 }, () => 'k'),
    );
    await claimAll(trial);
    await claimAll(trial);
    await trial.storage.endSubscription('a', lane.id, 'it is over');
    await trial.pass(2 * trial.spanMs);
    const [first, ...more] = await claimAll(trial);
    equal(first?.id, ids[0], 'the first of an order was not claimed again');
    deepEqual(more, [], 'what waited was claimed before the first has ended');
    await trial.record(trial.outcome(first!, { outcome: 'cancelled' }));
    equal((await claimAll(trial)).length, 5, 'what is only to be cancelled goes one by one');
  }),

  storageCase('recordOutcomes makes the next of an order due once one has ended, however it did', async (trial) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    const { ids } = await storeInOrder(trial, lane, ['k', 'k', 'k', 'k', 'other', 'other']);
    const claimed: string[] = [];
    for (const outcome of ['delivered', 'failed', 'cancelled'] as const) {
      const claims = await claimAll(trial);
      await claimAll(trial);
      const claim = claims.find(({ orderKey }) => orderKey === 'k');
      ok(claim, `nothing of the order can be claimed${claimed.length === 0 ? '' : ' after the one before it has ended'}`);
      claimed.push(claim.id);
      const { written } = await trial.record(trial.outcome(claim, { outcome }));
      deepEqual(written, [true], 'an outcome of a delivery that keeps an order was not written');
    }
    claimed.push(...idsOf(await claimAll(trial)).map(String));
    deepEqual(claimed, ids.slice(0, 4), 'the next of an order was not made due, or another one was');
  }),

  storageCase('recordOutcomes lets nothing of an order go before the outcome that ends the one before', async (trial) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    await storeInOrder(trial, lane, ['k', 'k']);
    const [claim] = await claimAll(trial);
    await claimAll(trial);
    await trial.record(trial.outcome({ ...claim!, fence: trial.newId() }));
    deepEqual(await claimAll(trial), [], 'an outcome that was not written has let the next one go');
    await trial.record(trial.failure(claim!, { retryInMs: 3 * trial.spanMs }));
    deepEqual(await claimAll(trial), [], 'an outcome that ends nothing has let the next one go');
    await trial.storage.releaseDeliveries([{ deliveryId: claim!.id, fence: claim!.fence }]);
    deepEqual(await claimAll(trial), [], 'a lease that had ended has let the next one go');
  }),

  storageCase('nextDueInMs leaves out what waits for an earlier one of its order', async (trial) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    await storeInOrder(trial, lane, ['k', 'k']);
    const [claim] = await claimAll(trial);
    await claimAll(trial);
    await trial.record(trial.failure(claim!, { retryInMs: 3 * trial.spanMs }));
    trial.sameTime(await trial.storage.nextDueInMs(), 3 * trial.spanMs, 'it is not the retry of the first that is due next');
  }),

  storageCase('listDeliveries tells what waits for an earlier one of its order', async (trial) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    const { ids } = await storeInOrder(trial, lane, ['k', 'k']);
    await claimAll(trial);
    await claimAll(trial);
    const { waitsForEarlier, dueAt, createdAt, orderKey } = await deliveryOf(trial.storage, ids[1]!);
    deepEqual([waitsForEarlier, orderKey], [true, 'k'], 'it does not tell that a delivery waits for an earlier one');
    equal(dueAt, createdAt, 'what waits is due at another time than that at which it was made');
    equal((await deliveryOf(trial.storage, ids[0]!)).waitsForEarlier, undefined, 'it tells the same of the first one');
    const [{ waiting } = { waiting: 0 }] = await trial.storage.countDeliveries('a', 10);
    equal(waiting, 2, 'what waits is not counted');
  }),

  storageCase('replayDelivery puts a delivery behind all that waits of its order', async (trial) => {
    const lane = await trial.subscribe({ ordering: 'subscription' });
    const { ids } = await storeInOrder(trial, lane, ['all']);
    const [claim] = await claimAll(trial);
    await trial.record(trial.outcome(claim!, { outcome: 'failed' }));
    const later = await storeInOrder(trial, lane, ['all', 'all']);
    ok(await trial.storage.replayDelivery('a', ids[0]!), 'it was not made due again');
    deepEqual(await drain(trial), [...later.ids, ids[0]], 'it does not come after all that waited');
    const record = await trial.subscribe({ ordering: 'record' });
    const { id: again } = await trial.claimOne(record);
    const where = { kind: 'compare', field: 'id', operator: '=', value: again } as const;
    const { rows } = await trial.storage.listDeliveries('a', { ...everything, where });
    equal(rows[0]?.orderKey, undefined, 'a delivery keeps an order that it was not given');
    const [held] = [rows[0]!];
    await trial.record(trial.outcome({ ...held, fence: held.fence! }));
    await trial.storage.replayDelivery('a', again);
    const replayed = await deliveryOf(trial.storage, again);
    const [event] = await trial.storage.findEvents('a', [replayed.eventId]);
    const key = `${event!.objectType}:${String(event!.record['id'])}`;
    equal(replayed.orderKey, key, 'it does not keep the order that its subscription wants by now');
  }),

  storageCase('advanceReplays puts what it makes due behind all that waits of its order', async (trial) => {
    const lane = await trial.subscribe({ ordering: 'subscription' });
    const { ids, eventIds } = await storeInOrder(trial, lane, ['all']);
    await drain(trial);
    const event = trial.event();
    await trial.storage.storeEvents({ events: [event], deliveries: [], fence: trial.newId(), leaseMs: 1 });
    const later = await storeInOrder(trial, lane, ['all', 'all']);
    const outcomes = ['delivered'] as const;
    const filter = { subscriptionId: null, topic: null, record: null, from: 0, until: null, outcomes, missing: true };
    const { id } = await trial.storage.createReplay({ id: trial.newId(), accountId: 'a', filter, pacePerSecond: 9 });
    const fence = trial.newId();
    await trial.storage.claimReplays({ fence, leaseMs: trial.spanMs, limit: 9 });
    const anew = [{ id: trial.newId(), subscriptionId: lane.id, eventId: event.id }];
    const place = { looksAt: 'nothing', after: '' } as const;
    const step = { id, fence, steps: 0, place, again: ids, anew, waitMs: 0, end: null };
    await trial.storage.advanceReplays([step]);
    deepEqual(await drain(trial), [...later.ids, ...ids, anew[0]!.id], 'what is sent again does not come after all that waited');
    equal(eventIds.length, 1, 'it was one event');
  }),

  storageCase('cancelDelivery makes the next of an order due', async (trial) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    const { ids } = await storeInOrder(trial, lane, ['k', 'k', 'k', 'k']);
    const [claim] = await claimAll(trial);
    await claimAll(trial);
    await trial.storage.releaseDeliveries([{ deliveryId: claim!.id, fence: claim!.fence }]);
    ok(await trial.storage.cancelDelivery('a', ids[2]!, 'not wanted'), 'what waits cannot be cancelled');
    deepEqual(idsOf(await claimAll(trial)), [ids[0]], 'the end of one that waits has let others go');
    await trial.pass(2 * trial.spanMs);
    ok(await trial.storage.cancelDelivery('a', ids[0]!, 'not wanted'), 'the first cannot be cancelled');
    deepEqual(await drain(trial), [ids[1], ids[3]], 'the next of an order was not made due, or another one was');
  }),

  storageCase('cutClosedLanes goes by when what waits for an earlier one was made', async (trial) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    const { ids } = await storeInOrder(trial, lane, ['k', 'k', 'k']);
    await claimAll(trial);
    await claimAll(trial);
    await trial.move(lane, { health: 'paused', reason: 'for a reason' });
    await trial.pass(5);
    const later = await storeInOrder(trial, lane, ['k', 'plain']);
    await trial.storage.cutClosedLanes({ maxPerLane: 3, maxAgeMs: 1_000 * trial.spanMs, limit: 100, after: 0 });
    const { rows } = await trial.storage.listDeliveries('a', everything);
    deepEqual(idsOf(rows), [ids[0]!, ...later.ids].toSorted(), 'not the oldest went');
  }),

  storageCase('cutClosedLanes makes the next of an order due', async (trial) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    const { ids } = await storeInOrder(trial, lane, ['plain', 'k', 'k']);
    await trial.claim({ perLane: 1 });
    const moved = await trial.move(lane, { health: 'paused', reason: 'for a reason' });
    await trial.storage.cutClosedLanes({ maxPerLane: 2, maxAgeMs: 1_000 * trial.spanMs, limit: 100, after: 0 });
    await trial.move(moved!, { health: 'healthy', pauseLaneMs: 0 });
    deepEqual(idsOf(await claimAll(trial)), [ids[2]], 'the next of an order was not made due');
  }),

  storageCase('eraseRecord makes the next of an order due', async (trial) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    const erased = trial.batch([lane], { objectType: 0, record: { id: 77 } });
    const keyed = erased.deliveries.map((delivery) => ({ ...delivery, orderKey: 'k' }));
    await trial.storage.storeEvents({ ...erased, deliveries: keyed });
    const { ids } = await storeInOrder(trial, lane, ['k', 'k']);
    await claimAll(trial);
    await claimAll(trial);
    const { deliveries } = await trial.storage.eraseRecord('a', { objectType: 0, recordId: '77', after: null });
    equal(deliveries, 1, 'its delivery was not erased');
    deepEqual(await drain(trial), ids, 'the next of an order was not made due');
  }),
];
