import type { Claim, ClaimRequest, ClaimResult, StoredEvent, Subscription } from '@hookwell/core';
import { sql } from 'kysely';
import { readClaim, readEvent, readSubscription } from '../sql/read-rows.ts';
import type { Connection } from './connection.ts';
import { prepareOrders } from './orders.ts';
import { bound, boundUnseen, queries } from './queries.ts';
import { prepareNextLane, walkLanes } from './walk-lanes.ts';

/** Lanes visited in one call: a few milliseconds, however many there are. The cursor goes on where it ended. */
const maxLanesPerCall = 1_000;
/** Deliveries of a lane that are found to wait for an earlier one in one call. */
const maxWaitingPerCall = 1_000;

/** Makes the call that leases due deliveries, lane after lane. */
export function prepareClaimDeliveries(connection: Connection) {
  const orders = prepareOrders(connection);
  const nextLane = prepareNextLane(connection);
  const findSubscription = connection.prepare(
    queries.selectFrom('hookwell_subscriptions').selectAll().where('id', '=', bound<number>()),
  );
  const findDue = connection.prepare(
    queries
      .selectFrom('hookwell_deliveries')
      .selectAll()
      .where('subscription_id', '=', boundUnseen<number>())
      .where('due_at', '<=', bound<number>())
      .orderBy('due_at')
      .orderBy('id')
      .limit(boundUnseen<number>()),
  );
  const lease = connection.prepare(
    queries
      .updateTable('hookwell_deliveries')
      .set({ abandonments: bound<number>(), due_at: bound<number>(), fence: bound<string>() })
      .where('id', '=', bound<string>()),
  );
  /** What is claimed is given no other event any more. */
  const forgetKey = connection.prepare(
    queries
      .updateTable('hookwell_deliveries')
      .set({ coalesce_key: sql.lit(null) })
      .where('id', '=', bound<string>()),
  );
  const findEvent = connection.prepare(queries.selectFrom('hookwell_events').selectAll().where('id', '=', bound<string>()));

  return (request: ClaimRequest, now: number): ClaimResult => {
    const { fence, limit, perLane, lanes, after } = request;
    const leasedUntil = now + request.leaseMs;
    const claims: Claim[] = [];
    const subscriptions: Subscription[] = [];
    const events = new Map<string, StoredEvent>();
    let isCut = false;

    function claimFrom(subscriptionId: number): void {
      const row = findSubscription.get(subscriptionId);
      const wanted = Math.min(lanes.get(subscriptionId) ?? perLane, limit - claims.length);
      if (!row || wanted <= 0) return;
      const subscription = readSubscription(row);
      const { health, pausedUntil } = subscription;
      if (health !== 'unsubscribed' && pausedUntil !== null && pausedUntil > now) return;
      const before = claims.length;
      leaseDue(subscription, health === 'suspended' ? 1 : wanted);
      if (claims.length > before) subscriptions.push(subscription);
    }

    /** Leases as many of a lane; what is behind another one of its order waits from now on. */
    function leaseDue({ id, health }: Subscription, room: number): void {
      let left = room;
      for (let set = 0; set < maxWaitingPerCall;) {
        const before = set;
        for (const delivery of findDue.all(id, now, left)) {
          const claim = readClaim(delivery, fence);
          if (claim.orderKey !== undefined && health !== 'unsubscribed' && orders.isBehind(claim.id, claim)) {
            orders.setWaiting(claim);
            set += 1;
          } else {
            take(claim);
            if (delivery.coalesce_key !== null) forgetKey.run(claim.id);
            left -= 1;
          }
        }
        if (set === before || left === 0) return;
      }
      isCut = true;
    }

    function take(claim: Claim): void {
      lease.run(claim.abandonments, leasedUntil, fence, claim.id);
      claims.push(claim);
      if (!events.has(claim.eventId)) events.set(claim.eventId, eventOf(claim));
    }

    function eventOf({ id, eventId }: Claim): StoredEvent {
      const row = findEvent.get(eventId);
      if (!row) throw new Error(`delivery "${id}" has lost its event "${eventId}"`);
      return readEvent(row);
    }

    const walk = walkLanes(nextLane, { after, maxLanes: maxLanesPerCall }, (lane) => {
      if (lane.due_at <= now && lanes.get(lane.subscription_id) !== 0) claimFrom(lane.subscription_id);
      return claims.length < limit && !isCut;
    });
    return { claims, subscriptions, events: [...events.values()], cursor: walk.cursor, more: !walk.complete };
  };
}
