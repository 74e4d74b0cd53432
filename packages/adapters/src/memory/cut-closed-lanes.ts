import {
  cancelledAttempt,
  cutReasons,
  dueAfterEarlier,
  oldestHeld,
  type Cut,
  type CutRequest,
  type CutResult,
  type Delivery,
} from '@hookwell/core';
import type { Contents } from './contents.ts';
import { makeNextDue } from './orders.ts';
import { orderTexts } from './sorted-set.ts';
import { copySubscription } from './subscription-rows.ts';

/** Since when a delivery would have been sent: what waits for an earlier one of its order, since it was made. */
function heldSince({ dueAt, createdAt }: Delivery): number {
  return dueAt >= dueAfterEarlier ? createdAt : dueAt;
}

/** Ends what closed lanes hold beyond the bounds. */
export function cutClosedLanes(contents: Contents, request: CutRequest, now: number): CutResult {
  const { maxPerLane, limit, after } = request;
  const reasons = cutReasons(request);
  const cuts: Cut[] = [];
  const ended: Delivery[] = [];
  let left = limit;
  for (const subscription of contents.subscriptions.closedAfter(after)) {
    const cut = { subscription: copySubscription(subscription), tooMany: 0, tooOld: 0 };
    const lane = [...contents.queue.ofLane(subscription.id)].toSorted(
      (a, b) => heldSince(a) - heldSince(b) || orderTexts(a.id, b.id),
    );
    const firstKept = lane.length - maxPerLane;
    const oldest = oldestHeld(subscription, request, now);
    for (const [index, delivery] of lane.entries()) {
      const why = heldSince(delivery) < oldest ? 'tooOld' : 'tooMany';
      if (why === 'tooMany' && index >= firstKept) break;
      if (delivery.fence !== null && delivery.dueAt > now) continue;
      if (left === 0) {
        makeNextDue(contents, ended, now);
        return { cuts, cursor: subscription.id - 1 };
      }
      const { id: deliveryId, accountId, subscriptionId, eventId } = delivery;
      const topic = contents.events.get(eventId)?.event.topic ?? '';
      const about = { accountId, subscriptionId, deliveryId, eventId, topic };
      contents.finishDelivery(delivery, cancelledAttempt(about, reasons[why], now));
      ended.push(delivery);
      if (cut.tooMany + cut.tooOld === 0) cuts.push(cut);
      cut[why] += 1;
      left -= 1;
    }
  }
  makeNextDue(contents, ended, now);
  return { cuts, cursor: null };
}
