import type { Budget, RateLimitStore } from '../rate-limit-store.ts';

/** What `slidingLog` works with. */
export interface SlidingLogOptions {
  /** In milliseconds. */
  readonly monotonicNow: () => number;
  /** At most how many keys have a log of their own; all beyond share one. */
  readonly maxKeys: number;
}

const shared = 'all beyond maxKeys';

/**
 * Counts requests in this process's memory, by the instants at which they came: a window that truly rolls. Ours, because
 * express-rate-limit and rate-limiter-flexible count in fixed windows, whose end lets twice the limit through, and
 * rolling-rate-limiter counts refused requests too, so that who waits as told is refused again; it also takes no clock.
 * A key takes at most 8 bytes per request of its window, and is forgotten a window after its last one.
 */
export function slidingLog({ monotonicNow, maxKeys }: SlidingLogOptions): RateLimitStore {
  /** In the order of their last counted request. */
  const logs = new Map<string, number[]>();
  const logOf = (key: string): string => (logs.has(key) || logs.size < maxKeys ? key : shared);

  function forgetIdle(before: number): void {
    for (const [key, instants] of logs) {
      if ((instants.at(-1) ?? before) > before) return;
      logs.delete(key);
    }
  }

  return {
    take(key, { limit, windowMs }): Budget {
      // Whole milliseconds, so that sums are exact and a wait ends at the instant that was announced.
      const now = Math.floor(monotonicNow());
      forgetIdle(now - windowMs);
      const own = logOf(key);
      const all = logs.get(own) ?? [];
      const firstInside = all.findIndex((instant) => instant > now - windowMs);
      const instants = firstInside < 0 ? [] : all.slice(firstInside);
      const counted = instants.length < limit;
      if (counted) {
        instants.push(now);
        logs.delete(own);
      }
      logs.set(own, instants);
      return { counted, remaining: limit - instants.length, resetMs: (instants[0] ?? now) + windowMs - now };
    },

    giveBack(key) {
      const own = logOf(key);
      const instants = logs.get(own);
      instants?.pop();
      if (instants?.length === 0) logs.delete(own);
    },
  };
}
