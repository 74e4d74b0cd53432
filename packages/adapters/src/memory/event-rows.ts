import type { StoredEvent } from '@hookwell/core';
import { Groups } from './groups.ts';
import { orderTexts, SortedSet } from './sorted-set.ts';

/** An event, and what only the storage knows of it. */
export interface EventRow {
  readonly event: StoredEvent;
  readonly storedAt: number;
  /** How many deliveries and log lines need it. */
  references: number;
}

type Age = Pick<EventRow, 'storedAt'> & { readonly event: Pick<StoredEvent, 'id'> };

/** The events, by id and by idempotency key. */
export class EventRows {
  readonly #byId = new Map<string, EventRow>();
  readonly #byKey = new Groups<string, EventRow>();
  /** Those that nothing needs, oldest first. */
  readonly #unneeded = new SortedSet<Age>((a, b) => a.storedAt - b.storedAt || orderTexts(a.event.id, b.event.id));

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

  /** The event for which an account has used an idempotency key. */
  ofKey(accountId: string, key: string): StoredEvent | undefined {
    return this.#byKey.of(accountId).get(key)?.event;
  }

  add(event: StoredEvent, storedAt: number): void {
    const row = { event: copyEvent(event), storedAt, references: 0 };
    this.#byId.set(event.id, row);
    if (event.idempotencyKey !== null) this.#byKey.set(event.accountId, event.idempotencyKey, row);
    this.#unneeded.add(row);
  }

  /** Counts one more row that needs it, or one less. */
  refer(id: string, count: 1 | -1): void {
    const row = this.#byId.get(id);
    if (!row) return;
    if (row.references === 0) this.#unneeded.delete(row);
    row.references += count;
    if (row.references === 0) this.#unneeded.add(row);
  }

  /** Forgets those that were stored before, and that nothing needs; answers how many. */
  forgetUnneeded(before: number, limit: number): number {
    let forgotten = 0;
    for (const row of this.#unneededBefore(before, limit)) {
      const { id, accountId, idempotencyKey } = row.event;
      this.#unneeded.delete(row);
      this.#byId.delete(id);
      if (idempotencyKey !== null) this.#byKey.delete(accountId, idempotencyKey);
      forgotten += 1;
    }
    return forgotten;
  }

  #unneededBefore(before: number, limit: number): EventRow[] {
    const found: EventRow[] = [];
    for (const row of this.#unneeded.from()) {
      if (found.length === limit || row.storedAt >= before) break;
      found.push(row as EventRow);
    }
    return found;
  }
}

/** An event of which nobody else holds a part. */
export function copyEvent(event: StoredEvent): StoredEvent {
  return { ...event, record: { ...event.record }, metadata: { ...event.metadata } };
}
