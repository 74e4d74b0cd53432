import type { Delivery } from './delivery.ts';
import type { Attempt, OutcomeKind } from './outcome.ts';

/** The classes by which durations of attempts are counted: up to each of these, in milliseconds, and beyond the last. */
export const durationBoundsMs = [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000] as const;

/** Which lines of the log to count, and over which spans. Times in milliseconds. */
export interface AttemptCountQuery {
  /** Lines count that began from then on, since the epoch. */
  readonly from: number;
  /** And before then. */
  readonly until: number;
  /** How long a span is; the first one begins with `from`. */
  readonly everyMs: number;
  /** Only those of one subscription; null for the whole account. */
  readonly subscriptionId: number | null;
}

/** How many lines of the log are alike. */
export interface AttemptCount {
  /** When the span begins in which they began, in milliseconds since the epoch. */
  readonly at: number;
  readonly outcome: OutcomeKind;
  /** The place in `durationBoundsMs` of the first bound that they kept to; its length when they kept to none. */
  readonly durationClass: number;
  readonly count: number;
}

/** What a subscription has left to be sent. */
export interface DeliveryCount {
  readonly subscriptionId: number;
  /** How many of its deliveries are unfinished, those that are being sent included; as many as were to be counted at the most. */
  readonly waiting: number;
  /** When the oldest of these was stored, in milliseconds since the epoch. */
  readonly oldestCreatedAt: number;
}

/**
 * Counts an account's lines of the log in memory: the reference for what `countAttempts` of a storage answers. By the time
 * of the span, then outcome, then class of duration.
 */
export function sumAttempts(
  attempts: Iterable<Pick<Attempt, 'subscriptionId' | 'startedAt' | 'outcome' | 'durationMs'>>,
  { from, until, everyMs, subscriptionId }: AttemptCountQuery,
): readonly AttemptCount[] {
  const sums = new Map<string, AttemptCount>();
  for (const { startedAt, outcome, durationMs, ...line } of attempts) {
    if (startedAt < from || startedAt >= until) continue;
    if (subscriptionId !== null && line.subscriptionId !== subscriptionId) continue;
    const at = from + Math.floor((startedAt - from) / everyMs) * everyMs;
    const durationClass = classOf(durationMs);
    const key = `${at} ${outcome} ${durationClass}`;
    sums.set(key, { at, outcome, durationClass, count: (sums.get(key)?.count ?? 0) + 1 });
  }
  return [...sums.values()].toSorted((a, b) => a.at - b.at || order(a.outcome, b.outcome) || a.durationClass - b.durationClass);
}

function classOf(durationMs: number): number {
  const index = durationBoundsMs.findIndex((bound) => durationMs <= bound);
  return index < 0 ? durationBoundsMs.length : index;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Counts unfinished deliveries in memory, by subscription id: the reference for what `countDeliveries` answers. No more than
 * `perLane` of each subscription, so that the first ones should be given first.
 */
export function sumDeliveries(
  deliveries: Iterable<Pick<Delivery, 'subscriptionId' | 'createdAt'>>,
  perLane: number,
): readonly DeliveryCount[] {
  const sums = new Map<number, DeliveryCount>();
  for (const { subscriptionId, createdAt } of deliveries) {
    const { waiting = 0, oldestCreatedAt = createdAt } = sums.get(subscriptionId) ?? {};
    if (waiting >= perLane) continue;
    sums.set(subscriptionId, {
      subscriptionId,
      waiting: waiting + 1,
      oldestCreatedAt: Math.min(oldestCreatedAt, createdAt),
    });
  }
  return [...sums.values()].toSorted((a, b) => a.subscriptionId - b.subscriptionId);
}
