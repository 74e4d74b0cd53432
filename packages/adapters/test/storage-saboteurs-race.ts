import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ClaimResult, StorageAdapter, StoredEvent, Subscription } from '@hookwell/core';
import { everything, type Racer } from './storage-saboteur.ts';

/** Storages that look first and act a turn later. */
export const racers: readonly Racer[] = [
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
  {
    does: 'looks for the next id and stores a turn later',
    sabotage: (sound, { notes }) => ({
      async createSubscription(wish) {
        const making = (notes.get('making') ?? sound.createSubscription(wish)) as Promise<Subscription>;
        notes.set('making', making);
        await nextTurn();
        notes.delete('making');
        return making;
      },
    }),
    promise: 'createSubscription gives each of several an id of its own',
    sentence: /^two subscriptions got the same id/,
  },
  {
    does: 'looks for a subscription and says a turn later that it has ended it',
    sabotage: (sound) => ({
      async endSubscription(accountId, id, reason) {
        const seen = (await versionsIn(sound)).get(id);
        await nextTurn();
        const ended = await sound.endSubscription(accountId, id, reason);
        return ended ?? (seen?.accountId === accountId ? seen : null);
      },
    }),
    promise: 'endSubscription ends it for one of several',
    sentence: /^not just one of several ended it/,
  },
  {
    does: 'looks which subscriptions live and leaves out, a turn later, what is for others',
    sabotage: (sound) => ({
      async storeEvents(batch) {
        const seen = await versionsIn(sound);
        await nextTurn();
        const living = await versionsIn(sound);
        const deliveries = batch.deliveries.filter(({ subscriptionId: id }) => living.has(id) || !seen.has(id));
        return sound.storeEvents({ ...batch, deliveries });
      },
    }),
    promise: 'storeEvents loses no delivery of a subscription that somebody ends',
    sentence: /^a delivery is gone that was stored while its subscription was ended/,
  },
  {
    does: 'reads the failures of an endpoint and writes them a turn later',
    sabotage: (sound, { notes }) => ({
      async recordOutcomes(outcomes) {
        const isOvertaken = notes.get('counting') === true;
        notes.set('counting', true);
        await nextTurn();
        notes.delete('counting');
        return sound.recordOutcomes(isOvertaken ? outcomes.map((outcome) => ({ ...outcome, endpoint: 'unknown' })) : outcomes);
      },
    }),
    promise: 'recordOutcomes adds up what several results say of one endpoint',
    sentence: /^failures that were recorded at once were not all counted/,
  },
  {
    does: 'looks whether a delivery is finished and says a turn later that it is due again',
    sabotage: (sound) => ({
      async replayDelivery(accountId, id) {
        const isFinished = await isReplayable(sound, accountId, id);
        await nextTurn();
        return (await sound.replayDelivery(accountId, id)) || isFinished;
      },
    }),
    promise: 'replayDelivery makes a delivery due again for one of several',
    sentence: /^not just one of several made it due again/,
  },
  {
    does: 'looks for the log of a delivery and says a turn later that it is due again, though that is forgotten',
    sabotage: (sound) => ({
      async replayDelivery(accountId, id) {
        const wasThere = await isReplayable(sound, accountId, id);
        await nextTurn();
        const isThere = (await sound.listAttempts(accountId, everything)).rows.some(({ deliveryId }) => deliveryId === id);
        return (await sound.replayDelivery(accountId, id)) || (wasThere && !isThere);
      },
    }),
    promise: 'replayDelivery keeps all that it needs from being forgotten',
    sentence: /^a delivery that was made due again is not there with its event/,
  },
];

/** Whether a delivery is finished, and its event and its subscription are there: all of it looked at in the same moment. */
async function isReplayable(sound: StorageAdapter, accountId: string, id: string): Promise<boolean> {
  const [unfinished, lines, living] = await Promise.all([
    sound.listDeliveries(accountId, everything),
    sound.listAttempts(accountId, everything),
    versionsIn(sound),
  ]);
  const line = lines.rows.find(({ deliveryId }) => deliveryId === id);
  return line !== undefined && living.has(line.subscriptionId) && !unfinished.rows.some((row) => row.id === id);
}

async function versionsIn(sound: StorageAdapter): Promise<Map<number, Subscription>> {
  const { rows } = await sound.listSubscriptions('a', everything);
  return new Map(rows.map((row) => [row.id, row]));
}
