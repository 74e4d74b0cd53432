/** What an attempt, or the lack of one, led to. `retry` is the only one that is not final. */
export type OutcomeKind = 'delivered' | 'retry' | 'failed' | 'cancelled';

/** One line of the log: an attempt to send a delivery, or the end of a delivery that was never sent. */
export interface Attempt {
  /** A positive integer, unique in the storage, growing with time. */
  readonly id: number;
  readonly accountId: string;
  readonly subscriptionId: number;
  readonly deliveryId: string;
  readonly eventId: string;
  readonly topic: string;
  /** 1 for the first attempt of its delivery; 0 when it ended without any. */
  readonly number: number;
  readonly outcome: OutcomeKind;
  /** Why, in words: `HTTP 503`, `no answer within 15000 ms`, `unsubscribed by the account`; empty when delivered. */
  readonly reason: string;
  /** The status of the answer; 0 when there was none. */
  readonly status: number;
  /** The beginning of the answer's body, at most 4 KiB. */
  readonly answer: string;
  /** When the request began, in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly durationMs: number;
  /** When the next attempt is due, in milliseconds since the epoch; null when the outcome is final. */
  readonly nextAttemptAt: number | null;
}

/**
 * The line of the log for a delivery that is cancelled without an attempt.
 *
 * @param now the storage's time, in milliseconds since the epoch
 */
export function cancelledAttempt(
  delivery: Pick<Attempt, 'accountId' | 'subscriptionId' | 'deliveryId' | 'eventId' | 'topic'>,
  reason: string,
  now: number,
): Omit<Attempt, 'id'> {
  const { accountId, subscriptionId, deliveryId, eventId, topic } = delivery;
  return {
    accountId,
    subscriptionId,
    deliveryId,
    eventId,
    topic,
    number: 0,
    outcome: 'cancelled',
    reason,
    status: 0,
    answer: '',
    startedAt: now,
    durationMs: 0,
    nextAttemptAt: null,
  };
}

/**
 * The columns of attempts that a query may name, and what they hold. `record` is the record of the event as JSON, null once
 * the event is gone.
 */
export const attemptFields = {
  id: 'number',
  subscriptionId: 'number',
  deliveryId: 'string',
  eventId: 'string',
  topic: 'string',
  number: 'number',
  outcome: 'string',
  reason: 'string',
  status: 'number',
  startedAt: 'number',
  durationMs: 'number',
  answer: 'text',
  record: 'text',
} as const;

/** An outcome on its way into the storage: what becomes of the delivery, and the line for the log. */
export interface Outcome {
  readonly deliveryId: string;
  readonly fence: string;
  readonly accountId: string;
  readonly subscriptionId: number;
  readonly eventId: string;
  readonly topic: string;
  readonly outcome: OutcomeKind;
  /** For `retry`: how long from now on the storage's clock, in milliseconds; else null. */
  readonly retryInMs: number | null;
  readonly number: number;
  readonly reason: string;
  readonly status: number;
  readonly answer: string;
  readonly startedAt: number;
  readonly durationMs: number;
  /** Whether it takes the delivery a step further on the retry schedule. */
  readonly countsAgainstDelivery: boolean;
  /** What it says about the endpoint: nothing at all when the fault was ours or nothing was sent. */
  readonly endpoint: 'answered' | 'failed' | 'unknown';
  /** How long the whole lane must pause from now on, in milliseconds; 0 for not at all. */
  readonly pauseLaneMs: number;
  /** That of the claim: a final outcome lets the next delivery of its order go. Absent where there is no order. */
  readonly orderKey?: string;
}

/** The positions of the outcomes, without those of a lease that an earlier one of them ends. */
export function firstOfEachLease(outcomes: readonly Pick<Outcome, 'deliveryId' | 'fence'>[]): readonly number[] {
  const seen = new Set<string>();
  const positions: number[] = [];
  for (const [position, { deliveryId, fence }] of outcomes.entries()) {
    const lease = `${deliveryId}\n${fence}`;
    if (!seen.has(lease)) positions.push(position);
    seen.add(lease);
  }
  return positions;
}
