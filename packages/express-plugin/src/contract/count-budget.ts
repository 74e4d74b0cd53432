import { inWords } from '@hookwell/core';
import type { Budget, RateLimit } from '../rate-limit-store.ts';
import { Refusal } from './refusal.ts';

/**
 * Says in the headers of the answer what is left of a budget.
 *
 * @throws {Refusal} 429 when nothing is
 */
export function countBudget(budget: Budget | null, { limit, windowMs }: RateLimit, headers: Record<string, string>): void {
  if (budget === null) return;
  // Rounded up: a client that waits for exactly so long is let in.
  const reset = String(Math.ceil(budget.resetMs / 1_000));
  headers['X-Rate-Limit-Limit'] = String(limit);
  headers['X-Rate-Limit-Remaining'] = String(budget.remaining);
  headers['X-Rate-Limit-Reset'] = reset;
  if (budget.counted) return;
  throw new Refusal(
    429,
    `Too many requests: ${limit} are taken in ${inWords(windowMs)}. Try again in ${inWords(Number(reset) * 1_000)}.`,
    { 'Retry-After': reset },
  );
}
