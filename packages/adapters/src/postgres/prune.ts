import type { PruneRequest, PruneResult } from '@hookwell/core';
import { agesAt, type Ages } from '../sql/ages.ts';
import type { Connection } from './connection.ts';
import type { Names } from './names.ts';
import { dayMs, type preparePartitions } from './partitions.ts';
import { firstLines, preparePruneAttempts, type LinePlaces } from './prune-attempts.ts';
import { preparePrunePartitions } from './prune-partitions.ts';
import { preparePruneEvents, preparePruneSubscriptions, type EventPlace } from './prune-unneeded.ts';

/** How far was looked: at lines, events and subscriptions; null where nothing is left to look at. */
interface Looked {
  readonly lines: LinePlaces | null;
  readonly event: EventPlace | null;
  readonly subscription: number | null;
}

/** What one part came to, and how far was looked by then. */
interface Part {
  readonly pruned: PruneResult;
  readonly looked: Looked;
}

/**
 * How often to look for whole partitions while rows are forgotten, in milliseconds: that costs more than to forget a hundred of
 * them.
 */
const wholeEveryMs = 10_000;

const start: Looked = { lines: firstLines, event: { stored_at: 0, id: '' }, subscription: 0 };
const nothing: PruneResult = { attempts: 0, events: 0, subscriptions: 0 };
const none: ReadonlySet<string> = new Set();

/**
 * Makes the call that forgets: whole partitions first, then lines of the log, then events, then subscriptions, until one
 * of these steps has found something. A call goes on where the last one ended, so that what is kept for longer is passed
 * over once, and not by each call.
 */
export function preparePrune(names: Names, partitions: ReturnType<typeof preparePartitions>) {
  const prunePartitions = preparePrunePartitions(names);
  const pruneAttempts = preparePruneAttempts(names);
  const pruneEvents = preparePruneEvents(names);
  const pruneSubscriptions = preparePruneSubscriptions(names);
  let resume = start;
  let wholeFrom = 0;

  async function prunePart(
    connection: Connection,
    from: Looked,
    ages: Ages,
    limit: number,
    days: readonly number[],
  ): Promise<Part> {
    if (from.lines !== null) {
      const { deleted, places } = await pruneAttempts(connection, from.lines, ages, limit, days);
      const isEnd = places.days?.length === 0 && places.account === null && (places.apart === null || ages.apart.length === 0);
      return { pruned: { ...nothing, attempts: deleted }, looked: { ...from, lines: isEnd ? null : places } };
    }
    if (from.event !== null) {
      const { deleted, next } = await pruneEvents(connection, from.event, ages, limit);
      return { pruned: { ...nothing, events: deleted }, looked: { ...from, event: next } };
    }
    if (from.subscription === null) return { pruned: nothing, looked: from };
    const { deleted, next } = await pruneSubscriptions(connection, from.subscription, ages, limit);
    return { pruned: { ...nothing, subscriptions: deleted }, looked: { ...from, subscription: next } };
  }

  return async (connection: Connection, request: PruneRequest): Promise<PruneResult> => {
    const { now, past } = await partitions.makeAhead(connection);
    // Which accounts are spared is a question of each statement.
    const ages = agesAt(request, now, none);
    if (resume === start || now >= wholeFrom) {
      const whole = await prunePartitions(connection, past, ages, now);
      if (whole && whole.attempts + whole.events > 0) return { ...nothing, ...whole };
      if (whole) wholeFrom = now + wholeEveryMs;
    }

    const days = [...past.filter(({ table }) => table === 'attempts').map(({ day }) => day), Math.floor(now / dayMs)];
    let isWhole = resume === start;
    for (let from = resume; ;) {
      const { pruned, looked } = await prunePart(connection, from, ages, request.limit, days);
      const isFound = pruned.attempts + pruned.events + pruned.subscriptions > 0;
      const isEnd = looked.lines === null && looked.event === null && looked.subscription === null;
      resume = isEnd ? start : looked;
      // Nothing is left once all of it was looked at, from the beginning.
      if (isFound || (isEnd && isWhole)) return pruned;
      isWhole ||= isEnd;
      from = resume;
    }
  };
}
