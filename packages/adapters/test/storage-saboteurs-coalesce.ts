import type { NewDelivery, StorageAdapter, StoreBatch } from '@hookwell/core';
import type { Place, Racer, StorageSaboteur } from './storage-saboteur.ts';
import { everything } from './storage-saboteur.ts';

const keyOf = ({ subscriptionId, coalesceKey }: NewDelivery): string | undefined =>
  coalesceKey === undefined ? undefined : `${subscriptionId} ${coalesceKey}`;

/** The batch without the deliveries that are refused. */
const without = (batch: StoreBatch, isLeftOut: (delivery: NewDelivery) => boolean): StoreBatch => ({
  ...batch,
  deliveries: batch.deliveries.filter((delivery) => !isLeftOut(delivery)),
});

/** The batch with what waits by itself. */
const apart = (batch: StoreBatch): StoreBatch => ({
  ...batch,
  deliveries: batch.deliveries.map(({ id, accountId, subscriptionId, eventId, leased }) => {
    return { id, accountId, subscriptionId, eventId, leased };
  }),
});

/** Whether a delivery waits that was stored under the key before, as far as notes say. */
async function waits(sound: StorageAdapter, { notes }: Place, key: string): Promise<boolean> {
  const { rows } = await sound.listDeliveries('a', everything);
  return rows.some(({ id, fence }) => fence === null && notes.get(key) === id);
}

const gives = 'storeEvents gives a delivery that waits under the same key the newer event, and stores no other';
const opens = 'storeEvents makes another delivery under a key once the first was claimed, whatever came of that';

/** Storages that break promises about deliveries that stand for several events. */
export const coalesceSaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'makes a delivery of every event',
    sabotage: (sound) => ({ storeEvents: async (batch) => sound.storeEvents(apart(batch)) }),
    caughtBy: gives,
    sentence: /^the delivery that waits has not got the newer event/,
  },
  {
    does: 'keeps the older of two events for one delivery',
    sabotage: (sound, { notes }) => ({
      async storeEvents(batch) {
        const kept = without(batch, (delivery) => notes.has(keyOf(delivery)));
        for (const delivery of batch.deliveries) if (delivery.coalesceKey !== undefined) notes.set(keyOf(delivery), true);
        return sound.storeEvents(kept);
      },
    }),
    caughtBy: gives,
    sentence: /^the delivery that waits has not got the newer event/,
  },
  {
    does: 'takes the same key of another lane for the same',
    sabotage: (sound, { notes }) => ({
      async storeEvents(batch) {
        const kept = without(batch, ({ coalesceKey, subscriptionId }) =>
          coalesceKey === undefined ? false : (notes.get(coalesceKey) ?? subscriptionId) !== subscriptionId,
        );
        for (const { coalesceKey, subscriptionId } of kept.deliveries) notes.set(coalesceKey, subscriptionId);
        return sound.storeEvents(kept);
      },
    }),
    caughtBy: gives,
    sentence: /^what has another key, no key or another lane was taken for the same/,
  },
  {
    does: 'gives no event to what is claimed under its key, and none to anything else',
    sabotage: (sound, { notes }) => ({
      async storeEvents(batch) {
        const held = new Set(
          (await sound.listDeliveries('a', everything)).rows.filter(({ fence }) => fence !== null).map(({ id }) => id),
        );
        const kept = without(batch, (delivery) => held.has(notes.get(keyOf(delivery)) as string));
        for (const delivery of batch.deliveries) if (delivery.coalesceKey !== undefined) notes.set(keyOf(delivery), delivery.id);
        return sound.storeEvents(kept);
      },
    }),
    caughtBy: opens,
    sentence: /^a delivery that is being sent was given another event/,
  },
  {
    does: 'forgets which events of a batch are left out',
    sabotage: (sound) => ({
      async storeEvents(batch) {
        const last = new Map(batch.deliveries.map((delivery) => [keyOf(delivery) ?? delivery.id, delivery.id]));
        return sound.storeEvents(without(batch, (delivery) => last.get(keyOf(delivery) ?? delivery.id) !== delivery.id));
      },
    }),
    caughtBy: 'storeEvents leaves what waits under a key alone where the event is left out',
    sentence: /^an event that was left out took the place of another/,
  },
  {
    does: 'cancels a delivery whatever its event is by now',
    sabotage: (sound) => ({
      cancelDelivery: async (accountId, deliveryId, reason) => sound.cancelDelivery(accountId, deliveryId, reason),
    }),
    caughtBy: 'cancelDelivery leaves a delivery alone that has another event than the one it is to be cancelled for',
    sentence: /^it was cancelled for an earlier event/,
  },
  {
    does: 'keeps every event that had a delivery',
    sabotage: (sound, { notes }) => ({
      async storeEvents(batch) {
        for (const event of batch.events) notes.set(event.id, event);
        return sound.storeEvents(batch);
      },
      findEvents: async (_accountId, ids) => ids.flatMap((id) => (notes.get(id) as StoreBatch['events'][number]) ?? []),
    }),
    caughtBy: 'prune forgets an event that has lost its delivery to a newer one',
    sentence: /^not just the event that is still to be sent was kept/,
  },
];

const turn = async (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Storages that look first and act a turn later. */
export const coalesceRacers: readonly Racer[] = [
  {
    does: 'looks for what waits under a key before it stores',
    sabotage: (sound, place) => ({
      async storeEvents(batch) {
        const [delivery] = batch.deliveries;
        const key = delivery && keyOf(delivery);
        if (!delivery || key === undefined) return sound.storeEvents(batch);
        const isThere = await waits(sound, place, key);
        await turn();
        if (!isThere) place.notes.set(key, delivery.id);
        return sound.storeEvents(isThere ? batch : apart(batch));
      },
    }),
    promise: 'storeEvents makes one delivery of what several store under a key',
    sentence: /^not just one delivery waits for what is sent once/,
  },
  {
    does: 'looks for what waits under a key and gives it the event although it was claimed meanwhile',
    sabotage: (sound, place) => ({
      async storeEvents(batch) {
        const [delivery] = batch.deliveries;
        const key = delivery && keyOf(delivery);
        if (!delivery || key === undefined) return sound.storeEvents(batch);
        const isThere = await waits(sound, place, key);
        await turn();
        if (isThere && !(await waits(sound, place, key))) return sound.storeEvents({ ...batch, deliveries: [] });
        if (!isThere) place.notes.set(key, delivery.id);
        return sound.storeEvents(batch);
      },
    }),
    promise: 'storeEvents gives an event to what waits or makes a delivery of it, and loses none to a claim',
    sentence: /^an event was stored, and nothing is to be sent of it/,
  },
];
