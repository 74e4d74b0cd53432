import { lacksRecord, type DeliveryDetails } from '@hookwell/core';
import type { ManageContext } from './route.ts';
import type { DeliveryDetailsJson } from './schemas.ts';
import { isoTime, isSending, showAttemptDetails, showEvent, showSubscription } from './show.ts';

const maxAttempts = 100;

const note =
  'Bodies are not kept: this one is composed again, from the event as it is stored and the subscription as it is now. Headers that plugins add, signatures among them, are made while sending.';

/** A delivery with all that is known of it, as it is answered. */
export function showDeliveryDetails(details: DeliveryDetails, context: ManageContext): DeliveryDetailsJson {
  const { id, delivery, attempts, subscription, event, request } = details;
  const newestFirst = attempts.toReversed().slice(0, maxAttempts);
  const [last] = newestFirst;
  const now = context.options.now();
  const sending = delivery !== null && isSending(delivery, now);
  const isFinal = delivery === null && last !== undefined && last.outcome !== 'retry';
  // Between its last line and its end there is a moment, in which it is still with who sends it.
  const state = isFinal ? last.outcome : delivery === null || sending ? 'sending' : 'waiting';
  const ended = subscription === null || subscription.health === 'unsubscribed';
  const { topic, subscriptionId, eventId } = known(details);
  return {
    id,
    state,
    next: nextOf(details, state, context),
    topic,
    subscriptionId,
    eventId,
    createdAt: delivery && isoTime(delivery.createdAt),
    dueAt: delivery && !sending && !delivery.waitsForEarlier ? isoTime(delivery.dueAt) : null,
    canReplay: isFinal && event !== null && !lacksRecord(event) && !ended,
    canCancel: state === 'waiting',
    request: request && { method: 'POST', ...request, rebuilt: true, note },
    event: event && showEvent(event),
    subscription: subscription && showSubscription(subscription, context),
    attempts: newestFirst.map((attempt) => showAttemptDetails(attempt, request?.contentType)),
  };
}

/** What it is about, from whichever of its parts is there. */
function known({ delivery, attempts, event, subscription }: DeliveryDetails) {
  const line = attempts.at(-1);
  return {
    topic: event?.topic ?? line?.topic ?? subscription?.topic ?? '',
    subscriptionId: delivery?.subscriptionId ?? line?.subscriptionId ?? 0,
    eventId: delivery?.eventId ?? line?.eventId ?? '',
  };
}

/** What happens next to a delivery, in plain words. */
function nextOf(details: DeliveryDetails, state: DeliveryDetailsJson['state'], { options, engine }: ManageContext): string {
  const { delivery, subscription, event } = details;
  if (state === 'sending') return 'It is being sent right now.';
  if (!delivery) {
    const done = { delivered: 'It was delivered', failed: 'It has failed', cancelled: 'It was cancelled' }[state as 'failed'];
    if (event === null) return `${done}; it cannot be sent again, because its event is no longer kept.`;
    if (lacksRecord(event)) return `${done}; it cannot be sent again, because the record of its event is no longer kept.`;
    if (subscription === null || subscription.health === 'unsubscribed') {
      return `${done}; it cannot be sent again, because its subscription has ended.`;
    }
    return `${done}; nothing more happens, unless you send it again.`;
  }
  const now = options.now();
  if (subscription === null || subscription.health === 'unsubscribed') {
    return 'Its subscription has ended: it is cancelled as soon as it is due.';
  }
  const { health, pausedUntil } = subscription;
  if (health === 'paused') return 'It waits until its subscription is resumed.';
  if (health === 'suspended')
    return `It waits, because its subscription is suspended: ${engine.subscriptions.next(subscription)}.`;
  if (delivery.waitsForEarlier) return 'It waits until an earlier one of its order is delivered, given up or cancelled.';
  const heldUntil = Math.max(delivery.dueAt, pausedUntil ?? 0);
  const attempt = delivery.attempts === 0 ? 'It is sent' : `Attempt ${delivery.attempts + 1} is made`;
  return heldUntil > now ? `${attempt} at ${isoTime(heldUntil)}.` : `${attempt} as soon as there is room for it.`;
}
