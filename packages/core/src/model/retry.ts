/** When a delivery is tried again after a failure that counts against it. */
export interface RetryPolicy {
  /** The wait after the first failure, the second, and so on, in milliseconds. After the last one the delivery fails. */
  readonly scheduleMs: readonly number[];
  /** How far a wait is stretched or cut at random, as a fraction: 0.1 for ± 10 %. */
  readonly jitter: number;
}

/** The default schedule: 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. */
export const defaultScheduleMs: readonly number[] = [
  5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000,
];

/** The longest that a receiver may ask to be left alone. */
export const maxRetryAfterMs = 86_400_000;

/**
 * How long to wait before the next attempt, in milliseconds; null when the schedule is over.
 *
 * @param failures failures so far, the present one included
 * @param notBeforeMs what the receiver asked for, never undercut
 * @param random a number from 0 (inclusive) to 1 (exclusive)
 */
export function retryInMs(policy: RetryPolicy, failures: number, notBeforeMs: number, random: number): number | null {
  const wait = policy.scheduleMs[failures - 1];
  if (wait === undefined) return null;
  return Math.max(Math.round(wait * (1 + policy.jitter * (2 * random - 1))), notBeforeMs);
}

/**
 * Reads a Retry-After header: seconds, or an HTTP date. Clamped to 24 hours; null when it is neither.
 *
 * @param now milliseconds since the epoch
 */
export function parseRetryAfter(header: string | null | undefined, now: number): number | null {
  const text = header?.trim();
  if (!text) return null;
  if (/^\d+$/.test(text)) return Math.min(Number(text) * 1_000, maxRetryAfterMs);
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.min(Math.max(date - now, 0), maxRetryAfterMs);
}
