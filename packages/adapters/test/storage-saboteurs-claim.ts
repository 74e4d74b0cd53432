import type { Claim, ClaimResult, Lease, Outcome, StorageAdapter } from '@hookwell/core';
import { everything, type Sabotage, type StorageSaboteur } from './storage-saboteur.ts';

/** What is handed back of a claim. */
export const leaseOf = ({ id, fence }: Claim): Lease => ({ deliveryId: id, fence });

/** Outcomes under whatever fence holds their deliveries now: what a storage does that pays no attention to fences. */
export async function underPresentFences<Item extends Lease>(sound: StorageAdapter, items: readonly Item[]): Promise<Item[]> {
  const { rows } = await sound.listDeliveries('a', everything);
  const fences = new Map(rows.map(({ id, fence }) => [id, fence]));
  return items.map((item) => {
    const fence = fences.get(item.deliveryId) ?? item.fence;
    return { ...item, fence };
  });
}

/** A storage that takes results from anybody. */
export const withoutFences: Sabotage = (sound) => ({
  recordOutcomes: async (outcomes) => sound.recordOutcomes(await underPresentFences(sound, outcomes)),
});

/** A storage that records other outcomes than it is given. */
export function recording(change: (outcome: Outcome, index: number, all: readonly Outcome[]) => Outcome): Sabotage {
  return (sound) => ({ recordOutcomes: async (outcomes) => sound.recordOutcomes(outcomes.map(change)) });
}

/** Keeps some claims of a result and hands the others back. */
async function keeping(sound: StorageAdapter, result: ClaimResult, kept: readonly Claim[]): Promise<ClaimResult> {
  await sound.releaseDeliveries(result.claims.filter((claim) => !kept.includes(claim)).map(leaseOf));
  return { ...result, claims: kept };
}

/** Storages that break promises about claiming. */
export const claimSaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'answers the event of each claim, however often',
    sabotage: (sound) => ({
      async claimDeliveries(request) {
        const result = await sound.claimDeliveries(request);
        const events = result.claims.map(({ eventId }) => result.events.find(({ id }) => id === eventId)!);
        return { ...result, events };
      },
    }),
    caughtBy: 'claimDeliveries answers claims with their subscriptions and events, each once',
    sentence: /^it does not answer each event once/,
  },
  {
    does: 'answers deliveries without leasing them',
    sabotage: (sound) => ({
      async claimDeliveries(request) {
        const result = await sound.claimDeliveries(request);
        await sound.releaseDeliveries(result.claims.map(leaseOf));
        return result;
      },
    }),
    caughtBy: 'claimDeliveries leases a delivery to one caller only',
    sentence: /^what one caller holds was given to another/,
  },
  {
    does: 'takes every retry for due at once',
    sabotage: recording((outcome) => ({ ...outcome, retryInMs: outcome.retryInMs === null ? null : 0 })),
    caughtBy: 'claimDeliveries leaves alone what is not due yet',
    sentence: /^a delivery was claimed at once that is to be tried later/,
  },
  {
    does: 'leases for ever',
    sabotage: (sound) => ({
      claimDeliveries: async (request) => sound.claimDeliveries({ ...request, leaseMs: 1_000 * request.leaseMs }),
    }),
    caughtBy: 'claimDeliveries takes over a lease that ran out, counts it as abandoned, and lets its fence hold no more',
    sentence: /^a lease that ran out was not taken over/,
  },
  {
    does: 'counts no abandonments',
    sabotage: (sound) => ({
      async claimDeliveries(request) {
        const result = await sound.claimDeliveries(request);
        return {
          ...result,
          claims: result.claims.map((claim) => Object.assign(claim, { abandonments: 0 })),
        };
      },
    }),
    caughtBy: 'claimDeliveries takes over a lease that ran out, counts it as abandoned, and lets its fence hold no more',
    sentence: /^a lease that ran out was not counted as abandoned/,
  },
  {
    does: 'takes the result of whoever held a delivery before',
    sabotage: withoutFences,
    caughtBy: 'claimDeliveries takes over a lease that ran out, counts it as abandoned, and lets its fence hold no more',
    sentence: /^the fence of a lease that was taken over still holds/,
  },
  {
    does: 'pauses no lane',
    sabotage: recording((outcome) => ({ ...outcome, pauseLaneMs: 0 })),
    caughtBy: 'claimDeliveries passes over a lane that is paused, until the pause has ended',
    sentence: /^it did not pass over just the lane that is paused/,
  },
  {
    does: 'claims from a paused lane that is named',
    sabotage: (sound, { notes }) => ({
      async recordOutcomes(outcomes) {
        for (const { subscriptionId, pauseLaneMs } of outcomes) notes.set(subscriptionId, pauseLaneMs);
        return sound.recordOutcomes(outcomes);
      },
      async claimDeliveries(request) {
        for (const id of request.lanes.keys()) if (notes.has(id)) await openLane(sound, id);
        return sound.claimDeliveries(request);
      },
    }),
    caughtBy: 'claimDeliveries passes over a lane that is paused, until the pause has ended',
    sentence: /^a paused lane was claimed from by its name/,
  },
  {
    does: 'holds back what an unsubscribed subscription has left',
    sabotage: (sound) => ({
      async claimDeliveries(request) {
        const result = await sound.claimDeliveries(request);
        const ended = new Set(result.subscriptions.filter(({ health }) => health === 'unsubscribed').map(({ id }) => id));
        return keeping(
          sound,
          result,
          result.claims.filter(({ subscriptionId }) => !ended.has(subscriptionId)),
        );
      },
    }),
    caughtBy: 'claimDeliveries never finds the lane of an unsubscribed subscription paused',
    sentence: /^what an unsubscribed subscription has left is held back/,
  },
  {
    does: 'sends as much to a suspended endpoint as to any',
    sabotage: (sound) => ({
      async moveHealth(moves) {
        const moved = await sound.moveHealth(moves.map((move) => ({ ...move, health: 'failing' as const })));
        return moved.map((row, index) => row && Object.assign(row, { health: moves[index]!.health }));
      },
    }),
    caughtBy: 'claimDeliveries takes one at most from a lane whose subscription is suspended',
    sentence: /^a suspended lane does not yield one/,
  },
  {
    does: 'probes a suspended endpoint even when no claim of it is wanted',
    sabotage: (sound) => ({
      async claimDeliveries(request) {
        const lanes = new Map([...request.lanes].map(([id, room]) => [id, Math.max(room, 1)]));
        return sound.claimDeliveries({ ...request, lanes });
      },
    }),
    caughtBy: 'claimDeliveries takes one at most from a lane whose subscription is suspended',
    sentence: /^a suspended lane yields one where none is wanted/,
  },
  {
    does: 'begins with the first lane each time',
    sabotage: (sound) => ({ claimDeliveries: async (request) => sound.claimDeliveries({ ...request, after: 0 }) }),
    caughtBy: 'claimDeliveries takes lanes in turn from its cursor on, and round again',
    sentence: /^a lane was claimed from that had no turn/,
  },
  {
    does: 'answers the lane that it was asked to begin after',
    sabotage: (sound) => ({
      claimDeliveries: async (request) => ({ ...(await sound.claimDeliveries(request)), cursor: request.after }),
    }),
    caughtBy: 'claimDeliveries takes lanes in turn from its cursor on, and round again',
    sentence: /^the cursor is not the last lane that was visited/,
  },
  {
    does: 'claims what is due first, whatever its lane',
    sabotage: (sound) => ({
      claimDeliveries: async (request) => sound.claimDeliveries({ ...request, perLane: request.limit, lanes: new Map() }),
    }),
    caughtBy: 'claimDeliveries comes to every lane, however long the first one is',
    sentence: /^a long lane held up others/,
  },
  {
    does: 'claims the latest of a lane first',
    sabotage: (sound) => ({
      async claimDeliveries(request) {
        const result = await sound.claimDeliveries({ ...request, limit: 10_000, perLane: 10_000 });
        return keeping(sound, result, result.claims.toReversed().slice(0, request.perLane));
      },
    }),
    caughtBy: 'claimDeliveries takes what is due first in a lane first',
    sentence: /^a delivery that was due later came first/,
  },
  {
    does: 'does not look at the room of single lanes',
    sabotage: (sound) => ({ claimDeliveries: async (request) => sound.claimDeliveries({ ...request, lanes: new Map() }) }),
    caughtBy: 'claimDeliveries takes no more than in all, per lane and from lanes by name it is allowed',
    sentence: /^not as many as each lane allows were claimed/,
  },
  {
    does: 'claims one more than it may in all',
    sabotage: (sound) => ({
      claimDeliveries: async (request) => sound.claimDeliveries({ ...request, limit: request.limit + 1 }),
    }),
    caughtBy: 'claimDeliveries takes no more than in all, per lane and from lanes by name it is allowed',
    sentence: /^not as many as allowed in all were claimed/,
  },
  {
    does: 'never says that there may be more',
    sabotage: (sound) => ({
      claimDeliveries: async (request) => ({ ...(await sound.claimDeliveries(request)), more: false }),
    }),
    caughtBy: 'claimDeliveries says that there may be more, until it has claimed all there is',
    sentence: /^not everything was claimed, once each, when there was said to be no more/,
  },
  {
    does: 'always says that there may be more',
    sabotage: (sound) => ({ claimDeliveries: async (request) => ({ ...(await sound.claimDeliveries(request)), more: true }) }),
    caughtBy: 'claimDeliveries says that there may be more, until it has claimed all there is',
    sentence: /^there is said to be more where there is nothing/,
  },
];

async function openLane(sound: StorageAdapter, id: number): Promise<void> {
  const { rows } = await sound.listSubscriptions('a', everything);
  const row = rows.find((one) => one.id === id)!;
  const { healthVersion, health, healthReason: reason } = row;
  await sound.moveHealth([{ subscriptionId: id, healthVersion, health, reason, pauseLaneMs: 0 }]);
}
