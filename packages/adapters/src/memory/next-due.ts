import { dueAfterEarlier } from '@hookwell/core';
import type { Contents } from './contents.ts';

/** Lanes looked at in one turn of the event loop. */
const lanesPerTurn = 1_000;

/** When the next delivery can be claimed, in milliseconds from now; the host has its turns between two parts of a long look. */
export async function nextDueInMs({ queue, subscriptions }: Contents, now: number): Promise<number | null> {
  let nextAt = Number.POSITIVE_INFINITY;
  let looked = 0;
  for (const { subscriptionId, dueAt } of queue.lanesFrom(0, Number.POSITIVE_INFINITY)) {
    const subscription = dueAt < Math.min(nextAt, dueAfterEarlier) ? subscriptions.get(subscriptionId) : undefined;
    if (subscription) {
      const { health, pausedUntil } = subscription;
      nextAt = Math.min(nextAt, health === 'unsubscribed' ? dueAt : Math.max(dueAt, pausedUntil ?? dueAt));
    }
    if (nextAt <= now) return 0;
    looked += 1;
    if (looked % lanesPerTurn === 0) await new Promise(setImmediate);
  }
  return nextAt === Number.POSITIVE_INFINITY ? null : nextAt - now;
}
