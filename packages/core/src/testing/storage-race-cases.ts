import { deepEqual, equal, ok } from 'node:assert/strict';
import { everything, idsOf, rowOf } from './storage-checks.ts';
import { against, fewRounds, race } from './storage-race.ts';

/** The promises that only callers at the same time can break. */
export const storageRaceCases = [
  ...race('claimDeliveries leases no delivery twice', async (trial, callers) => {
    const lanes = await trial.subscribeMany(2);
    const ids = await trial.deliver(...lanes, ...lanes, ...lanes);
    const results = await Promise.all(callers.map(async (caller) => trial.claim({}, caller)));
    const claims = results.flatMap((result) => result.claims);
    equal(new Set(idsOf(claims)).size, claims.length, 'two callers hold the same delivery');
    const rest = await trial.claim();
    deepEqual(idsOf([...claims, ...rest.claims]), ids.toSorted(), 'a delivery was lost, or claimed twice');
    await trial.record(...[...claims, ...rest.claims].map((claim) => trial.outcome(claim)));
  }),

  ...race('storeEvents stores one of several events with the same key', async (trial, callers) => {
    const lane = await trial.subscribe();
    const key = trial.newId();
    const batches = callers.map(() => trial.batch([lane], { idempotencyKey: key }));
    const answers = await Promise.all(callers.map(async (caller, index) => caller.storeEvents(batches[index]!)));
    const standing = new Set(answers.flat().map(({ id }) => id));
    equal(standing.size, 1, 'several events stand for the same key');
    const stored = await trial.storage.findEvents(
      'a',
      batches.flatMap(({ events }) => events).map(({ id }) => id),
    );
    deepEqual(idsOf(stored), [...standing], 'other events were stored than the one that stands for the key');
    const { claims } = await trial.claim();
    equal(claims.length, 1, 'not just the deliveries of the one event were stored');
    await trial.record(trial.outcome(claims[0]!));
  }),

  ...race('recordOutcomes writes one of several results under the same fence', async (trial, callers) => {
    const claim = await trial.claimOne(await trial.subscribe());
    const outcomes = callers.map((_, index) =>
      trial.outcome(claim, { startedAt: trial.outcome(claim).startedAt + index, reason: `result ${index}`, status: 200 + index }),
    );
    const results = await Promise.all(callers.map(async (caller, index) => caller.recordOutcomes([outcomes[index]!])));
    const written = results.filter((result) => result.written[0]).length;
    const where = { kind: 'compare', field: 'deliveryId', operator: '=', value: claim.id } as const;
    const { total } = await trial.storage.listAttempts('a', { ...everything, where });
    deepEqual({ written, lines: total }, { written: 1, lines: 1 }, 'not just one of several results was written');
  }),

  ...race('recordOutcomes made again while the first call is under way answers as that does', async (trial, callers, round) => {
    const lane = await trial.subscribe();
    const claims = [await trial.claimOne(lane), await trial.claimOne(lane)];
    const outcomes = claims.map((claim, index) =>
      (round + index) % 2 === 0 ? trial.outcome(claim) : trial.failure(claim, { retryInMs: 1_000 * trial.spanMs }),
    );
    const answers = await Promise.all(callers.map(async (caller) => caller.recordOutcomes(outcomes)));
    for (const { written } of answers) {
      deepEqual(written, [true, true], 'a call that is made again before the first has ended is told something else');
    }
    const where = { kind: 'compare', field: 'subscriptionId', operator: '=', value: lane.id } as const;
    const { total } = await trial.storage.listAttempts('a', { ...everything, where });
    equal(total, 2, 'the log has lines of both calls');
    const { consecutiveFailures } = await rowOf(trial.storage, lane);
    equal(consecutiveFailures, round % 2 === 0 ? 1 : 0, 'a failure counts for both calls');
  }),

  ...race('moveHealth makes one of several changes on the same version', async (trial, callers) => {
    const { id: subscriptionId, healthVersion } = await trial.subscribe();
    const move = { subscriptionId, healthVersion, health: 'suspended', reason: 'too many errors', pauseLaneMs: null } as const;
    const answers = await Promise.all(callers.map(async (caller) => caller.moveHealth([move])));
    equal(answers.flat().filter((row) => row !== null).length, 1, 'not just one of several changes was made');
  }),

  ...race(
    'createSubscription gives each of several an id of its own',
    async (trial, callers) => {
      const wish = await trial.subscribe();
      const made = await Promise.all(callers.map(async (caller) => caller.createSubscription(wish)));
      equal(new Set(idsOf(made)).size, callers.length, 'two subscriptions got the same id');
      for (const row of made) {
        ok(row.id > wish.id, 'an id is not larger than one that was given before');
        deepEqual(await rowOf(trial.storage, row), row, 'a subscription is not the one that was answered');
      }
    },
    fewRounds,
  ),

  ...race(
    'endSubscription ends it for one of several',
    async (trial, callers) => {
      const { id } = await trial.subscribe();
      const answers = await Promise.all(callers.map(async (caller, index) => caller.endSubscription('a', id, `reason ${index}`)));
      equal(answers.filter((row) => row !== null).length, 1, 'not just one of several ended it');
    },
    fewRounds,
  ),

  ...race(
    'storeEvents loses no delivery of a subscription that somebody ends',
    async (trial, callers, round) => {
      const lane = await trial.subscribe();
      const batches = callers.slice(1).map(() => trial.batch([lane]));
      const left = [...batches];
      await against(
        callers,
        round,
        async (caller) => caller.endSubscription('a', lane.id, 'it is over'),
        async (caller) => caller.storeEvents(left.pop()!),
      );
      const { claims, subscriptions, events } = await trial.claim();
      const stored = batches.flatMap(({ deliveries }) => deliveries);
      deepEqual(idsOf(claims), idsOf(stored), 'a delivery is gone that was stored while its subscription was ended');
      equal(events.length, stored.length, 'the event of such a delivery is gone');
      equal(subscriptions[0]?.health, 'unsubscribed', 'the subscription lives on');
      await trial.record(...claims.map((claim) => trial.outcome(claim, { outcome: 'cancelled' })));
    },
    fewRounds,
  ),

  ...race(
    'recordOutcomes adds up what several results say of one endpoint',
    async (trial, callers, round) => {
      const lane = await trial.subscribe();
      await trial.deliver(...callers.map(() => lane));
      const { claims } = await trial.claim();
      const left = claims.map((claim) => trial.failure(claim, { retryInMs: 1_000 * trial.spanMs }));
      const move = {
        subscriptionId: lane.id,
        healthVersion: lane.healthVersion,
        health: 'failing',
        reason: 'it failed',
      } as const;
      const { one: moved } = await against(
        [trial.storage, ...callers],
        round,
        async (caller) => caller.moveHealth([{ ...move, pauseLaneMs: null }]),
        async (caller) => caller.recordOutcomes([left.pop()!]),
      );
      ok(moved[0], 'a change of health came too late, though nobody else had made one');
      const { health, consecutiveFailures } = await rowOf(trial.storage, lane);
      equal(consecutiveFailures, callers.length, 'failures that were recorded at once were not all counted');
      equal(health, 'failing', 'a change of health was undone by outcomes');
    },
    fewRounds,
  ),

  ...race(
    'replayDelivery makes a delivery due again for one of several',
    async (trial, callers) => {
      const finished = await trial.claimOne(await trial.subscribe());
      await trial.record(trial.outcome(finished));
      const answers = await Promise.all(callers.map(async (caller) => caller.replayDelivery('a', finished.id)));
      equal(answers.filter(Boolean).length, 1, 'not just one of several made it due again');
      const { claims } = await trial.claim();
      deepEqual(idsOf(claims), [finished.id], 'it was not made due once');
      await trial.record(trial.outcome(claims[0]!));
    },
    fewRounds,
  ),

  ...race(
    'replayDelivery keeps all that it needs from being forgotten',
    async (trial, callers, round) => {
      const finished = await trial.claimOne(await trial.subscribe());
      await trial.record(trial.outcome(finished));
      await trial.pass();
      const { one: replayed } = await against(
        callers,
        round,
        async (caller) => caller.replayDelivery('a', finished.id),
        async (caller) => {
          const none = { deliveredAfterMs: 0, failedAfterMs: 0, maxAttemptsPerAccount: 0, accounts: [], limit: 100 };
          for (let forgotten = 1; forgotten > 0;) {
            const { attempts, events, subscriptions } = await caller.prune(none);
            forgotten = attempts + events + subscriptions;
          }
        },
      );
      const { claims, events } = await trial.claim();
      const expected = replayed ? [[finished.id], [finished.eventId]] : [[], []];
      deepEqual([idsOf(claims), idsOf(events)], expected, 'a delivery that was made due again is not there with its event');
      await trial.record(...claims.map((claim) => trial.outcome(claim)));
    },
    fewRounds,
  ),
];
