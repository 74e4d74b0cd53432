import { deepEqual, equal, ok } from 'node:assert/strict';
import type { StoredEvent } from '../model/event.ts';
import type { Subscription } from '../model/subscription.ts';
import type { StoreBatch } from '../storage-adapter.ts';
import { deliveryOf, everything, idsOf, storageCase } from './storage-checks.ts';
import { against, race } from './storage-race.ts';
import type { StorageTrial } from './storage-trial.ts';

/** A batch of events with deliveries that wait for a span under the same key, one for each of the subscriptions. */
function updates(
  trial: StorageTrial,
  lanes: readonly Subscription[],
  { key = 'contact 8', ...given }: Partial<StoredEvent> & { readonly key?: string } = {},
): StoreBatch {
  const batch = trial.batch(lanes, given);
  const waits = { coalesceKey: key, dueInMs: trial.spanMs };
  return { ...batch, deliveries: batch.deliveries.map((delivery) => Object.assign(delivery, waits)) };
}

/** Two batches as one. */
function together(first: StoreBatch, second: StoreBatch): StoreBatch {
  return { ...first, events: [...first.events, ...second.events], deliveries: [...first.deliveries, ...second.deliveries] };
}

async function waiting(trial: StorageTrial): Promise<readonly { readonly id: string; readonly eventId: string }[]> {
  const { rows } = await trial.storage.listDeliveries('a', everything);
  return rows.map(({ id, eventId }) => ({ id, eventId }));
}

/** What a batch of one delivery is to have become, with the event of a later one in its place. */
const withEventOf = ({ deliveries }: StoreBatch, { events }: StoreBatch) => ({
  id: deliveries[0]!.id,
  eventId: events.at(-1)!.id,
});

/** The promises about deliveries that stand for several events. */
export const storageCoalesceCases = [
  storageCase(
    'storeEvents gives a delivery that waits under the same key the newer event, and stores no other',
    async (trial) => {
      const { storage } = trial;
      const [lane, other] = await trial.subscribeMany(2);
      const first = updates(trial, [lane!]);
      await storage.storeEvents(first);
      const before = await deliveryOf(storage, first.deliveries[0]!.id);
      await trial.pass(trial.spanMs / 2);
      const second = updates(trial, [lane!]);
      deepEqual(await storage.storeEvents(second), second.events, 'it does not answer the event that took the place of another');
      deepEqual(await waiting(trial), [withEventOf(first, second)], 'the delivery that waits has not got the newer event');
      const after = await deliveryOf(storage, before.id);
      trial.sameTime(after.dueAt, before.dueAt, 'a delivery is due at another time than its first event has set');
      const [third, fourth] = [updates(trial, [lane!]), updates(trial, [lane!])];
      await storage.storeEvents(together(third, fourth));
      deepEqual(await waiting(trial), [withEventOf(first, fourth)], 'it has not got the last of two events of one batch');
      const apart = [updates(trial, [other!]), updates(trial, [lane!], { key: 'contact 9' }), trial.batch([lane!])];
      for (const batch of apart) await storage.storeEvents(batch);
      const all = [first, ...apart].flatMap(({ deliveries }) => deliveries);
      deepEqual(idsOf(await waiting(trial)), idsOf(all), 'what has another key, no key or another lane was taken for the same');
      await trial.pass();
      const { claims, events } = await trial.claim();
      equal(claims.find(({ id }) => id === before.id)?.eventId, fourth.events[0]!.id, 'it is not claimed with the newest event');
      ok(idsOf(events).includes(fourth.events[0]!.id), 'the newest event is not there to be sent');
      const found = await storage.findEvents('a', [first.events[0]!.id, second.events[0]!.id]);
      equal(found.length, 2, 'an event that lost its delivery is gone at once');
    },
  ),

  storageCase(
    'storeEvents makes another delivery under a key once the first was claimed, whatever came of that',
    async (trial) => {
      const { storage } = trial;
      const lane = await trial.subscribe();
      const first = updates(trial, [lane]);
      await storage.storeEvents(first);
      await trial.pass();
      const [claim] = (await trial.claim()).claims;
      const second = updates(trial, [lane]);
      await storage.storeEvents(second);
      const both = [first, second].map((batch) => withEventOf(batch, batch));
      deepEqual(await waiting(trial), both, 'a delivery that is being sent was given another event');
      await storage.releaseDeliveries([{ deliveryId: claim!.id, fence: claim!.fence }]);
      const third = updates(trial, [lane]);
      await storage.storeEvents(third);
      const later = [first.deliveries[0]!.id, second.deliveries[0]!.id];
      deepEqual(idsOf(await waiting(trial)), later, 'a delivery that was handed back was not left alone');
      await trial.pass();
      const { claims } = await trial.claim();
      equal(claims.find(({ id }) => id === later[1])?.eventId, third.events[0]!.id, 'the second delivery was not given an event');
      await trial.record(...claims.map((one) => trial.failure(one, { retryInMs: 10 * trial.spanMs, endpoint: 'unknown' })));
      const fourth = updates(trial, [lane]);
      await storage.storeEvents(fourth);
      deepEqual(idsOf(await waiting(trial)), [...later, fourth.deliveries[0]!.id], 'a delivery that was tried got another event');
      await trial.record(trial.outcome(claims[0]!));
    },
  ),

  storageCase('storeEvents leaves what waits under a key alone where the event is left out', async (trial) => {
    const { storage } = trial;
    const lane = await trial.subscribe();
    const used = trial.batch([], {});
    const known = trial.event({ idempotencyKey: 'order-1' });
    await storage.storeEvents({ ...used, events: [known] });
    const [first, again] = [updates(trial, [lane]), updates(trial, [lane], { idempotencyKey: 'order-1' })];
    await storage.storeEvents(together(first, again));
    deepEqual(await waiting(trial), [withEventOf(first, first)], 'an event that was left out took the place of another');
    await storage.storeEvents(updates(trial, [lane], { idempotencyKey: 'order-1' }));
    deepEqual(await waiting(trial), [withEventOf(first, first)], 'an event that was left out took the place of one that waits');
  }),

  storageCase(
    'join gives what waits under a key the event of a transaction once that commits, and not when it rolls back',
    async (trial) => {
      const lane = await trial.subscribe();
      const [first, second, third] = [updates(trial, [lane]), updates(trial, [lane]), updates(trial, [lane])];
      await trial.storage.storeEvents(first);
      const undone = await trial.begin();
      await (await trial.storage.join(undone.within)).storeEvents(second);
      await undone.rollback();
      deepEqual(await waiting(trial), [withEventOf(first, first)], 'it has the event of a transaction that was rolled back');
      const done = await trial.begin();
      await (await trial.storage.join(done.within)).storeEvents(third);
      await done.commit();
      deepEqual(await waiting(trial), [withEventOf(first, third)], 'it has not got the event of a transaction that committed');
    },
    ['joins transactions'],
  ),

  storageCase(
    'cancelDelivery leaves a delivery alone that has another event than the one it is to be cancelled for',
    async (trial) => {
      const { storage } = trial;
      const lane = await trial.subscribe();
      const [first, second] = [updates(trial, [lane]), updates(trial, [lane])];
      const { id } = first.deliveries[0]!;
      for (const batch of [first, second]) await storage.storeEvents(batch);
      equal(
        await storage.cancelDelivery('a', id, 'no more', first.events[0]!.id),
        false,
        'it was cancelled for an earlier event',
      );
      deepEqual(await waiting(trial), [withEventOf(first, second)], 'a delivery that was not to be cancelled is gone');
      equal(await storage.cancelDelivery('a', id, 'no more', second.events[0]!.id), true, 'it was not cancelled for its event');
      await storage.storeEvents(updates(trial, [lane]));
      equal((await waiting(trial)).length, 1, 'what is stored after a cancellation has no delivery');
    },
  ),

  storageCase('prune forgets an event that has lost its delivery to a newer one', async (trial) => {
    const { storage } = trial;
    const lane = await trial.subscribe();
    const [first, second] = [updates(trial, [lane]), updates(trial, [lane])];
    for (const batch of [first, second]) await storage.storeEvents(batch);
    await trial.pass(3 * trial.spanMs);
    const ages = { deliveredAfterMs: trial.spanMs, failedAfterMs: trial.spanMs };
    for (let call = 0; call < 5; call += 1)
      await storage.prune({ ...ages, maxAttemptsPerAccount: 1_000, accounts: [], limit: 1_000 });
    const events = [...first.events, ...second.events].map(({ id }) => id);
    const kept = await storage.findEvents('a', events);
    deepEqual(idsOf(kept), [events[1]], 'not just the event that is still to be sent was kept');
  }),

  ...race('storeEvents makes one delivery of what several store under a key', async (trial, callers) => {
    const lane = await trial.subscribe();
    const batches = callers.map(() => updates(trial, [lane]));
    await Promise.all(callers.map(async (caller, index) => caller.storeEvents(batches[index]!)));
    const where = { kind: 'compare', field: 'subscriptionId', operator: '=', value: lane.id } as const;
    const { rows } = await trial.storage.listDeliveries('a', { ...everything, where });
    equal(rows.length, 1, 'not just one delivery waits for what is sent once');
    const events = batches.flatMap((batch) => idsOf(batch.events));
    ok(events.includes(rows[0]!.eventId), 'it has none of the events');
  }),

  ...race(
    'storeEvents gives an event to what waits or makes a delivery of it, and loses none to a claim',
    async (trial, callers, round) => {
      const lane = await trial.subscribe();
      await trial.storage.storeEvents(updates(trial, [lane]));
      await trial.pass();
      const last = updates(trial, [lane]);
      const { others } = await against(
        callers,
        round,
        async (caller) => caller.storeEvents(last),
        async (caller) => trial.claim({}, caller),
      );
      const claims = others.flatMap((result) => result.claims);
      const { rows } = await trial.storage.listDeliveries('a', everything);
      const inQueue = rows.filter(({ subscriptionId }) => subscriptionId === lane.id).map(({ eventId }) => eventId);
      ok(inQueue.includes(last.events[0]!.id), 'an event was stored, and nothing is to be sent of it');
      for (const claim of claims) {
        const row = rows.find(({ id }) => id === claim.id);
        equal(row?.eventId, claim.eventId, 'a delivery got another event after it was claimed');
      }
      await trial.record(...claims.map((claim) => trial.outcome(claim)));
    },
  ),
];
