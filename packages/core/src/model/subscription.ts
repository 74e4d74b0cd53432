import type { Health, HealthMove, Observation } from './health.ts';

/** How a payload is written: PHP-style form fields, or JSON. */
export type Encoding = 'form' | 'json';

/** The formats that every engine knows; plugins add others. */
export const builtInFormats = ['full', 'lightweight', 'notify'] as const;

/** An account's wish to have a topic sent to a URL, in a format. */
export interface Subscription extends Health {
  /** A positive integer, unique in the storage. */
  readonly id: number;
  readonly accountId: string;
  readonly url: string;
  /** E.g. `sub_tag(3)`. */
  readonly topic: string;
  /** `full`, `lightweight`, `notify` or one that a plugin names. */
  readonly format: string;
  readonly encoding: Encoding;
  /** The `data` text with which it was made over the wire contract; empty when none was sent. */
  readonly data: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** When the last attempt began, in milliseconds since the epoch; null before any. */
  readonly lastAttemptAt: number | null;
  /** The last attempt's status; 0 before any and when there was no answer. */
  readonly lastStatus: number;
  /** The event that the last attempt was about; null before any. */
  readonly lastEventId: string | null;
}

/** A subscription that is to be made: what its owner chose. */
export type NewSubscription = Pick<Subscription, 'accountId' | 'url' | 'topic' | 'format' | 'encoding' | 'data'>;

/** The columns of subscriptions that a query may name, and what they hold. */
export const subscriptionFields = {
  id: 'number',
  url: 'string',
  topic: 'string',
  format: 'string',
  encoding: 'string',
  data: 'string',
  createdAt: 'number',
  health: 'string',
  lastAttemptAt: 'number',
  lastStatus: 'number',
} as const;

/**
 * The row of a subscription once an observation is added to what it knows of its endpoint.
 *
 * @param now the storage's time, in milliseconds since the epoch
 */
export function withObservation(subscription: Subscription, observation: Observation, now: number): Subscription {
  const { answered, failures, pauseLaneMs, last } = observation;
  const earlierFailures = answered ? 0 : subscription.consecutiveFailures;
  const failingSince = answered ? null : subscription.failingSince;
  return {
    ...subscription,
    consecutiveFailures: earlierFailures + failures,
    failingSince: failures > 0 ? (failingSince ?? now) : failingSince,
    pausedUntil: pauseLaneMs > 0 ? Math.max(subscription.pausedUntil ?? 0, now + pauseLaneMs) : subscription.pausedUntil,
    lastAttemptAt: last ? last.startedAt : subscription.lastAttemptAt,
    lastStatus: last ? last.status : subscription.lastStatus,
    lastEventId: last ? last.eventId : subscription.lastEventId,
  };
}

/**
 * The row of a subscription after a change of health; null when the change was decided on another version of the row.
 *
 * @param now the storage's time, in milliseconds since the epoch
 */
export function withMove(subscription: Subscription, move: HealthMove, now: number): Subscription | null {
  const { healthVersion, health, reason, pauseLaneMs } = move;
  if (subscription.id !== move.subscriptionId || subscription.healthVersion !== healthVersion) return null;
  return {
    ...subscription,
    health,
    healthReason: reason,
    healthSince: health === subscription.health ? subscription.healthSince : now,
    healthVersion: healthVersion + 1,
    pausedUntil: pauseLaneMs === null ? subscription.pausedUntil : pauseLaneMs === 0 ? null : now + pauseLaneMs,
  };
}
