import { HookwellError } from '../errors.ts';
import { coalesceKeyOf } from '../model/coalescing.ts';
import type { NewDelivery } from '../model/delivery.ts';
import type { StoredEvent } from '../model/event.ts';
import { deliverAtOf } from '../model/event-times.ts';
import { lacksRecord } from '../model/gone-record.ts';
import type { ComposedPayload, Held } from '../model/held.ts';
import { orderKeyOf } from '../model/order-key.ts';
import type { Subscription } from '../model/subscription.ts';
import type { StorageAdapter } from '../storage-adapter.ts';
import type { EmitResult } from './emit.ts';
import type { Match } from './match.ts';

/** Deliveries written in one transaction, unless a single event has more. */
const maxDeliveriesPerBatch = 1_000;

/** What `store` works with. */
export interface StoreContext {
  readonly storage: Pick<StorageAdapter, 'storeEvents'>;
  readonly newId: () => string;
  readonly now: () => number;
  readonly monotonicNow: () => number;
  readonly leaseMs: number;
  /** Takes a place in a lane, if there is room to send at once; the delivery is then stored already leased. */
  readonly reserve: (subscription: Subscription) => boolean;
  /** Gives such places back. */
  readonly unreserve: (subscriptionId: number) => void;
  /** Takes over what was stored already leased. */
  readonly handOff: (held: readonly Held[]) => void;
  /** Is told of a subscription with new deliveries that wait in the storage. */
  readonly onWaiting: (subscription: Subscription) => void;
  /** Is told in how many milliseconds the first of new deliveries is due that are not due yet. */
  readonly onDelayed: (dueInMs: number) => void;
}

/** What became of one event of a group: its answer, or the error for its caller. */
export type Stored = { readonly event: StoredEvent; readonly result: EmitResult } | { readonly error: Error };

/**
 * Writes events with all their deliveries, and hands those that can be sent at once straight on. A batch that fails
 * fails its own events only.
 */
export async function store(matches: readonly Match[], context: StoreContext): Promise<readonly Stored[]> {
  const stored = new Map<Match, Stored>();
  for (const match of matches) if (match.refusal) stored.set(match, { error: match.refusal });
  for (const batch of inBatches(matches.filter(({ refusal }) => !refusal))) {
    try {
      for (const [index, answer] of (await storeBatch(batch, context)).entries()) stored.set(batch[index] as Match, answer);
    } catch (error) {
      for (const match of batch) stored.set(match, { error: error as Error });
    }
  }
  return matches.map((match) => stored.get(match) as Stored);
}

function inBatches(matches: readonly Match[]): Match[][] {
  const batches: Match[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const match of matches) {
    if (size + match.subscriptions.length > maxDeliveriesPerBatch) {
      batches.push([]);
      size = 0;
    }
    batches.at(-1)?.push(match);
    size += match.subscriptions.length;
  }
  return batches;
}

async function storeBatch(matches: readonly Match[], context: StoreContext): Promise<readonly Stored[]> {
  const fence = context.newId();
  const createdAt = context.now();
  const heldSince = context.monotonicNow();
  const deliveries: NewDelivery[] = [];
  const held: Held[] = [];
  const waiting = new Set<Subscription>();
  let firstDueInMs = Number.POSITIVE_INFINITY;
  for (const { event, subscriptions } of matches) {
    const composed: ComposedPayload[] = [];
    const delayMs = (deliverAtOf(event) ?? createdAt) - createdAt;
    for (const subscription of subscriptions) {
      const { accountId, id: subscriptionId } = subscription;
      const delivery = { id: context.newId(), accountId, subscriptionId, eventId: event.id };
      // What has a time of its own holds up nothing that comes after it.
      const orderKey = delayMs > 0 ? undefined : orderKeyOf(subscription, event);
      const later = laterOf(event, subscription, delayMs, createdAt);
      if (later) {
        deliveries.push({ ...delivery, leased: false, ...later, ...(orderKey === undefined ? {} : { orderKey }) });
        firstDueInMs = Math.min(firstDueInMs, later.dueInMs);
        continue;
      }
      // Whether one is the first of its order is known to the storage alone.
      const leased = orderKey === undefined && context.reserve(subscription);
      deliveries.push(orderKey === undefined ? { ...delivery, leased } : { ...delivery, leased, orderKey });
      if (leased) {
        const claim = { ...delivery, attempts: 0, failures: 0, abandonments: 0, createdAt, fence };
        held.push({ claim, subscription, event, composed, heldSince });
      } else {
        waiting.add(subscription);
      }
    }
  }
  let events: readonly StoredEvent[];
  try {
    const batch = { events: matches.map(({ event }) => event), deliveries, fence, leaseMs: context.leaseMs };
    events = await context.storage.storeEvents(batch);
  } catch (error) {
    for (const { subscription } of held) context.unreserve(subscription.id);
    throw error;
  }
  const kept = new Set(events.map(({ id }) => id));
  const handed: Held[] = [];
  for (const item of held) {
    if (kept.has(item.claim.eventId)) handed.push(item);
    else context.unreserve(item.subscription.id);
  }
  for (const subscription of waiting) context.onWaiting(subscription);
  if (firstDueInMs < Number.POSITIVE_INFINITY) context.onDelayed(firstDueInMs);
  context.handOff(handed);
  return matches.map((match, index) => answerFor(match, events[index] as StoredEvent));
}

/** When a delivery is due that is not due at once, and by what later events find it; null for one that is. */
function laterOf(
  event: StoredEvent,
  { coalesceMs }: Subscription,
  delayMs: number,
  now: number,
): { readonly dueInMs: number; readonly coalesceKey?: string } | null {
  if (delayMs > 0) return { dueInMs: delayMs };
  const coalesceKey = coalesceMs > 0 ? coalesceKeyOf(event, coalesceMs, now) : null;
  return coalesceKey === null ? null : { dueInMs: coalesceMs, coalesceKey };
}

function answerFor({ event, subscriptions }: Match, kept: StoredEvent): Stored {
  if (kept.id === event.id) return { event, result: { id: event.id, deliveries: subscriptions.length, duplicate: false } };
  if (sameEvent(event, kept)) return { event: kept, result: { id: kept.id, deliveries: 0, duplicate: true } };
  return {
    error: new HookwellError(
      'idempotency_conflict',
      `The idempotencyKey ${JSON.stringify(event.idempotencyKey)} was used for another event (${kept.topic}, ${kept.id}); give this one a key of its own.`,
      { value: event.idempotencyKey },
    ),
  };
}

/** Of a record that is no longer kept, the id is all that can be compared. */
function sameEvent(a: StoredEvent, kept: StoredEvent): boolean {
  if (a.topic !== kept.topic || a.objectType !== kept.objectType) return false;
  if (lacksRecord(kept)) return a.record['id'] === kept.record['id'];
  return JSON.stringify(a.record) === JSON.stringify(kept.record);
}
