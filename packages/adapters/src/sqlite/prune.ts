import type { PruneRequest, PruneResult } from '@hookwell/core';
import type { Connection } from './connection.ts';
import { preparePruneAttempts } from './prune-attempts.ts';
import { preparePruneUnneeded } from './prune-unneeded.ts';

/** How far one call has looked: the last account, event and subscription, and null where nothing is left to look at. */
interface Looked {
  readonly account: string | null;
  readonly event: number | null;
  readonly subscription: number | null;
}

/**
 * Makes the call that forgets, all or nothing. While there is nothing to delete it looks on, part by part, and the host
 * has its turns between two of them.
 */
export function preparePrune(connection: Connection) {
  const attempts = preparePruneAttempts(connection);
  const unneeded = preparePruneUnneeded(connection);

  function prunePart(
    request: PruneRequest,
    now: number,
    from: Looked,
  ): { readonly pruned: PruneResult; readonly looked: Looked } {
    const { deliveredAfterMs, failedAfterMs, maxAttemptsPerAccount, limit } = request;
    const old = attempts.deleteOld({ deliveredBefore: now - deliveredAfterMs, othersBefore: now - failedAfterMs, limit });
    const excess = attempts.deleteExcess({ after: from.account, keep: maxAttemptsPerAccount, limit: limit - old });
    const before = now - Math.max(deliveredAfterMs, failedAfterMs);
    unneeded.deleteReplays(before, limit);
    const events = unneeded.deleteEvents({ after: from.event, storedBefore: before, limit });
    const subscriptions = unneeded.deleteSubscriptions({ after: from.subscription, endedBefore: before, limit });
    return {
      pruned: { attempts: old + excess.deleted, events: events.deleted, subscriptions: subscriptions.deleted },
      looked: { account: excess.looked, event: events.looked, subscription: subscriptions.looked },
    };
  }

  return async (request: PruneRequest, now: number): Promise<PruneResult> => {
    let from: Looked = { account: '', event: 0, subscription: 0 };
    for (;;) {
      const { pruned, looked } = await connection.write(() => prunePart(request, now, from));
      const found = pruned.attempts + pruned.events + pruned.subscriptions > 0;
      const ended = looked.account === null && looked.event === null && looked.subscription === null;
      if (found || ended) return pruned;
      from = looked;
      await new Promise(setImmediate);
    }
  };
}
