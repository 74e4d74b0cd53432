import { deepEqual, equal, ok } from 'node:assert/strict';
import { deliveryOf, idsOf, rowOf, storageCase } from './storage-checks.ts';

/** The promises about claiming: what is leased, to whom, and for how long. */
export const storageClaimCases = [
  storageCase('claimDeliveries answers claims with their subscriptions and events, each once', async (trial) => {
    const lanes = [await trial.subscribe(), await trial.subscribe(), await trial.subscribe({ accountId: 'b' })];
    const idle = await trial.subscribe();
    const shared = trial.event({ record: { id: 1, note: 'for two subscriptions' }, metadata: { of: 'two' } });
    const batch = trial.batch(lanes);
    const deliveries = lanes.slice(0, 2).map(({ id: subscriptionId }) => ({
      id: trial.newId(),
      accountId: 'a',
      subscriptionId,
      eventId: shared.id,
      leased: false,
    }));
    await trial.storage.storeEvents({
      ...batch,
      events: [...batch.events, shared],
      deliveries: [...batch.deliveries, ...deliveries],
    });
    const now = await trial.now();
    const fence = trial.newId();
    const { claims, subscriptions, events } = await trial.claim({ fence });
    deepEqual(idsOf(claims), idsOf([...batch.deliveries, ...deliveries]), 'not everything that is due was claimed');
    for (const { createdAt, ...claim } of claims) {
      const { leased: _, ...given } = [...batch.deliveries, ...deliveries].find(({ id }) => id === claim.id)!;
      deepEqual(
        claim,
        { ...given, attempts: 0, failures: 0, abandonments: 0, fence },
        'a claim is not the delivery that was stored',
      );
      trial.sameTime(createdAt, now, 'a claim was not made when it was stored');
      const { dueAt, fence: holder } = await deliveryOf(trial.storage, claim.id, claim.accountId);
      equal(holder, fence, 'a claimed delivery is not held under the fence of the claim');
      trial.sameTime(dueAt, now + trial.spanMs, 'a lease does not last as long as asked');
    }
    deepEqual(idsOf(events), idsOf([...batch.events, shared]), 'it does not answer each event once');
    deepEqual(
      events.find(({ id }) => id === shared.id),
      shared,
      'it answers another event than was stored',
    );
    deepEqual(idsOf(subscriptions), idsOf(lanes), 'it does not answer each subscription once');
    ok(!subscriptions.some(({ id }) => id === idle.id), 'it answers a subscription of which nothing was claimed');
    for (const subscription of subscriptions) {
      deepEqual(subscription, await rowOf(trial.storage, subscription), 'it answers another subscription than is stored');
    }
  }),

  storageCase('claimDeliveries leases a delivery to one caller only', async (trial) => {
    const lane = await trial.subscribe();
    await trial.deliver(lane, lane);
    const first = await trial.claim({ limit: 1 });
    const second = await trial.claim();
    const third = await trial.claim();
    deepEqual(
      [first.claims.length, second.claims.length, third.claims.length],
      [1, 1, 0],
      'what one caller holds was given to another',
    );
    ok(first.claims[0]!.id !== second.claims[0]!.id, 'two callers got the same delivery');
  }),

  storageCase('claimDeliveries leaves alone what is not due yet', async (trial) => {
    const claim = await trial.claimOne(await trial.subscribe());
    await trial.record(trial.failure(claim, { endpoint: 'unknown', retryInMs: 2 * trial.spanMs }));
    deepEqual((await trial.claim()).claims, [], 'a delivery was claimed at once that is to be tried later');
    await trial.pass();
    deepEqual((await trial.claim()).claims, [], 'a delivery was claimed before it was due');
    await trial.pass(1.5 * trial.spanMs);
    deepEqual(idsOf((await trial.claim()).claims), [claim.id], 'a delivery was not claimed when it was due');
  }),

  storageCase(
    'claimDeliveries takes over a lease that ran out, counts it as abandoned, and lets its fence hold no more',
    async (trial) => {
      const claim = await trial.claimOne(await trial.subscribe());
      await trial.pass(0.5 * trial.spanMs);
      deepEqual((await trial.claim()).claims, [], 'a lease was taken over before it ran out');
      let held = claim;
      for (let abandonments = 1; abandonments < 4; abandonments += 1) {
        await trial.pass(1.5 * trial.spanMs);
        const [again] = (await trial.claim()).claims;
        equal(again?.id, claim.id, 'a lease that ran out was not taken over');
        equal(again.abandonments, abandonments, 'a lease that ran out was not counted as abandoned');
        deepEqual(
          (await trial.record(trial.outcome(held))).written,
          [false],
          'the fence of a lease that was taken over still holds',
        );
        held = again;
      }
      deepEqual((await trial.record(trial.failure(held))).written, [true], 'the fence of the last lease does not hold');
      equal((await deliveryOf(trial.storage, claim.id)).abandonments, 3, 'how often it was abandoned was forgotten');
    },
  ),

  storageCase('claimDeliveries passes over a lane that is paused, until the pause has ended', async (trial) => {
    const [paused, open] = await trial.subscribeMany(2);
    const claim = await trial.claimOne(paused!);
    await trial.record(trial.outcome(claim, { pauseLaneMs: 2 * trial.spanMs }));
    const [waiting] = await trial.deliver(paused!);
    const [other] = await trial.deliver(open!);
    const first = await trial.claim({ leaseMs: 100 * trial.spanMs });
    deepEqual(idsOf(first.claims), [other], 'it did not pass over just the lane that is paused');
    await trial.pass();
    deepEqual(
      (await trial.claim({ lanes: new Map([[paused!.id, 5]]) })).claims,
      [],
      'a paused lane was claimed from by its name',
    );
    await trial.pass(1.5 * trial.spanMs);
    deepEqual(idsOf((await trial.claim()).claims), [waiting], 'a lane stays paused after its pause');
  }),

  storageCase('claimDeliveries never finds the lane of an unsubscribed subscription paused', async (trial) => {
    const [ended, gone] = await trial.subscribeMany(2);
    for (const lane of [ended!, gone!]) {
      const claim = await trial.claimOne(lane);
      await trial.record(trial.outcome(claim, { pauseLaneMs: 50 * trial.spanMs }));
    }
    const waiting = await trial.deliver(ended!, gone!);
    await trial.storage.endSubscription('a', ended!.id, 'unsubscribed by the account');
    await trial.move(gone!, { health: 'unsubscribed', reason: 'it is gone', pauseLaneMs: null });
    const { claims, subscriptions } = await trial.claim();
    deepEqual(idsOf(claims), waiting.toSorted(), 'what an unsubscribed subscription has left is held back');
    for (const { health } of subscriptions) equal(health, 'unsubscribed', 'it does not say that the subscription has ended');
  }),

  storageCase(
    'claimDeliveries leaves the lane of a paused subscription alone, however long, until it is opened',
    async (trial) => {
      const { storage } = trial;
      const [paused, open] = await trial.subscribeMany(2);
      const aThousandYears = 31_557_600_000_000;
      const row = await trial.move(paused!, { health: 'paused', reason: 'paused by its owner', pauseLaneMs: aThousandYears });
      equal(row?.health, 'paused', 'a subscription could not be paused');
      deepEqual(await storage.findSubscriptions([paused!]), [row, open], 'a paused subscription misses its events');
      const waiting = await trial.deliver(paused!, paused!);
      const inMs = await storage.nextDueInMs();
      ok(
        inMs !== null && inMs > aThousandYears / 2,
        `a delivery is said to be due in ${inMs} ms while its subscription is paused`,
      );
      await trial.pass(100 * trial.spanMs);
      const { claims } = await trial.claim({ lanes: new Map([[paused!.id, 5]]) });
      deepEqual(claims, [], 'a delivery of a paused subscription was claimed');
      await storage.prune({ deliveredAfterMs: 0, failedAfterMs: 0, maxAttemptsPerAccount: 0, accounts: [], limit: 100 });
      await trial.move(row, { health: 'healthy', reason: '', pauseLaneMs: 0 });
      equal(await storage.nextDueInMs(), 0, 'nothing is due although the lane was opened');
      const resumed = await trial.claim();
      deepEqual(idsOf(resumed.claims), waiting.toSorted(), 'not all that has waited is claimed once the lane is opened');
      equal(resumed.events.length, waiting.length, 'an event was forgotten while its delivery waited');
    },
  ),

  storageCase('claimDeliveries takes one at most from a lane whose subscription is suspended', async (trial) => {
    const [suspended, healthy] = await trial.subscribeMany(2);
    await trial.move(suspended!, { health: 'suspended', reason: 'too many errors', pauseLaneMs: trial.spanMs });
    await trial.deliver(suspended!, suspended!, suspended!, healthy!, healthy!);
    const lanes = new Map([[suspended!.id, 50]]);
    equal(
      (await trial.claim({ lanes, limit: 1, after: healthy!.id })).claims[0]?.subscriptionId,
      healthy!.id,
      'a suspended lane is not paused',
    );
    await trial.pass(1.5 * trial.spanMs);
    const none = await trial.claim({ lanes: new Map([[suspended!.id, 0]]), perLane: 0 });
    deepEqual(none.claims, [], 'a suspended lane yields one where none is wanted');
    const { claims } = await trial.claim({ lanes });
    equal(
      claims.filter(({ subscriptionId }) => subscriptionId === suspended!.id).length,
      1,
      'a suspended lane does not yield one',
    );
  }),
];
