import type { StoredEvent } from '../model/event.ts';
import type { Held } from '../model/held.ts';
import type { Subscription } from '../model/subscription.ts';
import type { StorageAdapter } from '../storage-adapter.ts';
import type { Lanes } from './lanes.ts';

/** What `claim` works with. */
export interface ClaimContext {
  readonly storage: Pick<StorageAdapter, 'claimDeliveries'>;
  readonly lanes: Pick<Lanes, 'room' | 'rooms' | 'newLaneCapacity'>;
  readonly newId: () => string;
  readonly monotonicNow: () => number;
  readonly leaseMs: number;
  readonly maxClaims: number;
}

/** A group of claims, where the next one goes on, and whether there may be more right now. */
export interface Claimed {
  readonly held: readonly Held[];
  readonly cursor: number;
  readonly more: boolean;
}

/** Leases the next due deliveries to this process, as many as its memory and its lanes have room for. */
export async function claim(cursor: number, context: ClaimContext): Promise<Claimed> {
  const { lanes, leaseMs } = context;
  const limit = Math.min(lanes.room, context.maxClaims);
  if (limit <= 0) return { held: [], cursor, more: true };
  const heldSince = context.monotonicNow();
  const result = await context.storage.claimDeliveries({
    fence: context.newId(),
    leaseMs,
    limit,
    perLane: lanes.newLaneCapacity,
    lanes: lanes.rooms(),
    after: cursor,
  });
  const subscriptions = new Map<number, Subscription>(
    result.subscriptions.map((subscription) => [subscription.id, subscription]),
  );
  const events = new Map<string, StoredEvent>(result.events.map((event) => [event.id, event]));
  const held: Held[] = [];
  for (const claimed of result.claims) {
    const subscription = subscriptions.get(claimed.subscriptionId);
    const event = events.get(claimed.eventId);
    if (!subscription || !event)
      throw new Error(`the storage claimed delivery "${claimed.id}" without its subscription or event`);
    held.push({ claim: claimed, subscription, event, heldSince });
  }
  return { held, cursor: result.cursor, more: result.more };
}
