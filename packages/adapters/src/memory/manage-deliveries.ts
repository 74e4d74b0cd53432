import { cancelledAttempt, lacksRecord, orderKeyOf, type Attempt } from '@hookwell/core';
import type { Contents } from './contents.ts';
import { createdInOrder, makeNextDue } from './orders.ts';

/** Makes a finished delivery due again, going by what the log still has of it. */
export function replayDelivery(contents: Contents, accountId: string, deliveryId: string, now: number): boolean {
  const last = lastAttempt(contents, accountId, deliveryId);
  if (!last || contents.queue.get(deliveryId)) return false;
  const { subscriptionId, eventId, number } = last;
  const subscription = contents.subscriptions.get(subscriptionId);
  const event = contents.events.get(eventId)?.event;
  if (!subscription || subscription.health === 'unsubscribed' || !event || lacksRecord(event)) return false;
  const orderKey = orderKeyOf(subscription, event);
  contents.addDelivery({
    id: deliveryId,
    accountId,
    subscriptionId,
    eventId,
    attempts: number,
    failures: 0,
    abandonments: 0,
    createdAt: createdInOrder(contents, { subscriptionId, orderKey }, now),
    dueAt: now,
    fence: null,
    ...(orderKey === undefined ? {} : { orderKey }),
  });
  return true;
}

/** The line with the highest number: what ended without an attempt has none, and may come after attempts. */
function lastAttempt({ log }: Contents, accountId: string, deliveryId: string): Attempt | undefined {
  let last: Attempt | undefined;
  for (const attempt of log.ofAccount(accountId)) {
    if (attempt.deliveryId === deliveryId && !(last && last.number > attempt.number)) last = attempt;
  }
  return last;
}

/** Ends a delivery that nobody holds. */
export function cancelDelivery(
  contents: Contents,
  given: Pick<Attempt, 'accountId' | 'deliveryId' | 'reason'> & { readonly eventId: string | undefined },
  now: number,
): boolean {
  const { accountId, deliveryId, reason } = given;
  const delivery = contents.queue.get(deliveryId);
  if (delivery?.accountId !== accountId || (delivery.fence !== null && delivery.dueAt > now)) return false;
  const { subscriptionId, eventId } = delivery;
  if (given.eventId !== undefined && given.eventId !== eventId) return false;
  const topic = contents.events.get(eventId)?.event.topic ?? '';
  contents.addAttempt(cancelledAttempt({ accountId, subscriptionId, deliveryId, eventId, topic }, reason, now));
  contents.removeDelivery(delivery);
  makeNextDue(contents, [delivery], now);
  return true;
}
