import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Claim, ClaimRequest, ClaimResult, Delivery, Lease, StorageAdapter } from '@hookwell/core';
import { everything, type Racer, type StorageSaboteur } from './storage-saboteur.ts';
import { leaseOf, underPresentFences } from './storage-saboteurs-claim.ts';

/** The unfinished deliveries of account a, by their ids. */
async function deliveriesIn(sound: StorageAdapter): Promise<Map<string, Delivery>> {
  const { rows } = await sound.listDeliveries('a', everything);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Which of these leases hold. */
async function holding<Item extends Lease>(sound: StorageAdapter, items: readonly Item[]): Promise<Item[]> {
  const rows = await deliveriesIn(sound);
  return items.filter(({ deliveryId, fence }) => rows.get(deliveryId)?.fence === fence);
}

/** Claims, and hands back what a storage does not want of it. */
async function claimOnly(
  sound: StorageAdapter,
  request: ClaimRequest,
  isWanted: (claim: Claim) => boolean,
): Promise<ClaimResult> {
  const result = await sound.claimDeliveries(request);
  await sound.releaseDeliveries(result.claims.filter((claim) => !isWanted(claim)).map(leaseOf));
  return { ...result, claims: result.claims.filter(isWanted) };
}

/** Storages that break promises about who holds a delivery, and about whose turn it is when several claim. */
export const fenceSaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'ends leases by a clock that has stood still since it was started',
    sabotage: (sound, { now }) => {
      let startedAt = 0;
      return {
        async start(context) {
          await sound.start(context);
          startedAt = now();
        },
        claimDeliveries: async (request) => sound.claimDeliveries({ ...request, leaseMs: request.leaseMs - (now() - startedAt) }),
      };
    },
    caughtBy: 'claimDeliveries leases by the storage’s clock, and so does storeEvents',
    sentence: /^a lease does not last as asked/,
  },
  {
    does: 'remembers what it has leased itself, and asks nobody whether it still holds',
    sabotage: (sound) => {
      const fences = new Map<string, string>();
      return {
        async claimDeliveries(request) {
          const result = await sound.claimDeliveries(request);
          for (const { id, fence } of result.claims) fences.set(id, fence);
          return result;
        },
        async recordOutcomes(outcomes) {
          const own = outcomes.filter(({ deliveryId, fence }) => fences.get(deliveryId) === fence);
          const present = await underPresentFences(sound, own);
          return sound.recordOutcomes(outcomes.map((outcome) => present[own.indexOf(outcome)] ?? outcome));
        },
      };
    },
    caughtBy: 'recordOutcomes takes a late result until another storage has taken the lease over, and not after',
    sentence: /^a late result was written under a lease that another storage had taken over/,
  },
  {
    does: 'writes a result that comes again under whatever fence there is by then',
    sabotage: (sound, { notes }) => ({
      async recordOutcomes(outcomes) {
        const again = outcomes.filter((outcome) => notes.has(outcome));
        for (const outcome of outcomes) notes.set(outcome, true);
        const present = await underPresentFences(sound, again);
        const given = outcomes.map((outcome) => {
          const { fence } = present[again.indexOf(outcome)] ?? outcome;
          return fence === null ? outcome : { ...outcome, fence };
        });
        return sound.recordOutcomes(given);
      },
    }),
    caughtBy: 'recordOutcomes made again takes nothing from whoever has claimed it since',
    sentence: /^a call that is made again left a line in the log/,
  },
  {
    does: 'keeps for itself what it hands back',
    sabotage: (sound, { notes }) => {
      const me = {};
      return {
        async releaseDeliveries(leases) {
          await sound.releaseDeliveries(leases);
          for (const { deliveryId } of leases) notes.set(deliveryId, me);
        },
        claimDeliveries: async (request) => claimOnly(sound, request, ({ id }) => (notes.get(id) ?? me) === me),
      };
    },
    caughtBy: 'releaseDeliveries hands claims back to every storage, at once',
    sentence: /^another storage cannot claim at once what was handed back/,
  },
  {
    does: 'begins after the lane from which anybody has claimed last',
    sabotage: (sound, { notes }) => ({
      async claimDeliveries(request) {
        const last = (notes.get('last') ?? Promise.resolve(null)) as Promise<{ by: unknown; cursor: number } | null>;
        const claiming = last.then(async (before) => {
          const after = before && before.by !== sound ? before.cursor : request.after;
          return sound.claimDeliveries({ ...request, after });
        });
        notes.set(
          'last',
          claiming.then(({ cursor }) => ({ by: sound, cursor })),
        );
        return claiming;
      },
    }),
    caughtBy: 'claimDeliveries gives every lane its turn, however many claim',
    sentence: /^a lane had no turn while several claimed/,
  },
  {
    does: 'holds a whole lane for whoever claims from it',
    sabotage: (sound, { notes }) => {
      const me = {};
      return {
        async claimDeliveries(request) {
          const ownerOf = (claim: Claim): unknown => notes.get(claim.subscriptionId) ?? me;
          const isNamed = request.perLane === 1;
          if (!isNamed) return claimOnly(sound, request, (claim) => ownerOf(claim) === me);
          const result = await sound.claimDeliveries(request);
          for (const { subscriptionId } of result.claims) notes.set(subscriptionId, ownerOf({ subscriptionId } as Claim));
          return result;
        },
      };
    },
    caughtBy: 'claimDeliveries gives every lane its turn, however many claim',
    sentence: /^what is due in a lane is held up by whoever holds other deliveries of it/,
  },
  {
    does: 'says that there is no more when others have claimed since it did',
    sabotage: (sound, { notes }) => {
      const me = {};
      return {
        async claimDeliveries(request) {
          const result = await sound.claimDeliveries(request);
          const isAlone = (notes.get('last') ?? me) === me;
          notes.set('last', me);
          return { ...result, more: result.more && isAlone };
        },
      };
    },
    caughtBy: 'claimDeliveries leaves nothing that is due once all who claim were told that there is no more',
    sentence: /^not everything was claimed, once each, when all were told that there is no more/,
  },
];

/** Storages that look whose a delivery is and act a turn later. */
export const fenceRacers: readonly Racer[] = [
  {
    does: 'looks which leases ran out and takes them over a turn later',
    sabotage: (sound, { notes }) => ({
      async claimDeliveries(request) {
        const result = await sound.claimDeliveries(request);
        const seen = (notes.get('seen') ?? []) as readonly Claim[];
        notes.set('seen', [...seen, ...result.claims.filter(({ abandonments }) => abandonments > 0)]);
        await nextTurn();
        notes.delete('seen');
        return { ...result, claims: [...result.claims, ...seen] };
      },
    }),
    promise: 'claimDeliveries takes a lease that ran out over once',
    sentence: /^a lease that ran out was not taken over by just one of several/,
  },
  {
    does: 'looks whether a fence holds and writes a turn later, whoever holds it by then',
    sabotage: (sound) => ({
      async recordOutcomes(outcomes) {
        const held = await holding(sound, outcomes);
        await nextTurn();
        const present = await underPresentFences(sound, held);
        return sound.recordOutcomes(outcomes.map((outcome) => present[held.indexOf(outcome)] ?? outcome));
      },
    }),
    promise: 'recordOutcomes writes a late result, or somebody takes its lease over, and never both',
    sentence: /^a late result was written, and [12] took it over/,
  },
  {
    does: 'looks whether a lease holds and hands back a turn later, whoever holds it by then',
    sabotage: (sound) => ({
      async releaseDeliveries(leases) {
        const held = await holding(sound, leases);
        await nextTurn();
        await sound.releaseDeliveries(await underPresentFences(sound, held));
      },
    }),
    promise: 'releaseDeliveries takes nothing from whoever has claimed it since',
    sentence: /^a claim that was handed back was lost, or given to two/,
  },
  {
    does: 'looks whether somebody holds a delivery and says a turn later that it has cancelled it',
    sabotage: (sound, { now }) => ({
      async cancelDelivery(accountId, id, reason) {
        const row = (await deliveriesIn(sound)).get(id);
        const isFree = row?.accountId === accountId && (row.fence === null || row.dueAt <= now());
        await nextTurn();
        return (await sound.cancelDelivery(accountId, id, reason)) || isFree;
      },
    }),
    promise: 'cancelDelivery ends a delivery, or somebody claims it, and never both',
    sentence: /^it was cancelled, and 1 claimed it/,
  },
  {
    does: 'knows a result again only when it was written before the call began',
    sabotage: (sound, { notes }) => ({
      async recordOutcomes(outcomes) {
        const keys = outcomes.map(({ deliveryId, startedAt, outcome }) => `${deliveryId} ${startedAt} ${outcome}`);
        const isUnderWay = keys.map((key) => notes.has(key));
        for (const key of keys) notes.set(key, true);
        await nextTurn();
        const { written, ...rest } = await sound.recordOutcomes(outcomes);
        for (const key of keys) notes.delete(key);
        return { ...rest, written: written.map((one, index) => one && isUnderWay[index] !== true) };
      },
    }),
    promise: 'recordOutcomes made again while the first call is under way answers as that does',
    sentence: /^a call that is made again before the first has ended is told something else/,
  },
];
