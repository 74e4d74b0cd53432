import { deepEqual, equal, fail } from 'node:assert/strict';
import { deliveryOf, everything, idsOf, storageCase } from './storage-checks.ts';

/** The promises about single deliveries that an account replays or cancels. */
export const storageManageCases = [
  storageCase('replayDelivery makes a finished delivery due again under its old id, its schedule begun anew', async (trial) => {
    const lane = await trial.subscribe();
    const claim = await trial.claimOne(lane);
    await trial.record(trial.failure(claim, { retryInMs: 0 }));
    await trial.pass();
    const [second] = (await trial.claim()).claims;
    await trial.record(trial.failure(second!, { outcome: 'failed', retryInMs: null }));
    await trial.pass();
    equal(await trial.storage.replayDelivery('a', claim.id), true, 'a finished delivery was not made due again');
    const { dueAt, createdAt: _, ...delivery } = await deliveryOf(trial.storage, claim.id);
    const { id, accountId, subscriptionId, eventId } = claim;
    const expected = { id, accountId, subscriptionId, eventId, attempts: 2, failures: 0, abandonments: 0, fence: null };
    deepEqual(delivery, expected, 'it is not the old delivery with its schedule begun anew');
    trial.sameTime(dueAt, await trial.now(), 'it is not due at once');
    const { claims, events } = await trial.claim();
    deepEqual([idsOf(claims), idsOf(events)], [[claim.id], [claim.eventId]], 'it cannot be claimed with its event');
    await trial.record(trial.outcome(claims[0]!));
    const { total } = await trial.storage.listAttempts('a', everything);
    equal(total, 3, 'the lines of its earlier attempts are gone');
    equal(await trial.storage.replayDelivery('a', claim.id), true, 'a delivery was not made due a second time');
    equal((await deliveryOf(trial.storage, claim.id)).attempts, 3, 'its attempts are not counted on');
    await trial.storage.cancelDelivery('a', claim.id, 'no longer wanted');
    equal(await trial.storage.replayDelivery('a', claim.id), true, 'a delivery that was cancelled was not made due again');
    equal((await deliveryOf(trial.storage, claim.id)).attempts, 3, 'its attempts are not counted on after it was cancelled');
  }),

  storageCase('replayDelivery answers false, and does nothing, when it cannot be sent again', async (trial) => {
    const { storage } = trial;
    const [lane, ended] = await trial.subscribeMany(2);
    const finished = await trial.claimOne(lane!);
    await trial.record(trial.outcome(finished));
    equal(await storage.replayDelivery('b', finished.id), false, 'an account replayed a delivery of another');
    equal(await storage.replayDelivery('a', trial.newId()), false, 'it replayed a delivery that there is not');
    const orphan = await trial.claimOne(ended!);
    await trial.record(trial.outcome(orphan));
    await storage.endSubscription('a', ended!.id, 'unsubscribed by the account');
    equal(await storage.replayDelivery('a', orphan.id), false, 'it replayed for a subscription that has ended');
    const retried = await trial.claimOne(lane!);
    equal(await storage.replayDelivery('a', retried.id), false, 'it replayed a delivery that is being sent');
    await trial.record(trial.failure(retried));
    const before = await deliveryOf(storage, retried.id);
    equal(await storage.replayDelivery('a', retried.id), false, 'it replayed a delivery that is to be tried again anyhow');
    deepEqual((await storage.listDeliveries('a', everything)).rows, [before], 'a replay that was refused changed something');
  }),

  storageCase('cancelDelivery ends a delivery, with its reason in the log', async (trial) => {
    const lane = await trial.subscribe({ topic: 'sub_tag(8)' });
    const claim = await trial.claimOne(lane);
    await trial.record(trial.failure(claim, { topic: 'sub_tag(8)', endpoint: 'unknown' }));
    await trial.pass();
    equal(await trial.storage.cancelDelivery('a', claim.id, 'no longer wanted'), true, 'a delivery that waits was not cancelled');
    deepEqual(
      (await trial.storage.listDeliveries('a', everything)).rows,
      [],
      'a delivery that was cancelled is still unfinished',
    );
    const { rows } = await trial.storage.listAttempts('a', everything);
    const { id: _, startedAt, ...line } = rows.at(-1) ?? fail('no line says that it was cancelled');
    const { subscriptionId, eventId } = claim;
    const sent = { number: 0, status: 0, answer: '', durationMs: 0, nextAttemptAt: null };
    const what = { accountId: 'a', subscriptionId, deliveryId: claim.id, eventId, topic: 'sub_tag(8)' };
    deepEqual(
      line,
      { ...what, outcome: 'cancelled', reason: 'no longer wanted', ...sent },
      'the line does not say that it was cancelled, and why',
    );
    trial.sameTime(startedAt, await trial.now(), 'the line does not say when it was cancelled');
    await trial.pass(10 * trial.spanMs);
    deepEqual((await trial.claim()).claims, [], 'a delivery that was cancelled was claimed');
  }),

  storageCase(
    'cancelDelivery answers false, and does nothing, when somebody holds it or the account has no such one',
    async (trial) => {
      const { storage } = trial;
      const lane = await trial.subscribe();
      const [waiting] = await trial.deliver(lane);
      equal(await storage.cancelDelivery('b', waiting!, 'not mine'), false, 'an account cancelled a delivery of another');
      equal(await storage.cancelDelivery('a', trial.newId(), 'not there'), false, 'it cancelled a delivery that there is not');
      const [held] = (await trial.claim()).claims;
      equal(await storage.cancelDelivery('a', held!.id, 'too late'), false, 'a delivery was cancelled that is being sent');
      deepEqual(
        (await storage.listAttempts('a', everything)).rows,
        [],
        'a delivery that was not cancelled has a line that says so',
      );
      deepEqual((await trial.record(trial.outcome(held!))).written, [true], 'the holder of a delivery lost it to a cancellation');
      equal(await storage.cancelDelivery('a', held!.id, 'too late'), false, 'a finished delivery was cancelled');
    },
  ),

  storageCase('cancelDelivery ends a delivery whose lease ran out, and lets its fence hold no more', async (trial) => {
    const claim = await trial.claimOne(await trial.subscribe());
    await trial.pass(1.5 * trial.spanMs);
    equal(
      await trial.storage.cancelDelivery('a', claim.id, 'no longer wanted'),
      true,
      'a delivery that nobody holds was not cancelled',
    );
    deepEqual(
      (await trial.record(trial.outcome(claim))).written,
      [false],
      'a result was written for a delivery that was cancelled',
    );
  }),
];
