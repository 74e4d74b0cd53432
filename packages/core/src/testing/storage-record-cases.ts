import { deepEqual, equal, fail, ok } from 'node:assert/strict';
import { deliveryOf, everything, idsOf, listAll, rejection, rowOf, storageCase, unreadable } from './storage-checks.ts';

/** The promises about outcomes: what becomes of the delivery, and its line in the log. */
export const storageRecordCases = [
  storageCase('recordOutcomes ends a delivery with a final outcome, and leaves a line in the log', async (trial) => {
    const lane = await trial.subscribe();
    for (const outcome of ['delivered', 'failed', 'cancelled'] as const) {
      const claim = await trial.claimOne(lane);
      const answer = '{"ok":"Zoë 😀"}';
      const given = trial.outcome(claim, { outcome, reason: `because of ${outcome}`, status: 207, answer, durationMs: 12 });
      deepEqual((await trial.record(given)).written, [true], 'an outcome was not written under a fence that holds');
      const { rows } = await trial.storage.listDeliveries('a', everything);
      deepEqual(rows, [], `a delivery that is ${outcome} was not ended`);
      const { rows: lines } = await trial.storage.listAttempts('a', { ...everything, sort: { field: 'id', direction: 'desc' } });
      const { id, ...line } = lines[0] ?? fail(`no line says that it is ${outcome}`);
      const {
        fence: _fence,
        retryInMs: _retry,
        countsAgainstDelivery: _counts,
        endpoint: _endpoint,
        pauseLaneMs: _pause,
        ...told
      } = given;
      deepEqual(line, { ...told, nextAttemptAt: null }, 'the line is not what the outcome says');
      ok(Number.isSafeInteger(id) && id > (lines[1]?.id ?? 0), 'the ids of lines do not grow');
      await trial.pass(10 * trial.spanMs);
      deepEqual((await trial.claim()).claims, [], `a delivery that is ${outcome} was claimed again`);
    }
  }),

  storageCase('recordOutcomes gives a delivery back that is to be tried again, due when the outcome says', async (trial) => {
    const claim = await trial.claimOne(await trial.subscribe());
    await trial.pass();
    await trial.record(trial.failure(claim, { retryInMs: 3 * trial.spanMs }));
    const { dueAt, fence, createdAt } = await deliveryOf(trial.storage, claim.id);
    const expected = (await trial.now()) + 3 * trial.spanMs;
    trial.sameTime(dueAt, expected, 'it is not due when the outcome says');
    equal(fence, null, 'it is still held by somebody');
    equal(createdAt, claim.createdAt, 'it is said to be made anew');
    const { rows } = await trial.storage.listAttempts('a', everything);
    equal(rows[0]?.nextAttemptAt, dueAt, 'the line does not say when the next attempt is due');
  }),

  storageCase(
    'recordOutcomes counts attempts, and failures only where the outcome counts against the delivery',
    async (trial) => {
      let claim = await trial.claimOne(await trial.subscribe());
      const steps = [
        { number: 1, counts: true, attempts: 1, failures: 1 },
        { number: 2, counts: false, attempts: 2, failures: 1 },
        { number: 0, counts: false, attempts: 2, failures: 1 },
        { number: 3, counts: true, attempts: 3, failures: 2 },
      ];
      for (const { number, counts, ...expected } of steps) {
        await trial.record(trial.failure(claim, { number, countsAgainstDelivery: counts, endpoint: 'unknown', retryInMs: 0 }));
        claim = (await trial.claim()).claims[0] ?? fail('a delivery that is to be tried at once is not due');
        const { attempts, failures } = claim;
        deepEqual({ attempts, failures }, expected, 'attempts or failures are not counted as the outcomes say');
      }
    },
  ),

  storageCase('recordOutcomes writes nothing under a fence that does not hold, and says which were written', async (trial) => {
    const lanes = await trial.subscribeMany(4);
    const ids = await trial.deliver(...lanes);
    const { claims } = await trial.claim({ limit: 3 });
    const [good, bad, twice] = claims;
    const outcomes = [
      trial.outcome(bad!, { fence: trial.newId() }),
      trial.failure(bad!, { fence: trial.newId() }),
      trial.outcome(good!),
      trial.failure({ ...good!, id: ids.find((id) => !claims.some((claim) => claim.id === id))! }),
      trial.outcome(twice!),
      trial.failure(twice!),
      trial.failure({ ...good!, id: trial.newId() }),
    ];
    const { written, subscriptions } = await trial.record(...outcomes);
    deepEqual(written, [false, false, true, false, true, false, false], 'it does not say which outcomes were written');
    deepEqual(subscriptions, [], 'an outcome that was not written counts for the health of its subscription');
    const { rows } = await trial.storage.listAttempts('a', everything);
    deepEqual(
      idsOf(rows.map(({ deliveryId: id }) => ({ id }))),
      idsOf([good!, twice!]),
      'the log has lines of others than those written',
    );
    equal(
      (await deliveryOf(trial.storage, bad!.id)).fence,
      bad!.fence,
      'an outcome was written under a fence that does not hold',
    );
    const another = trial.outcome(good!, { startedAt: outcomes[1]!.startedAt + 1, reason: 'another result', status: 299 });
    deepEqual((await trial.record(another)).written, [false], 'a finished delivery was written again');
    equal((await rowOf(trial.storage, lanes[1]!)).consecutiveFailures, 0, 'a failure counts that was not written');
  }),

  storageCase('recordOutcomes writes under a lease that ran out while nobody has taken it over', async (trial) => {
    const claim = await trial.claimOne(await trial.subscribe());
    await trial.pass(10 * trial.spanMs);
    const { written } = await trial.record(trial.outcome(claim));
    deepEqual(written, [true], 'the result of an attempt was thrown away though nobody else had begun another');
  }),

  storageCase('recordOutcomes tells the storage’s time', async (trial) => {
    const before = await trial.now();
    trial.sameTime((await trial.record()).now, before, 'the time is not the storage’s');
    await trial.pass(7 * trial.spanMs);
    trial.sameTime((await trial.record()).now, before + 7 * trial.spanMs, 'the time did not pass');
  }),

  storageCase('recordOutcomes writes all of a batch or nothing', async (trial) => {
    const [claim, other] = [await trial.claimOne(await trial.subscribe()), await trial.claimOne(await trial.subscribe())];
    const broken = unreadable(trial.outcome(other), 'reason');
    await rejection(async () => trial.record(trial.failure(claim), broken), 'it took an outcome that cannot be read');
    equal((await deliveryOf(trial.storage, claim.id)).fence, claim.fence, 'a batch that failed gave a delivery back');
    deepEqual((await trial.storage.listAttempts('a', everything)).rows, [], 'a batch that failed left lines in the log');
  }),

  storageCase('recordOutcomes made again with the same outcomes answers as before, and changes nothing', async (trial) => {
    const [good, bad] = await trial.subscribeMany(2);
    const outcomes = [
      trial.outcome(await trial.claimOne(good!)),
      trial.failure(await trial.claimOne(bad!)),
      trial.outcome({ ...(await trial.claimOne(good!)), fence: trial.newId() }),
    ];
    const first = await trial.record(...outcomes);
    deepEqual(first.written, [true, true, false], 'it does not say which outcomes were written');
    const before = await listAll(trial.storage);
    const again = await trial.record(...outcomes);
    deepEqual(again.written, first.written, 'a call that is made again, since its answer was lost, is told something else');
    deepEqual(again.subscriptions, first.subscriptions, 'nobody is told of the failure whose answer was lost');
    deepEqual(await listAll(trial.storage), before, 'a call that is made again changes something');
    const [, retried] = outcomes;
    deepEqual(
      (await trial.record(retried!, retried!)).written,
      [true, false],
      'an outcome that is given twice in one call is said to be written twice',
    );
  }),
];
