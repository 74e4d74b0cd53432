import type { PruneRequest, PruneResult } from '@hookwell/core';
import type { Connection } from './connection.ts';
import type { Names } from './names.ts';
import type { preparePartitions } from './partitions.ts';
import { preparePruneAttempts } from './prune-attempts.ts';
import { preparePrunePartitions, type Ages } from './prune-partitions.ts';
import { preparePruneUnneeded, type Unneeded } from './prune-unneeded.ts';
import { plannedEachTime } from './statement.ts';

/** How far one call has looked: the last account, event and subscription, and null where nothing is left to look at. */
interface Looked {
  readonly account: string | null;
  readonly event: Unneeded<{ stored_at: number; id: string; day: number }>['looked'];
  readonly subscription: number | null;
}

const nothing = { deleted: 0, looked: null } as const;

/**
 * Makes the call that forgets. Whole partitions go first; then rows, part by part, each part all or nothing, until one
 * has found something to delete. One process does so at a time, and the others have nothing to do meanwhile.
 */
export function preparePrune(names: Names, partitions: ReturnType<typeof preparePartitions>) {
  const attempts = preparePruneAttempts(names);
  const unneeded = preparePruneUnneeded(names);
  const prunePartitions = preparePrunePartitions(names, partitions);
  const clock = plannedEachTime<number>(`select to_json(${names.now})::text`);
  const lock = plannedEachTime<boolean>(
    `select to_json(pg_try_advisory_xact_lock(hashtextextended('hookwell prune ' || $1::text, 0)))::text`,
  );

  async function prunePart(
    connection: Connection,
    request: PruneRequest,
    { deliveredBefore, othersBefore, restBefore, from }: Ages & { readonly from: Looked },
  ): Promise<{ readonly pruned: PruneResult; readonly looked: Looked }> {
    const { maxAttemptsPerAccount: keep, limit } = request;
    return connection.transact(async (transaction) => {
      if (!(await transaction.run(lock, [names.schema]))) {
        return { pruned: { attempts: 0, events: 0, subscriptions: 0 }, looked: ended };
      }
      const old = await attempts.deleteOld(transaction, { deliveredBefore, othersBefore, limit });
      const excess =
        from.account === null || old >= limit
          ? nothing
          : await attempts.deleteExcess(transaction, from.account, { keep, limit: limit - old });
      const events = from.event
        ? await unneeded.deleteEvents(transaction, from.event, { storedBefore: restBefore, limit })
        : nothing;
      const subscriptions =
        from.subscription === null
          ? nothing
          : await unneeded.deleteSubscriptions(transaction, from.subscription, { endedBefore: restBefore, limit });
      return {
        pruned: { attempts: old + excess.deleted, events: events.deleted, subscriptions: subscriptions.deleted },
        looked: { account: excess.looked, event: events.looked, subscription: subscriptions.looked },
      };
    });
  }

  return async (connection: Connection, request: PruneRequest): Promise<PruneResult> => {
    await partitions.makeAhead(connection);
    const now = await connection.run(clock, []);
    const deliveredBefore = now - request.deliveredAfterMs;
    const othersBefore = now - request.failedAfterMs;
    const ages = { deliveredBefore, othersBefore, restBefore: Math.min(deliveredBefore, othersBefore) };
    const whole = await prunePartitions(connection, ages);
    if (whole.attempts + whole.events > 0) return { ...whole, subscriptions: 0 };
    let from: Looked = { account: '', event: { stored_at: 0, id: '', day: 0 }, subscription: 0 };
    for (;;) {
      const { pruned, looked } = await prunePart(connection, request, { ...ages, from });
      const found = pruned.attempts + pruned.events + pruned.subscriptions > 0;
      const atEnd = looked.account === null && looked.event === null && looked.subscription === null;
      if (found || atEnd) return pruned;
      from = looked;
    }
  };
}

const ended: Looked = { account: null, event: null, subscription: null };
