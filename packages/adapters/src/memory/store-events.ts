import { HookwellError, type NewDelivery, type StoreBatch, type StoredEvent } from '@hookwell/core';
import type { Contents } from './contents.ts';
import { copyEvent } from './event-rows.ts';
import { createdInOrder } from './orders.ts';
import { Groups } from './groups.ts';

/** What a batch comes to: the events and deliveries that are new, and the event that stands for each given one. */
interface Plan {
  readonly events: ReadonlyMap<string, StoredEvent>;
  readonly deliveries: ReadonlyMap<string, NewDelivery>;
  readonly answers: readonly StoredEvent[];
}

/**
 * Stores events with their deliveries. Nothing has been changed when it throws.
 *
 * @throws {HookwellError} `storage_failed` for an id that is not new, or a delivery of what is not stored
 */
export function storeEvents(contents: Contents, batch: StoreBatch, now: number): readonly StoredEvent[] {
  const { events, deliveries, answers } = plan(contents, batch);
  const rows = Array.from(events.values(), (event) => contents.events.add(event, now));
  for (const { id, accountId, subscriptionId, eventId, leased, orderKey, coalesceKey, dueInMs = 0 } of deliveries.values()) {
    const waiting = coalesceKey === undefined ? undefined : contents.queue.ofKey(subscriptionId, coalesceKey);
    if (waiting) {
      contents.giveEvent(waiting, eventId);
      continue;
    }
    contents.addDelivery({
      id,
      accountId,
      subscriptionId,
      eventId,
      attempts: 0,
      failures: 0,
      abandonments: 0,
      createdAt: createdInOrder(contents, { subscriptionId, orderKey }, now),
      dueAt: now + (leased ? batch.leaseMs : dueInMs),
      fence: leased ? batch.fence : null,
      ...(orderKey === undefined ? {} : { orderKey }),
      ...(coalesceKey === undefined ? {} : { coalesceKey }),
    });
  }
  for (const row of rows) contents.events.settle(row);
  return answers;
}

function plan(contents: Contents, batch: StoreBatch): Plan {
  const events = new Map<string, StoredEvent>();
  const byKey = new Groups<string, StoredEvent>();
  const leftOut = new Set<string>();
  const answers: StoredEvent[] = [];
  for (const event of batch.events) {
    const { id, accountId, idempotencyKey: key } = event;
    const earlier = key === null ? undefined : (contents.events.ofKey(accountId, key) ?? byKey.of(accountId).get(key));
    if (earlier) {
      leftOut.add(id);
      answers.push(copyEvent(earlier));
      continue;
    }
    if (events.has(id) || contents.events.get(id)) throw refused(`event "${id}" is stored already`);
    events.set(id, event);
    if (key !== null) byKey.set(accountId, key, event);
    answers.push(event);
  }
  const deliveries = new Map<string, NewDelivery>();
  for (const delivery of batch.deliveries) {
    const { id, eventId, subscriptionId } = delivery;
    if (leftOut.has(eventId)) continue;
    if (deliveries.has(id) || contents.queue.get(id)) throw refused(`delivery "${id}" is stored already`);
    if (!events.has(eventId) && !contents.events.get(eventId)) throw refused(`the event of delivery "${id}" is not stored`);
    if (!contents.subscriptions.get(subscriptionId)) throw refused(`the subscription of delivery "${id}" is not stored`);
    deliveries.set(id, delivery);
  }
  return { events, deliveries, answers };
}

function refused(problem: string): HookwellError {
  return new HookwellError('storage_failed', `Nothing of the batch was stored: ${problem}.`);
}
