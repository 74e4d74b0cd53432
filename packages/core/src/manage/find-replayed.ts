import { HookwellError, messageOf } from '../errors.ts';
import type { StoredEvent } from '../model/event.ts';
import { deliverAtOf } from '../model/event-times.ts';
import type { ReplayFilter, ReplayPlace, ReplayRow } from '../model/replay.ts';
import type { Subscription } from '../model/subscription.ts';
import type { StorageAdapter } from '../storage-adapter.ts';

/** What finding works with. */
export interface FindReplayedContext {
  readonly storage: Pick<StorageAdapter, 'findReplayable' | 'findEvents'>;
  /** Who would get these events now, as the match hooks have it; and what one of them threw. */
  readonly match: (events: readonly StoredEvent[]) => Promise<
    readonly {
      readonly event: StoredEvent;
      readonly subscriptions: readonly Subscription[];
      readonly refusal: Error | null;
    }[]
  >;
  /** The engine's clock, in milliseconds since the epoch. */
  readonly now: () => number;
}

/** What is looked for, and how far at once. */
export interface Wanted {
  readonly accountId: string;
  readonly filter: ReplayFilter;
  readonly lastLine: number | null;
  readonly place: ReplayPlace;
  /** At most how many rows to look at. */
  readonly limit: number;
}

/** What was found, and where it goes on. */
export interface Found {
  readonly rows: readonly ReplayRow[];
  readonly place: ReplayPlace;
}

/**
 * Finds the next of what a replay would send: the storage knows what has ended and what is missing, the events say which
 * record they are about, and the match hooks who gets what was never sent.
 *
 * @throws {HookwellError} `plugin_failed` when a match hook throws
 */
export async function findReplayed(
  { accountId, filter, lastLine, place, limit }: Wanted,
  context: FindReplayedContext,
): Promise<Found> {
  const { looksAt, after } = place;
  if (looksAt === 'nothing') return { rows: [], place };
  const { subscriptionId, topic, from, until, outcomes, record, missing } = filter;
  const search = { looksAt, filter: { subscriptionId, topic, from, until, outcomes }, lastLine, after, limit };
  const page = await context.storage.findReplayable(accountId, search);
  const goesOn: ReplayPlace = page.after === null ? nextPlace(looksAt, missing) : { looksAt, after: page.after };
  if (page.rows.length === 0 || (record === null && looksAt === 'finished')) return { rows: page.rows, place: goesOn };
  const ids = [...new Set(page.rows.map(({ eventId }) => eventId))];
  const events = (await context.storage.findEvents(accountId, ids)).filter((event) => isAbout(event, record));
  const matched = looksAt === 'missing' ? await matchedPairs(events, context) : null;
  const known = new Set(events.map(({ id }) => id));
  const rows = page.rows.filter((row) => known.has(row.eventId) && (matched === null || matched.has(pairOf(row))));
  return { rows, place: goesOn };
}

function nextPlace(looksAt: 'finished' | 'missing', missing: boolean): ReplayPlace {
  return { looksAt: looksAt === 'finished' && missing ? 'missing' : 'nothing', after: '' };
}

function isAbout({ objectType, record: { id } }: StoredEvent, record: ReplayFilter['record']): boolean {
  return record === null || (objectType === record.objectType && String(id) === record.id);
}

/** Who misses which event: not before it may be sent, and no subscription that was there and sent a later one in its place. */
async function matchedPairs(events: readonly StoredEvent[], { match, now }: FindReplayedContext): Promise<ReadonlySet<string>> {
  const pairs = new Set<string>();
  const at = now();
  for (const { event, subscriptions, refusal } of await match(events.filter((one) => (deliverAtOf(one) ?? 0) <= at))) {
    if (refusal) {
      const problem = `A match hook failed for the event "${event.id}", which is missing: ${messageOf(refusal)}`;
      throw new HookwellError('plugin_failed', problem, { cause: refusal });
    }
    for (const { id, coalesceMs, createdAt } of subscriptions) {
      if (coalesceMs === 0 || createdAt > event.occurredAt) pairs.add(pairOf({ eventId: event.id, subscriptionId: id }));
    }
  }
  return pairs;
}

function pairOf({ eventId, subscriptionId }: Pick<ReplayRow, 'eventId' | 'subscriptionId'>): string {
  return `${subscriptionId} ${eventId}`;
}
