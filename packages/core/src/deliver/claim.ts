import type { Held } from '../model/held.ts';
import type { Subscription } from '../model/subscription.ts';
import type { StorageAdapter } from '../storage-adapter.ts';

/** What `claim` works with. */
export interface ClaimContext {
  readonly storage: Pick<StorageAdapter, 'claimDeliveries'>;
  readonly newId: () => string;
  readonly monotonicNow: () => number;
  readonly leaseMs: number;
}

/** How much a claim may take, and where it goes on. */
export interface ClaimBounds {
  /** The lane after which to begin. */
  readonly after: number;
  /** At most how many in all, which is at least one. */
  readonly limit: number;
  /** At most how many of each lane that has some in memory. */
  readonly rooms: ReadonlyMap<number, number>;
  /** At most how many of each other lane. */
  readonly perLane: number;
}

/** A group of claims, where the next one goes on, and whether there may be more right now. */
export interface Claimed {
  readonly held: readonly Held[];
  readonly cursor: number;
  readonly more: boolean;
}

/** Leases the next due deliveries to this process, as many as its memory and its lanes have room for. */
export async function claim({ after, limit, rooms, perLane }: ClaimBounds, context: ClaimContext): Promise<Claimed> {
  const heldSince = context.monotonicNow();
  const { leaseMs } = context;
  const result = await context.storage.claimDeliveries({
    fence: context.newId(),
    leaseMs,
    limit,
    perLane,
    lanes: rooms,
    after,
  });
  const subscriptions = new Map<number, Subscription>(
    result.subscriptions.map((subscription) => [subscription.id, subscription]),
  );
  const events = new Map<string, Pick<Held, 'event' | 'composed'>>(
    result.events.map((event) => [event.id, { event, composed: [] }]),
  );
  const held: Held[] = [];
  for (const claimed of result.claims) {
    const subscription = subscriptions.get(claimed.subscriptionId);
    const found = events.get(claimed.eventId);
    if (!subscription || !found)
      throw new Error(`the storage claimed delivery "${claimed.id}" without its subscription or event`);
    held.push({ claim: claimed, subscription, event: found.event, composed: found.composed, heldSince });
  }
  return { held, cursor: result.cursor, more: result.more };
}
