import type { PruneRequest, PruneResult } from '@hookwell/core';
import type { Connection } from './connection.ts';
import type { Names } from './names.ts';
import type { preparePartitions } from './partitions.ts';
import { preparePruneAttempts } from './prune-attempts.ts';
import { preparePrunePartitions } from './prune-partitions.ts';
import { preparePruneEvents, preparePruneSubscriptions } from './prune-unneeded.ts';

/** What one part came to: how many rows were deleted, and where the next part goes on; null when nothing is left. */
interface Part<Place> {
  readonly deleted: number;
  readonly next: Place | null;
}

/** Goes on, part by part, until one has found something to delete; answers how many rows. */
async function firstFind<Place>(start: Place, prunePart: (from: Place) => Promise<Part<Place>>): Promise<number> {
  for (let from: Place | null = start; from !== null;) {
    const { deleted, next }: Part<Place> = await prunePart(from);
    if (deleted > 0) return deleted;
    from = next;
  }
  return 0;
}

/**
 * Makes the call that forgets: whole partitions first, then lines of the log, then events, then subscriptions, until one
 * of these steps has found something.
 */
export function preparePrune(names: Names, partitions: ReturnType<typeof preparePartitions>) {
  const prunePartitions = preparePrunePartitions(names);
  const pruneAttempts = preparePruneAttempts(names);
  const pruneEvents = preparePruneEvents(names);
  const pruneSubscriptions = preparePruneSubscriptions(names);
  const nothing: PruneResult = { attempts: 0, events: 0, subscriptions: 0 };

  return async (connection: Connection, request: PruneRequest): Promise<PruneResult> => {
    const { deliveredAfterMs, failedAfterMs, maxAttemptsPerAccount: keep, limit } = request;
    const { now, past } = await partitions.makeAhead(connection);
    const deliveredBefore = now - deliveredAfterMs;
    const othersBefore = now - failedAfterMs;
    const restBefore = Math.min(deliveredBefore, othersBefore);

    const whole = await prunePartitions(connection, past, { deliveredBefore, othersBefore, restBefore });
    if (whole.attempts + whole.events > 0) return { ...nothing, ...whole };

    const ages = { deliveredBefore, othersBefore, keep, limit };
    const attempts = await firstFind('', async (account) => pruneAttempts(connection, account, ages));
    if (attempts > 0) return { ...nothing, attempts };

    const before = { before: restBefore, limit };
    const events = await firstFind({ stored_at: 0, id: '' }, async (place) => pruneEvents(connection, place, before));
    if (events > 0) return { ...nothing, events };

    const subscriptions = await firstFind(0, async (id) => pruneSubscriptions(connection, id, before));
    return { ...nothing, subscriptions };
  };
}
