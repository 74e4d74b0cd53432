import { isClosed, type Health, type HealthMove, type Observation } from './health.ts';
import { mergeTexts, type SmallTexts } from './small-texts.ts';

/** How a payload is written: PHP-style form fields, or JSON. */
export type Encoding = 'form' | 'json';

/** The formats that every engine knows; plugins add others. */
export const builtInFormats = ['full', 'lightweight', 'notify'] as const;

/**
 * In which order the deliveries of a subscription are sent: in none (`none`), those about one record one after the other
 * (`record`), or all of them (`subscription`).
 */
export const orderings = ['none', 'record', 'subscription'] as const;

/** One of {@link orderings}. */
export type Ordering = (typeof orderings)[number];

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
  /** What plugins keep with it, such as a sealed secret; shown to nobody else. Empty when there is nothing. */
  readonly attributes: SmallTexts;
  /** In which order its deliveries are sent: those that are stored from now on. */
  readonly ordering: Ordering;
  /** For how long an event waits for later ones about its record, which then become one delivery, in milliseconds; 0 for not at all. */
  readonly coalesceMs: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** When the last attempt began, in milliseconds since the epoch; null before any. */
  readonly lastAttemptAt: number | null;
  /** The last attempt's status; 0 before any and when there was no answer. */
  readonly lastStatus: number;
  /** The event that the last attempt was about; null before any. */
  readonly lastEventId: string | null;
}

/** A subscription that is to be made: what its owner chose, and what plugins keep with it. In no order and not coalesced unless it says so. */
export type NewSubscription = Pick<Subscription, 'accountId' | 'url' | 'topic' | 'format' | 'encoding' | 'data' | 'attributes'> &
  Partial<Pick<Subscription, 'ordering' | 'coalesceMs'>>;

/** What is to become another one of a subscription; what is left out stays as it is. */
export interface SubscriptionChanges extends Partial<
  Pick<Subscription, 'url' | 'topic' | 'format' | 'encoding' | 'data' | 'ordering' | 'coalesceMs'>
> {
  /** Merged into those that it has, by name; null removes one. */
  readonly attributes?: Readonly<Record<string, string | null>>;
}

/** Which subscriptions a query is about: those that are not unsubscribed, those that are and are still there, or both. */
export type WhichSubscriptions = 'active' | 'ended' | 'all';

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

/** The row of a subscription after changes that its owner, or a plugin, has asked for. */
export function withChanges(subscription: Subscription, changes: SubscriptionChanges): Subscription {
  return {
    ...subscription,
    url: changes.url ?? subscription.url,
    topic: changes.topic ?? subscription.topic,
    format: changes.format ?? subscription.format,
    encoding: changes.encoding ?? subscription.encoding,
    data: changes.data ?? subscription.data,
    attributes: mergeTexts(subscription.attributes, changes.attributes),
    ordering: changes.ordering ?? subscription.ordering,
    coalesceMs: changes.coalesceMs ?? subscription.coalesceMs,
  };
}

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
    reopenedAt: isClosed(subscription) && (health === 'healthy' || health === 'failing') ? now : subscription.reopenedAt,
    pausedUntil: pauseLaneMs === null ? subscription.pausedUntil : pauseLaneMs === 0 ? null : now + pauseLaneMs,
  };
}
