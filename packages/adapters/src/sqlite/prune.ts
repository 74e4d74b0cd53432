import type { PruneRequest, PruneResult } from '@hookwell/core';
import { agesAt } from '../sql/ages.ts';
import type { Connection } from './connection.ts';
import { firstLines, preparePruneAttempts, type LinePlaces } from './prune-attempts.ts';
import { preparePruneUnneeded } from './prune-unneeded.ts';

/** Rows deleted in one transaction: few enough that neither the host nor another process waits for it. */
const rowsPerPart = 200;
/** A call for no more rows than this is one of many beside live traffic: it is a single transaction, for so many of them. */
const gentle = { limit: 100, rows: 25 };

/** How far was looked: at lines, events and subscriptions; null where nothing is left to look at. */
interface Looked {
  readonly lines: LinePlaces;
  readonly event: number | null;
  readonly subscription: number | null;
}

const start: Looked = { lines: firstLines, event: 0, subscription: 0 };
const nothing: PruneResult = { attempts: 0, events: 0, subscriptions: 0 };

/**
 * Makes the call that forgets, part by part: each is a transaction, and the host has its turns between two of them. A call
 * goes on where the last one ended, so that what is kept for longer is passed over once, and not by each call.
 */
export function preparePrune(connection: Connection) {
  const pruneAttempts = preparePruneAttempts(connection);
  const unneeded = preparePruneUnneeded(connection);
  let resume = start;

  function prunePart(
    request: PruneRequest,
    now: number,
    from: Looked,
    limit: number,
  ): { readonly pruned: PruneResult; readonly looked: Looked } {
    const ages = agesAt(request, now, unneeded.spared());
    if (from === start) unneeded.deleteReplays(request, now, limit);
    let looked = from;
    if (hasMore(looked.lines)) {
      const { deleted, places } = pruneAttempts(looked.lines, ages, limit);
      looked = { ...looked, lines: places };
      if (deleted > 0 || hasMore(places)) return { pruned: { ...nothing, attempts: deleted }, looked };
    }
    if (looked.event !== null) {
      const { deleted, looked: event } = unneeded.deleteEvents(looked.event, ages, limit);
      looked = { ...looked, event };
      if (deleted > 0 || event !== null) return { pruned: { ...nothing, events: deleted }, looked };
    }
    const { deleted, looked: subscription } = unneeded.deleteSubscriptions(looked.subscription, ages, limit);
    return { pruned: { ...nothing, subscriptions: deleted }, looked: { ...looked, subscription } };
  }

  return async (request: PruneRequest, now: number): Promise<PruneResult> => {
    const isGentle = request.limit <= gentle.limit;
    const size = isGentle ? gentle.rows : rowsPerPart;
    let isWhole = resume === start;
    let from = resume;
    let sum = nothing;
    for (;;) {
      const most = Math.max(sum.attempts, sum.events, sum.subscriptions);
      const limit = Math.min(size, request.limit - most);
      const { pruned, looked } = await connection.write(() => prunePart(request, now, from, limit));
      sum = add(sum, pruned);
      from = looked;
      const isFound = sum !== nothing;
      if (Math.max(sum.attempts, sum.events, sum.subscriptions) >= request.limit) break;
      if (!hasMore(looked.lines) && looked.event === null && looked.subscription === null) {
        from = start;
        // Nothing is left once all of it was looked at, from the beginning.
        if (isFound || isWhole) break;
        isWhole = true;
      }
      if (isGentle && isFound) break;
      await new Promise(setImmediate);
    }
    resume = from;
    return sum;
  };
}

function hasMore({ old, apart, account }: LinePlaces): boolean {
  return apart !== null || account !== null || Object.values(old).some((place) => place !== null);
}

function add(sum: PruneResult, more: PruneResult): PruneResult {
  if (more.attempts + more.events + more.subscriptions === 0) return sum;
  return {
    attempts: sum.attempts + more.attempts,
    events: sum.events + more.events,
    subscriptions: sum.subscriptions + more.subscriptions,
  };
}
