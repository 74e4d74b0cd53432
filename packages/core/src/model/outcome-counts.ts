import type { OutcomeKind } from './outcome.ts';

/** How many deliveries came to which outcome. */
export type OutcomeCounts = Record<OutcomeKind, number>;

/** How many have come to which since the counts were `before`. */
export function countsSince(before: OutcomeCounts, now: OutcomeCounts): OutcomeCounts {
  return {
    delivered: now.delivered - before.delivered,
    retry: now.retry - before.retry,
    failed: now.failed - before.failed,
    cancelled: now.cancelled - before.cancelled,
  };
}
