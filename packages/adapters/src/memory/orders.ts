import { dueAfterEarlier, type Delivery } from '@hookwell/core';
import type { Contents } from './contents.ts';

/** What names an order: the deliveries of a subscription with the same key. */
export interface Order {
  readonly subscriptionId: number;
  readonly orderKey?: string | undefined;
}

/** How many that were to be the next of an order go at once where they are only to be cancelled. */
const atOnce = 100;

/** Whether a delivery has to wait, because an earlier one of its order is unfinished. */
export function isBehind({ queue }: Contents, { id, subscriptionId, orderKey }: Delivery): boolean {
  if (orderKey === undefined) return false;
  for (const first of queue.inOrder(subscriptionId, orderKey)) return first.id !== id;
  return false;
}

/** Lets a delivery wait for the earlier ones of its order. A lease that ran out is over. */
export function setWaiting({ queue }: Contents, delivery: Delivery): void {
  const abandonments = delivery.abandonments + (delivery.fence === null ? 0 : 1);
  queue.replace(delivery, { ...delivery, abandonments, fence: null, dueAt: dueAfterEarlier });
}

/** Makes the first delivery of each order due that something was taken out of. */
export function makeNextDue({ queue, subscriptions }: Contents, orders: readonly Order[], now: number): void {
  for (const { subscriptionId, orderKey } of orders) {
    if (orderKey === undefined) continue;
    const room = subscriptions.get(subscriptionId)?.health === 'unsubscribed' ? atOnce : 1;
    const next = [];
    for (const delivery of queue.inOrder(subscriptionId, orderKey)) {
      if (next.push(delivery) === room) break;
    }
    for (const delivery of next) {
      if (delivery.dueAt >= dueAfterEarlier) queue.replace(delivery, { ...delivery, dueAt: now });
    }
  }
}

/** When a delivery of an order is made: after all that are there, whatever the clock says. */
export function createdInOrder({ queue }: Contents, { subscriptionId, orderKey }: Order, now: number): number {
  const last = orderKey === undefined ? null : queue.lastInOrder(subscriptionId, orderKey);
  return last === null ? now : Math.max(now, last + 1);
}
