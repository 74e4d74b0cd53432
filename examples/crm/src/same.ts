import { timingSafeEqual } from 'node:crypto';

/** Compares without telling by the time it takes how much is right. */
export function same(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
