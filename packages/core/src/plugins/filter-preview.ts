import { HookwellError } from '../errors.ts';
import type { AccountId } from '../model/account.ts';
import type { Passes } from '../model/compile-filter.ts';
import type { StoredEvent } from '../model/event.ts';
import type { Filter } from '../model/filter.ts';
import type { Attempt } from '../model/outcome.ts';
import type { Page, Query } from '../model/query.ts';
import { shown } from '../model/shown.ts';
import type { AttemptField } from '../storage-adapter.ts';

/** The part of an engine that past events are found through. */
export interface PreviewEngine {
  readonly deliveries: {
    readonly attempts: (accountId: AccountId, query?: Partial<Query<AttemptField>>) => Promise<Page<Attempt>>;
    readonly get: (accountId: AccountId, deliveryId: string) => Promise<{ readonly event: StoredEvent | null }>;
  };
}

/** What a filter is to be tried on. */
export interface PreviewInput {
  readonly accountId: AccountId;
  readonly topic: string;
  readonly filter: Filter;
  /** How many events, 1 to 100: those that were sent last; 20 when left out. */
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
 * Tries a filter on the last events of a topic that the log has something of.
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
  const deliveryIds = await deliveriesOfEvents(engine, accountId, topic, limit);
  const events: Preview['events'][number][] = [];
  for (const deliveryId of deliveryIds) {
    const { event } = await engine.deliveries.get(accountId, deliveryId);
    if (event) events.push({ id: event.id, occurredAt: event.occurredAt, matches: passes(event) });
  }
  // A retry puts an old event late in the log; ids sort by time.
  events.sort((a, b) => (a.id < b.id ? 1 : -1));
  return { events, matched: events.filter(({ matches }) => matches).length };
}

/** One delivery of each of the last events. */
async function deliveriesOfEvents(
  { deliveries }: PreviewEngine,
  accountId: AccountId,
  topic: string,
  limit: number,
): Promise<Iterable<string>> {
  const byEvent = new Map<string, string>();
  const where = { kind: 'compare', field: 'topic', operator: '=', value: topic } as const;
  for (let page = 0; page < maxPages && byEvent.size < limit; page += 1) {
    const { rows } = await deliveries.attempts(accountId, { where, offset: page * pageSize, limit: pageSize });
    for (const { eventId, deliveryId } of rows) {
      if (byEvent.size < limit && !byEvent.has(eventId)) byEvent.set(eventId, deliveryId);
    }
    if (rows.length < pageSize) break;
  }
  return byEvent.values();
}
