import { setImmediate as nextTurn } from 'node:timers/promises';
import type { StorageAdapter } from '@hookwell/core';
import { everything, without, type Place, type Racer, type Sabotage, type StorageSaboteur } from './storage-saboteur.ts';
import { withoutFences } from './storage-saboteurs-claim.ts';

/** Takes whatever is due and keeps it for ever: what a storage does that never lets it go. */
async function keepForEver(sound: StorageAdapter): Promise<void> {
  const bounds = { limit: 100, perLane: 100, lanes: new Map<number, number>(), after: 0 };
  await sound.claimDeliveries({ fence: 'nobody', leaseMs: 1e12, ...bounds });
}

/** A storage in which subscriptions want no order, so that what is made due again keeps none. */
const inNoOrder: Sabotage = (sound) => ({
  createSubscription: async (wish) => sound.createSubscription({ ...wish, ordering: 'none' }),
});

/** A storage that forgets the keys by which deliveries keep their order. */
const withoutKeys: Sabotage = (sound) => ({
  storeEvents: async (batch) =>
    sound.storeEvents({ ...batch, deliveries: batch.deliveries.map((delivery) => without(delivery, 'orderKey')) }),
});

/** Storages that break promises about deliveries that keep an order. */
export const orderSaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'keeps no order',
    sabotage: withoutKeys,
    caughtBy: 'claimDeliveries takes the first of each order alone, and what keeps none beside it',
    sentence: /^not just the first of each order was claimed/,
  },
  {
    does: 'orders by ids alone',
    sabotage: (sound) => ({
      storeEvents: async (batch) =>
        sound.storeEvents({ ...batch, deliveries: batch.deliveries.toSorted((a, b) => (a.id < b.id ? -1 : 1)) }),
    }),
    caughtBy: 'claimDeliveries takes an order in the order in which it was stored, whatever the ids',
    sentence: /^they were not claimed in the order in which they were stored/,
  },
  {
    does: 'leases the first of an order for ever',
    sabotage: (sound) => ({
      claimDeliveries: async (request) => sound.claimDeliveries({ ...request, leaseMs: 1_000 * request.leaseMs }),
    }),
    caughtBy: 'claimDeliveries takes the first of an order again once its lease has run out',
    sentence: /^not the first of the order was claimed again/,
  },
  {
    does: 'takes all orders of a subscription for one',
    sabotage: (sound) => ({
      storeEvents: async (batch) =>
        sound.storeEvents({ ...batch, deliveries: batch.deliveries.map((delivery) => ({ ...delivery, orderKey: 'k' })) }),
    }),
    caughtBy: 'claimDeliveries comes to what is due behind many that wait for an earlier one',
    sentence: /^not just the first of each order was claimed/,
  },
  {
    does: 'claims one at a time of a subscription that has ended',
    sabotage: (sound) => ({ claimDeliveries: async (request) => sound.claimDeliveries({ ...request, perLane: 1 }) }),
    caughtBy: 'claimDeliveries takes many of an order at once where its subscription has ended',
    sentence: /^what is only to be cancelled goes one by one/,
  },
  {
    does: 'lets an order go on after a delivery that was delivered only',
    sabotage: (sound) => ({
      async recordOutcomes(outcomes) {
        const result = await sound.recordOutcomes(outcomes);
        if (outcomes.some(({ outcome }) => outcome === 'failed')) await keepForEver(sound);
        return result;
      },
    }),
    caughtBy: 'recordOutcomes makes the next of an order due once one has ended, however it did',
    sentence: /^nothing of the order can be claimed after the one before it has ended/,
  },
  {
    does: 'lets an order go on after an outcome of whoever held a delivery before',
    sabotage: withoutFences,
    caughtBy: 'recordOutcomes lets nothing of an order go before the outcome that ends the one before',
    sentence: /^an outcome that was not written has let the next one go/,
  },
  {
    does: 'takes what waits for an earlier one for due',
    sabotage: (sound) => ({
      async nextDueInMs() {
        const { rows } = await sound.listDeliveries('a', everything);
        return rows.some(({ waitsForEarlier }) => waitsForEarlier) ? 0 : sound.nextDueInMs();
      },
    }),
    caughtBy: 'nextDueInMs leaves out what waits for an earlier one of its order',
    sentence: /^it is not the retry of the first that is due next/,
  },
  {
    does: 'tells of nothing that it waits for an earlier one',
    sabotage: (sound) => ({
      async listDeliveries(accountId, query) {
        const page = await sound.listDeliveries(accountId, query);
        return { ...page, rows: page.rows.map((row) => without(row, 'waitsForEarlier')) };
      },
    }),
    caughtBy: 'listDeliveries tells what waits for an earlier one of its order',
    sentence: /^it does not tell that a delivery waits for an earlier one/,
  },
  {
    does: 'sends a delivery again beside its order',
    sabotage: inNoOrder,
    caughtBy: 'replayDelivery puts a delivery behind all that waits of its order',
    sentence: /^it does not come after all that waited/,
  },
  {
    does: 'lets a replay send beside the order',
    sabotage: inNoOrder,
    caughtBy: 'advanceReplays puts what it makes due behind all that waits of its order',
    sentence: /^what is sent again does not come after all that waited/,
  },
  {
    does: 'lets nothing go after what was cancelled',
    sabotage: (sound) => ({
      async cancelDelivery(accountId, id, reason) {
        const isCancelled = await sound.cancelDelivery(accountId, id, reason);
        const { rows } = await sound.listDeliveries('a', everything);
        if (rows.every(({ fence }) => fence === null)) await keepForEver(sound);
        return isCancelled;
      },
    }),
    caughtBy: 'cancelDelivery makes the next of an order due',
    sentence: /^(the end of one that waits has let others go|the next of an order was not made due)/,
  },
  {
    does: 'keeps what waits for an earlier one, however old it is',
    sabotage: (sound) => ({
      async cutClosedLanes(request) {
        const { rows } = await sound.listDeliveries('a', everything);
        for (const { id, waitsForEarlier } of rows) if (!waitsForEarlier) await sound.cancelDelivery('a', id, 'too many');
        return sound.cutClosedLanes(request);
      },
    }),
    caughtBy: 'cutClosedLanes goes by when what waits for an earlier one was made',
    sentence: /^not the oldest went/,
  },
  {
    does: 'lets nothing go after what was cut',
    sabotage: (sound, { notes }) => ({
      async cutClosedLanes(request) {
        notes.set('cut', true);
        return sound.cutClosedLanes(request);
      },
      async claimDeliveries(request) {
        return sound.claimDeliveries(notes.has('cut') ? { ...request, limit: 0 } : request);
      },
    }),
    caughtBy: 'cutClosedLanes makes the next of an order due',
    sentence: /^the next of an order was not made due/,
  },
  {
    does: 'lets nothing go after what was erased',
    sabotage: (sound) => ({
      async eraseRecord(accountId, request) {
        const result = await sound.eraseRecord(accountId, request);
        await keepForEver(sound);
        return result;
      },
    }),
    caughtBy: 'eraseRecord makes the next of an order due',
    sentence: /^the next of an order was not made due/,
  },
];

/** Runs a call, and tells whether another one that is watched was under way meanwhile. */
async function besideOthers<Result>(
  { notes }: Place,
  call: () => Promise<Result>,
): Promise<{ readonly result: Result; readonly overlapped: boolean }> {
  const running = (): number => (notes.get('running') as number | undefined) ?? 0;
  let overlapped = running() > 0;
  notes.set('running', running() + 1);
  await nextTurn();
  overlapped ||= running() > 1;
  const result = await call();
  notes.set('running', running() - 1);
  return { result, overlapped };
}

/** A storage in which what ends and what is looked at at the same time leaves the next of an order behind. */
const losingTheNext =
  (where: keyof StorageAdapter): Sabotage =>
  (sound, place) => {
    const watched = <Given extends readonly unknown[], Result>(
      name: keyof StorageAdapter,
      call: (...given: Given) => Promise<Result>,
    ) => {
      return async (...given: Given): Promise<Result> => {
        const { result, overlapped } = await besideOthers(place, async () => call(...given));
        if (overlapped && result !== false && name === where) await keepForEver(sound);
        return result;
      };
    };
    return {
      storeEvents: watched('storeEvents', sound.storeEvents),
      claimDeliveries: watched('claimDeliveries', sound.claimDeliveries),
      recordOutcomes: watched('recordOutcomes', sound.recordOutcomes),
      cancelDelivery: watched('cancelDelivery', sound.cancelDelivery),
    };
  };

/** Storages that look first whether a delivery is the first of its order. */
export const orderRacers: readonly Racer[] = [
  {
    does: 'looks whether a delivery is the first of its order, and leases the next one a turn later',
    sabotage: (sound, place) => ({
      async claimDeliveries(request) {
        const { result, overlapped } = await besideOthers(place, async () => sound.claimDeliveries(request));
        const { rows } = await sound.listDeliveries('a', everything);
        const next = rows.find(({ orderKey, id }) => orderKey !== undefined && !result.claims.some((claim) => claim.id === id));
        return overlapped && next ? { ...result, claims: [...result.claims, { ...next, fence: request.fence }] } : result;
      },
    }),
    promise: 'claimDeliveries leases one delivery of an order, whoever calls',
    sentence: /^not just the first of the order was claimed/,
  },
  ...(
    [
      ['recordOutcomes', 'recordOutcomes leaves nothing waiting for what has ended, while others claim'],
      ['storeEvents', 'storeEvents leaves nothing waiting for what has ended meanwhile'],
      ['cancelDelivery', 'cancelDelivery leaves nothing waiting for what it ends, while the one before ends, too'],
    ] as const
  ).map(([member, promise]): Racer => ({
    does: `loses sight in ${member} of the next of an order`,
    sabotage: losingTheNext(member),
    promise,
    sentence: /^(a delivery waits for one that has ended|what came after both does not go)/,
  })),
];
