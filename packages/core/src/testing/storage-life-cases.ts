import { deepEqual, equal, ok } from 'node:assert/strict';
import { listAll, everything, rejection, resolution, storageCase } from './storage-checks.ts';

/** The promises about what a storage is, and about its start and its end. */
export const storageLifeCases = [
  storageCase('name is what messages call it', async ({ storage }) => {
    ok(typeof storage.name === 'string' && storage.name.trim() !== '', 'the name is empty');
  }),

  storageCase('start called a second time changes nothing', async (trial) => {
    const { storage } = trial;
    const subscription = await trial.subscribe();
    const claim = await trial.claimOne(subscription);
    await trial.deliver(subscription);
    await trial.record(trial.failure(claim));
    const before = await listAll(storage);
    const aDayLater = (await trial.now()) + 86_400_000;
    await Promise.all([storage.start({ now: () => aDayLater }), storage.start({ now: () => aDayLater })]);
    deepEqual(await listAll(storage), before, 'a second start changed what is stored');
    trial.sameTime((await storage.recordOutcomes([])).now, await trial.now(), 'a second start changed the clock');
  }),

  storageCase('start opens it again after a stop', async (trial) => {
    await trial.storage.stop();
    await trial.start(trial.storage);
    const subscribed = await resolution(async () => trial.subscribe(), 'a storage that was started again rejects a call');
    const found = await trial.storage.findSubscriptions([subscribed]);
    ok(
      found.some(({ id }) => id === subscribed.id),
      'a storage that was started again does not work',
    );
  }),

  storageCase(
    'start keeps what was stored before',
    async (trial) => {
      const subscriptions = await trial.subscribeMany(2);
      const [first] = subscriptions;
      const batch = trial.batch(subscriptions, {
        metadata: { traceparent: '00-0af7-01' },
        record: { id: 7, name: 'Zoë 😀', none: null, vip: true },
        leased: true,
      });
      const keyed = trial.event({ idempotencyKey: 'key-1' });
      await trial.storage.storeEvents({ ...batch, events: [...batch.events, keyed] });
      await trial.storage.updateSubscription('a', first!.id, { attributes: { secret: 'sealed' } });
      const claim = await trial.claimOne(first!);
      await trial.record(trial.failure(claim, { pauseLaneMs: trial.spanMs }));
      await trial.move(subscriptions[1]!, { health: 'suspended', reason: 'too many errors' });
      const ids = [...batch.events, keyed].map(({ id }) => id);
      const before = [await listAll(trial.storage), await trial.storage.findEvents('a', ids)];
      await trial.storage.stop();
      const again = await trial.start(trial.make());
      deepEqual([await listAll(again), await again.findEvents('a', ids)], before, 'something was lost or changed by a stop');
      const [standing] = await again.storeEvents({ ...batch, events: [{ ...keyed, id: trial.newId() }], deliveries: [] });
      equal(standing?.id, keyed.id, 'an idempotency key was forgotten by a stop');
      const { written } = await again.recordOutcomes([trial.outcome({ ...claim, ...batch.deliveries[0]!, fence: batch.fence })]);
      deepEqual(written, [true], 'a lease was forgotten by a stop');
      const largest = Math.max(...subscriptions.map(({ id }) => id));
      const { id } = await again.createSubscription({ ...first!, accountId: 'b' });
      ok(id > largest, `the id ${id} was given after ${largest} when it was started again`);
    },
    ['opens again'],
  ),

  storageCase('stop called a second time changes nothing, nor without a start', async (trial) => {
    const unstarted = trial.make();
    await resolution(async () => unstarted.stop(), 'stop rejected where there was nothing to stop');
    const storage = await trial.start(trial.make());
    const stops = [storage.stop(), storage.stop()];
    await resolution(async () => Promise.all(stops), 'two stops at once did not both resolve');
    await resolution(async () => storage.stop(), 'a late stop rejected');
  }),

  storageCase('stop ends it: every call rejects afterwards', async (trial) => {
    const { storage } = trial;
    const subscription = await trial.subscribe();
    const batch = trial.batch([subscription]);
    await storage.stop();
    const calls: Readonly<Record<string, () => Promise<unknown>>> = {
      createSubscription: async () => storage.createSubscription(subscription),
      listSubscriptions: async () => storage.listSubscriptions('a', everything),
      updateSubscription: async () => storage.updateSubscription('a', subscription.id, { url: 'https://example.com/other' }),
      endSubscription: async () => storage.endSubscription('a', subscription.id, 'it is over'),
      findSubscriptions: async () => storage.findSubscriptions([subscription]),
      storeEvents: async () => storage.storeEvents(batch),
      join: async () => storage.join({}),
      claimDeliveries: async () => trial.claim(),
      recordOutcomes: async () => storage.recordOutcomes([]),
      moveHealth: async () => storage.moveHealth([]),
      releaseDeliveries: async () => storage.releaseDeliveries([]),
      nextDueInMs: async () => storage.nextDueInMs(),
      listDeliveries: async () => storage.listDeliveries('a', everything),
      countDeliveries: async () => storage.countDeliveries('a', 10),
      listAttempts: async () => storage.listAttempts('a', everything),
      countAttempts: async () => storage.countAttempts('a', { from: 0, until: 1, everyMs: 1, subscriptionId: null }),
      findEvents: async () => storage.findEvents('a', []),
      listEvents: async () => storage.listEvents('a', { topic: null, after: '', limit: 1, looks: 1 }),
      replayDelivery: async () => storage.replayDelivery('a', batch.deliveries[0]!.id),
      cancelDelivery: async () => storage.cancelDelivery('a', batch.deliveries[0]!.id, 'it is over'),
      prune: async () =>
        storage.prune({ deliveredAfterMs: 1, failedAfterMs: 1, maxAttemptsPerAccount: 1, accounts: [], limit: 1 }),
      expireBodies: async () => storage.expireBodies({ answersAfterMs: 1, recordsAfterMs: 1, limit: 1 }),
    };
    for (const [member, call] of Object.entries(calls)) await rejection(call, `${member} still resolved after a stop`);
  }),
];
