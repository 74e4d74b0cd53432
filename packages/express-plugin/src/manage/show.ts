import type { Attempt, Delivery, StoredEvent, Subscription } from '@hookwell/core';
import { shownFilter } from './subscription-filter.ts';
import type { ManageContext } from './route.ts';
import { headerNames } from './subscription-headers.ts';
import type { AttemptDetailsJson, AttemptJson, DeliveryJson, EventJson, SubscriptionJson } from './schemas.ts';

/** How far ahead a lane that is held can have been told to open again: beyond, its owner holds it. */
const longestHoldMs = 366 * 86_400_000;

/** A time as JSON has it. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}

function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : isoTime(ms);
}

/** A subscription as it is answered: without what plugins keep with it. */
export function showSubscription(subscription: Subscription, context: ManageContext): SubscriptionJson {
  const { engine, options } = context;
  const { id, url, topic, format, encoding, ordering, coalesceMs, health, healthReason } = subscription;
  const { consecutiveFailures, lastStatus } = subscription;
  const now = options.now();
  const { pausedUntil } = subscription;
  const isHeld = pausedUntil !== null && pausedUntil > now && pausedUntil - now < longestHoldMs;
  return {
    id,
    url,
    topic,
    format,
    encoding,
    ordering,
    coalesceMs,
    createdAt: isoTime(subscription.createdAt),
    health,
    healthReason,
    healthSince: isoTime(subscription.healthSince),
    healthNext: engine.subscriptions.next(subscription),
    consecutiveFailures,
    failingSince: isoOrNull(subscription.failingSince),
    heldUntil: isHeld && health !== 'unsubscribed' && health !== 'paused' ? isoTime(pausedUntil) : null,
    lastAttemptAt: isoOrNull(subscription.lastAttemptAt),
    lastStatus,
    filter: shownFilter(subscription, context),
    hasSecret: hasSecret(subscription, context),
    headerNames: headerNames(subscription, context),
  };
}

/** A keeper that cannot open a secret keeps nobody from seeing their subscriptions. */
function hasSecret(subscription: Subscription, { options, report }: ManageContext): boolean {
  try {
    return (options.secrets?.secretsOf(subscription).length ?? 0) > 0;
  } catch (error) {
    report(error);
    return false;
  }
}

/** A line of the log as lists have it. */
export function showAttempt(attempt: Attempt): AttemptJson {
  const { id, subscriptionId, deliveryId, eventId, topic, number, outcome, reason, status, durationMs } = attempt;
  return {
    id,
    subscriptionId,
    deliveryId,
    eventId,
    topic,
    number,
    outcome,
    reason,
    status,
    startedAt: isoTime(attempt.startedAt),
    durationMs,
    nextAttemptAt: isoOrNull(attempt.nextAttemptAt),
  };
}

/** A line of the log with what was sent and answered. */
export function showAttemptDetails(attempt: Attempt, contentType: string | undefined): AttemptDetailsJson {
  const { number, deliveryId, startedAt, answer } = attempt;
  const headers = [
    ...(contentType === undefined ? [] : [{ name: 'content-type', value: contentType }]),
    { name: 'user-agent', value: 'Hookwell' },
    { name: 'webhook-id', value: deliveryId },
    { name: 'webhook-timestamp', value: String(Math.floor(startedAt / 1_000)) },
  ];
  return { ...showAttempt(attempt), headers: number === 0 ? [] : headers, answer };
}

/** Whether somebody holds a delivery, by a lease that has not run out. */
export function isSending({ fence, dueAt }: Delivery, now: number): boolean {
  return fence !== null && dueAt > now;
}

/** A delivery that waits as it is answered. */
export function showDelivery(delivery: Delivery, { options }: ManageContext): DeliveryJson {
  const { id, subscriptionId, eventId, attempts, failures, createdAt, dueAt, waitsForEarlier = false } = delivery;
  const sending = isSending(delivery, options.now());
  return {
    id,
    subscriptionId,
    eventId,
    state: sending ? 'sending' : 'waiting',
    attempts,
    failures,
    createdAt: isoTime(createdAt),
    dueAt: sending || waitsForEarlier ? null : isoTime(dueAt),
    waitsForEarlier,
  };
}

/** An event as it is answered. */
export function showEvent({ id, topic, objectType, record, occurredAt }: StoredEvent): EventJson {
  return { id, topic, objectTypeId: objectType, record: { ...record }, occurredAt: isoTime(occurredAt) };
}
