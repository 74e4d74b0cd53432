import { HookwellError } from '../errors.ts';
import type { AccountId } from '../model/account.ts';
import type { Passes } from '../model/compile-filter.ts';
import type { StoredEvent } from '../model/event.ts';
import { lacksRecord } from '../model/gone-record.ts';
import type { Filter } from '../model/filter.ts';
import type { Attempt } from '../model/outcome.ts';
import type { Page, Query } from '../model/query.ts';
import { shown } from '../model/shown.ts';
import type { AttemptField } from '../storage-adapter.ts';

/** The part of an engine that past events are found through. */
export interface PreviewEngine {
  readonly deliveries: {
    readonly events: (
      accountId: AccountId,
      query: { readonly topic: string; readonly limit: number },
    ) => Promise<{ readonly events: readonly StoredEvent[]; readonly complete: boolean }>;
    readonly attempts: (accountId: AccountId, query?: Partial<Query<AttemptField>>) => Promise<Page<Attempt>>;
    readonly get: (accountId: AccountId, deliveryId: string) => Promise<{ readonly event: StoredEvent | null }>;
  };
}

/** What a filter is to be tried on. */
export interface PreviewInput {
  readonly accountId: AccountId;
  readonly topic: string;
  readonly filter: Filter;
  /** How many events, 1 to 100: those that were emitted last; 20 when left out. */
  readonly limit?: number | undefined;
}

/** What a filter would have done. */
export interface Preview {
  /** The events that it was tried on, the newest first. */
  readonly events: readonly { readonly id: string; readonly occurredAt: number; readonly matches: boolean }[];
  /** How many of them it lets through. */
  readonly matched: number;
}

const pageSize = 100;
/** Pages of the log that are looked through: retries and many subscriptions make many lines of one event. */
const maxPages = 20;

/**
 * Tries a filter on the last events of a topic: on those among the events that were stored last, whether or not anybody got
 * them, and beyond those on what the log has something of.
 *
 * @throws {HookwellError} `invalid_input`
 */
export async function previewFilter(engine: PreviewEngine, input: PreviewInput, passes: Passes): Promise<Preview> {
  const { accountId, topic, limit = 20 } = input;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > 100) {
    throw new HookwellError('invalid_input', `Invalid limit ${shown(limit)}: pass a whole number from 1 to 100.`, {
      value: limit,
    });
  }
  const { events: last, complete } = await engine.deliveries.events(accountId, { topic, limit });
  const found = new Map(last.map((event) => [event.id, event]));
  if (!complete && found.size < limit) await addFromLog(found, engine, { accountId, topic, limit });
  // A retry puts an old event late in the log; ids sort by time.
  // Nobody can tell any more whether one matched whose record is gone.
  const events = [...found.values()]
    .filter((event) => !lacksRecord(event))
    .toSorted((a, b) => (a.id < b.id ? 1 : -1))
    .map((event) => ({ id: event.id, occurredAt: event.occurredAt, matches: passes(event) }));
  return { events, matched: events.filter(({ matches }) => matches).length };
}

/** Adds what the log has something of, until there are so many. */
async function addFromLog(
  found: Map<string, StoredEvent>,
  { deliveries }: PreviewEngine,
  { accountId, topic, limit }: { readonly accountId: AccountId; readonly topic: string; readonly limit: number },
): Promise<void> {
  const where = { kind: 'compare', field: 'topic', operator: '=', value: topic } as const;
  for (let page = 0; page < maxPages && found.size < limit; page += 1) {
    const { rows } = await deliveries.attempts(accountId, { where, offset: page * pageSize, limit: pageSize });
    for (const { eventId, deliveryId } of rows) {
      if (found.size === limit || found.has(eventId)) continue;
      const { event } = await deliveries.get(accountId, deliveryId);
      if (event) found.set(eventId, event);
    }
    if (rows.length < pageSize) break;
  }
}
