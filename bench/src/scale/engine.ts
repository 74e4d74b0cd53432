import { randomUUID } from 'node:crypto';
import type { NewDelivery, NewSubscription, StoredEvent } from '@hookwell/core';

import { inParallel } from '../contestant.ts';
import type { Place } from '../storages.ts';
import type { Endpoints } from '../traffic/endpoints.ts';
import { contact } from '../workload.ts';

/** Accounts that subscriptions are spread over, if there are as many. */
const accountCount = 1_000;
/** Subscriptions that are made at once, and deliveries that are stored in one call. */
const madeAtOnce = 16;
const storedAtOnce = 1_000;

export function accountOf(subscription: number, subscriptions: number): string {
  return String((subscription % Math.min(accountCount, subscriptions)) + 1);
}

export function topicOf(subscription: number) {
  return `sub_tag(${subscription})` as const;
}

/** The number of a subscription, from 0 on, with the id under which it is stored. */
export type Ids = readonly number[];

/** Subscribes so many on an empty place, without waiting for the disk. */
export async function subscribe(place: Place, subscriptions: number, endpoints: Endpoints): Promise<Ids> {
  const storage = place.fillingStorage();
  await storage.start({ now: Date.now });
  const ids = Array.from({ length: subscriptions }, () => 0);
  await inParallel(madeAtOnce, subscriptions, async (number) => {
    const subscription = number - 1;
    const made: NewSubscription = {
      accountId: accountOf(subscription, subscriptions),
      url: endpoints.urlOf(subscription),
      topic: topicOf(subscription),
      format: 'full',
      encoding: 'json',
      data: '',
      attributes: {},
    };
    ids[subscription] = (await storage.createSubscription(made)).id;
  });
  await storage.stop();
  return ids;
}

/** Stores deliveries that wait, past the engine, one for each record from `first` to `last` and for subscriptions in turn. */
export async function storeBacklog(place: Place, ids: Ids, first: number, last: number): Promise<void> {
  const storage = place.fillingStorage();
  await storage.start({ now: Date.now });
  for (let from = first; from <= last; from += storedAtOnce) {
    const events: StoredEvent[] = [];
    const deliveries: NewDelivery[] = [];
    for (let record = from; record < from + storedAtOnce && record <= last; record += 1) {
      const subscription = record % ids.length;
      const accountId = accountOf(subscription, ids.length);
      const id = randomUUID();
      events.push({
        id,
        accountId,
        topic: topicOf(subscription),
        objectType: 0,
        record: contact(record),
        occurredAt: Date.now(),
        idempotencyKey: null,
        metadata: {},
      });
      deliveries.push({ id: randomUUID(), accountId, subscriptionId: ids[subscription] as number, eventId: id, leased: false });
    }
    await storage.storeEvents({ events, deliveries, fence: 'backlog', leaseMs: 60_000 });
  }
  await storage.stop();
}

/** How many deliveries wait on a place, over all accounts. */
export async function countWaiting(place: Place): Promise<number> {
  const storage = place.fillingStorage();
  await storage.start({ now: Date.now });
  let waiting = 0;
  for (let account = 1; account <= accountCount; account += 1) {
    for (const count of await storage.countDeliveries(String(account), 100_000_000)) waiting += count.waiting;
  }
  await storage.stop();
  return waiting;
}
