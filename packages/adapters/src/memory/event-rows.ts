import type { EventPage, EventSearch, StoredEvent } from '@hookwell/core';
import { Groups } from './groups.ts';
import { orderTexts, SortedSet } from './sorted-set.ts';

/** An event, and what only the storage knows of it. */
export interface EventRow {
  event: StoredEvent;
  readonly storedAt: number;
  /** Grows with each event. */
  readonly position: number;
  /** How many deliveries and log lines need it. */
  references: number;
}

/** Before when an event must have been stored to be forgotten: of its account, and of any. */
interface Before {
  readonly before: (accountId: string) => number;
  readonly last: number;
}

type Age = Pick<EventRow, 'storedAt'> & { readonly event: Pick<StoredEvent, 'id'> };

/** The events, by id and by idempotency key. */
export class EventRows {
  readonly #byId = new Map<string, EventRow>();
  readonly #byKey = new Groups<string, EventRow>();
  /** Those that nothing needs, oldest first. */
  readonly #unneeded = new SortedSet<Age>((a, b) => a.storedAt - b.storedAt || orderTexts(a.event.id, b.event.id));

  #lastPosition = 0;

  get(id: string): EventRow | undefined {
    return this.#byId.get(id);
  }

  /** Copies of those of the account's own events that there are, each once. */
  find(accountId: string, ids: readonly string[]): StoredEvent[] {
    const found: StoredEvent[] = [];
    for (const id of new Set(ids)) {
      const event = this.#byId.get(id)?.event;
      if (event?.accountId === accountId) found.push(copyEvent(event));
    }
    return found;
  }

  /** Copies of an account's own events, the newest first, from a place on. */
  list(accountId: string, { topic, after, limit, looks }: EventSearch): EventPage {
    const last = after === '' ? Number.POSITIVE_INFINITY : Number(after);
    const events: StoredEvent[] = [];
    let looked = 0;
    for (const { event, position } of [...this.#byId.values()].toReversed()) {
      if (position >= last) continue;
      if (event.accountId === accountId && (topic === null || event.topic === topic)) events.push(copyEvent(event));
      looked += 1;
      if (looked === looks || events.length === limit) return { events, after: String(position) };
    }
    return { events, after: null };
  }

  /** The rows of an account's own events, in the order in which they were stored. */
  *ofAccount(accountId: string): Generator<EventRow> {
    for (const row of this.#byId.values()) if (row.event.accountId === accountId) yield row;
  }

  /** The rows of those that were stored before, in the order in which they were. */
  storedBefore(before: number): EventRow[] {
    return [...this.#byId.values()].filter(({ storedAt }) => storedAt < before);
  }

  /** Puts an event in the place of the one with its id. */
  replace(event: StoredEvent): void {
    const row = this.#byId.get(event.id);
    if (row) row.event = event;
  }

  /** The event for which an account has used an idempotency key. */
  ofKey(accountId: string, key: string): StoredEvent | undefined {
    return this.#byKey.of(accountId).get(key)?.event;
  }

  /** Adds an event; `settle` is to follow, once what needs it was added: most are never without anything that does. */
  add(event: StoredEvent, storedAt: number): EventRow {
    this.#lastPosition += 1;
    const row = { event: copyEvent(event), storedAt, position: this.#lastPosition, references: 0 };
    this.#byId.set(event.id, row);
    if (event.idempotencyKey !== null) this.#byKey.set(event.accountId, event.idempotencyKey, row);
    return row;
  }

  /** Takes note of an event that was added and that nothing needs, once all that needs it was added. */
  settle(row: EventRow): void {
    if (row.references === 0) this.#unneeded.add(row);
  }

  /** Counts one more row that needs it, or one less. */
  refer(id: string, count: 1 | -1): void {
    const row = this.#byId.get(id);
    if (!row) return;
    if (row.references === 0) this.#unneeded.delete(row);
    row.references += count;
    if (row.references === 0) this.#unneeded.add(row);
  }

  /** The ids of an account's own events about a record. */
  about(accountId: string, objectType: number, recordId: string): ReadonlySet<string> {
    const found = new Set<string>();
    for (const { event } of this.#byId.values()) {
      if (event.accountId !== accountId || event.objectType !== objectType) continue;
      if (String(event.record['id']) === recordId) found.add(event.id);
    }
    return found;
  }

  /** Forgets an event, which nothing may need any more. */
  forget(id: string): void {
    const row = this.#byId.get(id);
    if (row) this.#forget(row);
  }

  /** Forgets those that were stored before, and that nothing needs, but for those of some accounts; answers how many. */
  forgetUnneeded(before: Before, limit: number, spared: ReadonlySet<string>): number {
    let forgotten = 0;
    for (const row of this.#unneededBefore(before, limit, spared)) {
      this.#forget(row);
      forgotten += 1;
    }
    return forgotten;
  }

  #forget(row: EventRow): void {
    const { id, accountId, idempotencyKey } = row.event;
    this.#unneeded.delete(row);
    this.#byId.delete(id);
    if (idempotencyKey !== null) this.#byKey.delete(accountId, idempotencyKey);
  }

  #unneededBefore({ before, last }: Before, limit: number, spared: ReadonlySet<string>): EventRow[] {
    const found: EventRow[] = [];
    for (const row of this.#unneeded.from()) {
      if (found.length === limit || row.storedAt >= last) break;
      const { accountId } = (row as EventRow).event;
      if (row.storedAt < before(accountId) && !spared.has(accountId)) found.push(row as EventRow);
    }
    return found;
  }
}

/** An event of which nobody else holds a part. */
export function copyEvent(event: StoredEvent): StoredEvent {
  return { ...event, record: { ...event.record }, metadata: { ...event.metadata } };
}
