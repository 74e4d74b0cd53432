import { cancelledAttempt, cutReasons, oldestHeld, type Cut, type CutRequest, type CutResult } from '@hookwell/core';
import type { Contents } from './contents.ts';
import { copySubscription } from './subscription-rows.ts';

/** Ends what closed lanes hold beyond the bounds. */
export function cutClosedLanes(contents: Contents, request: CutRequest, now: number): CutResult {
  const { maxPerLane, limit, after } = request;
  const reasons = cutReasons(request);
  const cuts: Cut[] = [];
  let left = limit;
  for (const subscription of contents.subscriptions.closedAfter(after)) {
    const cut = { subscription: copySubscription(subscription), tooMany: 0, tooOld: 0 };
    const lane = [...contents.queue.ofLane(subscription.id)];
    const firstKept = lane.length - maxPerLane;
    const oldest = oldestHeld(subscription, request, now);
    for (const [index, delivery] of lane.entries()) {
      const why = delivery.dueAt < oldest ? 'tooOld' : 'tooMany';
      if (why === 'tooMany' && index >= firstKept) break;
      if (delivery.fence !== null && delivery.dueAt > now) continue;
      if (left === 0) return { cuts, cursor: subscription.id - 1 };
      const { id: deliveryId, accountId, subscriptionId, eventId } = delivery;
      const topic = contents.events.get(eventId)?.event.topic ?? '';
      const about = { accountId, subscriptionId, deliveryId, eventId, topic };
      contents.finishDelivery(delivery, cancelledAttempt(about, reasons[why], now));
      if (cut.tooMany + cut.tooOld === 0) cuts.push(cut);
      cut[why] += 1;
      left -= 1;
    }
  }
  return { cuts, cursor: null };
}
