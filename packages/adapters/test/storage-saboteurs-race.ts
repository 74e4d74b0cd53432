import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ClaimResult, StorageAdapter, StoredEvent, Subscription } from '@hookwell/core';
import { everything, type Sabotage, type StorageSaboteur } from './storage-saboteur.ts';

interface Racer {
  readonly does: string;
  readonly sabotage: Sabotage;
  /** The case without the part that says who calls at once. */
  readonly promise: string;
  readonly sentence: RegExp;
}

/** Storages that look first and act a turn later, each of which is sound as long as it has one caller. */
const racers: readonly Racer[] = [
  {
    does: 'looks for what is due and leases it a turn later',
    sabotage: (sound, { notes }) => ({
      async claimDeliveries(request) {
        const look = async (): Promise<ClaimResult> => {
          const seen = await sound.claimDeliveries(request);
          await sound.releaseDeliveries(seen.claims.map(({ id: deliveryId, fence }) => ({ deliveryId, fence })));
          return seen;
        };
        const looking = ((notes.get('looking') as Promise<unknown> | undefined) ?? Promise.resolve()).then(look);
        notes.set('looking', looking);
        const seen = await looking;
        await nextTurn();
        await sound.claimDeliveries(request);
        return seen;
      },
    }),
    promise: 'claimDeliveries leases no delivery twice',
    sentence: /^two callers hold the same delivery/,
  },
  {
    does: 'looks whether a key was used and stores a turn later',
    sabotage: (sound, { notes }) => ({
      async storeEvents(batch) {
        const events = batch.events.map((event) => ({ ...event, idempotencyKey: null }));
        const earlier = batch.events.map(({ idempotencyKey }) => notes.get(idempotencyKey) as StoredEvent | undefined);
        await nextTurn();
        if (earlier[0]) return [earlier[0]];
        notes.set(batch.events[0]?.idempotencyKey, batch.events[0]);
        return sound.storeEvents({ ...batch, events });
      },
    }),
    promise: 'storeEvents stores one of several events with the same key',
    sentence: /^several events stand for the same key/,
  },
  {
    does: 'looks whether a fence holds and says a turn later that it did',
    sabotage: (sound) => ({
      async recordOutcomes(outcomes) {
        const { rows } = await sound.listDeliveries('a', everything);
        const written = outcomes.map(({ deliveryId, fence }) => rows.some((row) => row.id === deliveryId && row.fence === fence));
        await nextTurn();
        return { ...(await sound.recordOutcomes(outcomes)), written };
      },
    }),
    promise: 'recordOutcomes writes one of several results under the same fence',
    sentence: /^not just one of several results was written/,
  },
  {
    does: 'looks at the version and moves a turn later',
    sabotage: (sound) => ({
      async moveHealth(moves) {
        const seen = await versionsIn(sound);
        await nextTurn();
        const now = await versionsIn(sound);
        const present = moves.map((move) => {
          const isSame = seen.get(move.subscriptionId)?.healthVersion === move.healthVersion;
          const healthVersion = isSame ? (now.get(move.subscriptionId)?.healthVersion ?? 0) : -1;
          return { ...move, healthVersion };
        });
        return sound.moveHealth(present);
      },
    }),
    promise: 'moveHealth makes one of several changes on the same version',
    sentence: /^not just one of several changes was made/,
  },
];

async function versionsIn(sound: StorageAdapter): Promise<Map<number, Subscription>> {
  const { rows } = await sound.listSubscriptions('a', everything);
  return new Map(rows.map((row) => [row.id, row]));
}

/** Each of them must be caught with one storage and with two. */
export const raceSaboteurs: readonly StorageSaboteur[] = racers.flatMap(({ does, sabotage, promise, sentence }) =>
  ['when several call at once', 'when two storages are called at once'].map((callers) => ({
    does: `${does} (${callers})`,
    sabotage,
    caughtBy: `${promise}, ${callers}`,
    sentence,
  })),
);
