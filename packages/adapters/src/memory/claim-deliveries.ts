import type { Claim, ClaimRequest, ClaimResult, Delivery, StoredEvent, Subscription } from '@hookwell/core';
import type { Contents } from './contents.ts';
import { copyEvent } from './event-rows.ts';
import { isBehind, setWaiting } from './orders.ts';
import { copySubscription } from './subscription-rows.ts';

/** Lanes visited in one call: a few milliseconds, however many there are. The cursor goes on where it ended. */
const maxLanesPerCall = 1_000;
/** Deliveries of a lane that are found to wait for an earlier one in one call. */
const maxWaitingPerCall = 1_000;

/** Leases due deliveries, lane after lane. */
export function claimDeliveries(contents: Contents, request: ClaimRequest, now: number): ClaimResult {
  const { fence, limit, perLane, lanes, after } = request;
  const claims: Claim[] = [];
  const subscriptions: Subscription[] = [];
  const events = new Map<string, StoredEvent>();

  function lease(delivery: Delivery): void {
    const abandonments = delivery.abandonments + (delivery.fence === null ? 0 : 1);
    // What is claimed is given no other event any more.
    const { dueAt: _, coalesceKey: __, ...claim } = { ...delivery, abandonments, fence };
    contents.queue.replace(delivery, { ...claim, dueAt: now + request.leaseMs });
    claims.push(claim);
    const row = contents.events.get(delivery.eventId);
    if (row && !events.has(delivery.eventId)) events.set(delivery.eventId, copyEvent(row.event));
  }

  /** Leases as many of a lane, and answers how many those were; what is behind another one of its order waits from now on. */
  function leaseOf({ id, health }: Subscription, room: number): number {
    let leased = 0;
    for (let set = 0; set < maxWaitingPerCall;) {
      const due = contents.queue.due(id, now, room - leased);
      const before = set;
      for (const delivery of due) {
        if (health !== 'unsubscribed' && isBehind(contents, delivery)) {
          setWaiting(contents, delivery);
          set += 1;
        } else {
          lease(delivery);
          leased += 1;
        }
      }
      if (set === before || due.length === 0) return leased;
    }
    isCut = true;
    return leased;
  }

  let isCut = false;
  let cursor = after;
  let visited = 0;
  let more = false;
  for (const { subscriptionId, dueAt } of contents.queue.lanesFrom(after, now)) {
    cursor = subscriptionId;
    visited += 1;
    const subscription = dueAt <= now ? contents.subscriptions.get(subscriptionId) : undefined;
    if (subscription && !isPaused(subscription, now)) {
      const wanted = Math.min(lanes.get(subscriptionId) ?? perLane, limit - claims.length);
      const leased = leaseOf(subscription, subscription.health === 'suspended' ? Math.min(wanted, 1) : wanted);
      if (leased > 0) subscriptions.push(copySubscription(subscription));
    }
    more = claims.length >= limit || visited === maxLanesPerCall || isCut;
    if (more) break;
  }
  return { claims, subscriptions, events: [...events.values()], cursor, more };
}

/** Whether nothing may be claimed from its lane now. What an unsubscribed one has left is to be ended without delay. */
function isPaused({ health, pausedUntil }: Subscription, now: number): boolean {
  return health !== 'unsubscribed' && pausedUntil !== null && pausedUntil > now;
}
