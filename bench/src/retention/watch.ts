import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { PruneResult, StorageAdapter } from '@hookwell/core';
import { Pool } from 'pg';
import { monotonicMs } from '../traffic/clock.ts';

/** How often the locks of a writer are taken to see how long that takes, in milliseconds. */
const askEveryMs = 5;

/** What retention did in one window. */
export interface Pruned {
  calls: number;
  rows: number;
  /** The longest call, in milliseconds. */
  longestMs: number;
}

/** The same storage, whose calls of `prune` are counted. */
export function countingPrunes(storage: StorageAdapter, pruned: Pruned): StorageAdapter {
  return {
    ...storage,
    async prune(request): Promise<PruneResult> {
      const began = monotonicMs();
      const result = await storage.prune(request);
      pruned.calls += 1;
      pruned.rows += result.attempts + result.events + result.subscriptions;
      pruned.longestMs = Math.max(pruned.longestMs, monotonicMs() - began);
      return result;
    },
  };
}

/** Looks at what live traffic has to wait for; `end` answers the longest that it saw, in milliseconds. */
export interface Watch {
  readonly end: () => Promise<number>;
}

/** The longest that this process did nothing else: on SQLite, a transaction and the lock of a writer are inside of that. */
export function watchLoop(): Watch {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  return {
    async end() {
      delay.disable();
      return delay.max / 1e6;
    },
  };
}

/** The longest that the server let a writer wait for the locks of the tables, measured by one that takes them every few ms. */
export function watchLocks(url: string, schema: string): Watch {
  const pool = new Pool({ connectionString: url, max: 1 });
  pool.on('error', () => {});
  // On the server's own clock, so that a process that gets no turn does not count as a lock.
  const text = `
    do $$ declare began timestamptz := clock_timestamp(); begin
      lock table "${schema}".events, "${schema}".attempts, "${schema}".deliveries in row exclusive mode;
      perform set_config('bench.waited', (extract(epoch from clock_timestamp() - began) * 1000)::text, false);
    end $$`;
  let ended = false;
  let longestMs = 0;
  const watching = (async () => {
    while (!ended) {
      await pool.query(text);
      const { rows } = await pool.query<{ ms: string }>("select current_setting('bench.waited') as ms");
      longestMs = Math.max(longestMs, Number(rows[0]?.ms));
      await setTimeout(askEveryMs);
    }
  })();
  return {
    async end() {
      ended = true;
      await watching;
      await pool.end();
      return longestMs;
    },
  };
}
