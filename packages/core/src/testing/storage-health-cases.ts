import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Outcome } from '../model/outcome.ts';
import type { Subscription } from '../model/subscription.ts';
import { idsOf, rejection, rowOf, storageCase, unreadable } from './storage-checks.ts';
import type { StorageTrial } from './storage-trial.ts';

/** Claims as many deliveries of the lane and records them together, failed unless told otherwise; answers the row after it. */
async function attempt(trial: StorageTrial, lane: Subscription, ...given: readonly Partial<Outcome>[]): Promise<Subscription> {
  await trial.deliver(...given.map(() => lane));
  const { claims } = await trial.claim({ perLane: 0, lanes: new Map([[lane.id, given.length]]) });
  await trial.record(...claims.map((claim, index) => trial.failure(claim, { retryInMs: 1_000 * trial.spanMs, ...given[index] })));
  return rowOf(trial.storage, lane);
}

const answered = { endpoint: 'answered', outcome: 'delivered', retryInMs: null, status: 200 } as const;

/** The promises about health: the facts that outcomes leave, and the moves that are made on top of them. */
export const storageHealthCases = [
  storageCase('recordOutcomes counts failures in a row, and keeps since when there are any', async (trial) => {
    const lane = await trial.subscribe();
    const first = await attempt(trial, lane, {}, {});
    const since = await trial.now();
    equal(first.consecutiveFailures, 2, 'two failures of one batch do not count as two');
    trial.sameTime(first.failingSince, since, 'failingSince is not the time of the first failure');
    await trial.pass();
    const { consecutiveFailures, failingSince } = await attempt(trial, lane, {});
    equal(consecutiveFailures, 3, 'failures of a later batch are not added');
    equal(failingSince, first.failingSince, 'failingSince moved with a later failure');
    const unknown = await attempt(trial, lane, { endpoint: 'unknown' });
    equal(unknown.consecutiveFailures, 3, 'an outcome that says nothing of the endpoint changed its failures');
    const good = await attempt(trial, lane, answered);
    deepEqual([good.consecutiveFailures, good.failingSince], [0, null], 'a good answer did not end the failures');
    await trial.pass();
    const again = await attempt(trial, lane, {}, answered, {});
    equal(again.consecutiveFailures, 1, 'failures before a good answer of the batch count');
    trial.sameTime(
      again.failingSince,
      await trial.now(),
      'failingSince is not the time of the first failure since the good answer',
    );
  }),

  storageCase('recordOutcomes pauses a lane for the longest time that was asked for', async (trial) => {
    const lane = await trial.subscribe();
    equal((await attempt(trial, lane, {})).pausedUntil, null, 'a lane was paused for nothing');
    await trial.deliver(lane, lane, lane);
    const { claims } = await trial.claim({ leaseMs: 100 * trial.spanMs });
    const waits = [5, 1, 2].map((spans) => ({ retryInMs: 100 * trial.spanMs, pauseLaneMs: spans * trial.spanMs }));
    const [first, second, third] = claims.map((claim, index) => trial.failure(claim, waits[index]));
    const until = (await trial.now()) + 5 * trial.spanMs;
    await trial.record(first!, second!);
    trial.sameTime((await rowOf(trial.storage, lane)).pausedUntil, until, 'the pause is not the longest of those asked for');
    await trial.record(third!);
    trial.sameTime((await rowOf(trial.storage, lane)).pausedUntil, until, 'a shorter pause cut a longer one');
    await trial.pass();
    const { pausedUntil } = await attempt(trial, lane);
    trial.sameTime(pausedUntil, until, 'the pause moved with time');
  }),

  storageCase('recordOutcomes keeps when the last attempt began, its status and its event', async (trial) => {
    const lane = await trial.subscribe();
    await trial.deliver(lane, lane, lane);
    const { claims } = await trial.claim();
    const outcomes = claims.map((claim, index) => trial.failure(claim, { startedAt: 1_000 + index, status: 501 + index }));
    await trial.record(outcomes[0]!, outcomes[1]!, { ...outcomes[2]!, number: 0, status: 0 });
    const { lastAttemptAt, lastStatus, lastEventId } = await rowOf(trial.storage, lane);
    const expected = { lastAttemptAt: 1_001, lastStatus: 502, lastEventId: claims[1]!.eventId };
    deepEqual({ lastAttemptAt, lastStatus, lastEventId }, expected, 'it does not keep the last attempt, and no end without one');
  }),

  storageCase(
    'recordOutcomes answers the rows of those that failed, or answered while not healthy, and no others',
    async (trial) => {
      const lanes = await trial.subscribeMany(4);
      const [failed, healthy, recovered, unknown] = lanes;
      await trial.move(recovered!, { health: 'suspended' });
      await trial.deliver(...lanes);
      const { claims } = await trial.claim();
      const given = new Map<number, Partial<Outcome>>([
        [healthy!.id, answered],
        [recovered!.id, answered],
        [unknown!.id, { endpoint: 'unknown' }],
      ]);
      const { subscriptions } = await trial.record(
        ...claims.map((claim) => trial.failure(claim, given.get(claim.subscriptionId) ?? {})),
      );
      deepEqual(idsOf(subscriptions), idsOf([failed!, recovered!]), 'it answers others than those that somebody has to look at');
      for (const row of subscriptions) deepEqual(row, await rowOf(trial.storage, row), 'it answers a row as it was before');
    },
  ),

  storageCase('moveHealth makes a change whose version is the row’s, and raises the version', async (trial) => {
    const lane = await trial.subscribe();
    await trial.pass();
    const moved = await trial.move(lane, { health: 'suspended', reason: 'too many errors: 10 in a row' });
    const { healthSince, healthVersion, ...rest } = moved!;
    const { healthSince: _since, healthVersion: version, ...before } = lane;
    const expected = { ...before, health: 'suspended', healthReason: 'too many errors: 10 in a row' };
    deepEqual(rest, expected, 'it does not answer the row after the change');
    trial.sameTime(healthSince, await trial.now(), 'healthSince is not the time of the change');
    ok(healthVersion > version, 'the version was not raised');
    deepEqual(await rowOf(trial.storage, lane), moved, 'it stores another row than it answers');
    const next = await trial.move(moved!, { health: 'healthy', reason: '' });
    ok(next !== null && next.healthVersion > healthVersion, 'a change on top of another was refused');
  }),

  storageCase('moveHealth answers null for a move that comes too late, and changes nothing then', async (trial) => {
    const [lane, other] = await trial.subscribeMany(2);
    const moved = await trial.move(lane!, { health: 'failing' });
    equal(await trial.move(lane!, { health: 'suspended' }), null, 'a change was made on top of a version that is gone');
    deepEqual(await rowOf(trial.storage, lane!), moved, 'a change that came too late changed something');
    const wanted = (subscriptionId: number, healthVersion: number) =>
      ({ subscriptionId, healthVersion, health: 'suspended', reason: 'too many errors', pauseLaneMs: null }) as const;
    const answers = await trial.storage.moveHealth([
      wanted(lane!.id, lane!.healthVersion),
      wanted(other!.id, other!.healthVersion),
      wanted(other!.id, other!.healthVersion),
      wanted(other!.id + 1_000, 0),
    ]);
    const made = answers.map((row) => row?.id ?? null);
    deepEqual(made, [null, other!.id, null, null], 'it does not answer a row for each move that was made, and null for others');
  }),

  storageCase('moveHealth moves healthSince only when the state moves', async (trial) => {
    const lane = await trial.subscribe();
    const suspended = await trial.move(lane, { health: 'suspended' });
    await trial.pass();
    const still = await trial.move(suspended!, { health: 'suspended', reason: 'a probe failed' });
    equal(still?.healthSince, suspended!.healthSince, 'healthSince moved though the state did not');
    equal(still.healthReason, 'a probe failed', 'a new reason for the same state was not kept');
    const healthy = await trial.move(still, { health: 'healthy', reason: '' });
    trial.sameTime(healthy?.healthSince, await trial.now(), 'healthSince did not move though the state did');
  }),

  storageCase('moveHealth keeps when a subscription was last opened after it had been closed', async (trial) => {
    for (const health of ['suspended', 'paused'] as const) {
      const lane = await trial.subscribe();
      equal(lane.reopenedAt, null, 'one that was never closed is said to be opened');
      const failing = await trial.move(lane, { health: 'failing' });
      const healthy = await trial.move(failing!, { health: 'healthy', reason: '' });
      equal(healthy?.reopenedAt, null, 'one that was failing is said to be opened');
      const closed = await trial.move(healthy, { health });
      equal(closed?.reopenedAt, null, 'one that was closed is said to be opened');
      await trial.pass();
      const opened = await trial.move(closed, { health: 'healthy', reason: '' });
      trial.sameTime(opened?.reopenedAt, await trial.now(), 'reopenedAt is not the time of the change');
      await trial.pass();
      const later = await trial.move(opened!, { health: 'failing' });
      equal(later?.reopenedAt, opened!.reopenedAt, 'reopenedAt moved though it was not closed');
      deepEqual(await rowOf(trial.storage, lane), later, 'it stores another row than it answers');
    }
  }),

  storageCase('moveHealth closes the lane, opens it, or leaves it as it is', async (trial) => {
    const lane = await trial.subscribe();
    const [waiting] = await trial.deliver(lane);
    const closed = await trial.move(lane, { pauseLaneMs: 2 * trial.spanMs });
    trial.sameTime(closed?.pausedUntil, (await trial.now()) + 2 * trial.spanMs, 'the lane was not closed for as long as asked');
    const left = await trial.move(closed!, { pauseLaneMs: null });
    equal(left?.pausedUntil, closed!.pausedUntil, 'a move that leaves the lane as it is changed its pause');
    deepEqual((await trial.claim()).claims, [], 'a lane that was closed is open');
    const shorter = await trial.move(left, { pauseLaneMs: trial.spanMs });
    trial.sameTime(shorter?.pausedUntil, (await trial.now()) + trial.spanMs, 'the lane was not closed for as long as asked last');
    await trial.move(shorter!, { pauseLaneMs: 0 });
    deepEqual(idsOf((await trial.claim()).claims), [waiting], 'a lane that was opened is closed');
  }),

  storageCase('moveHealth makes all changes of a call, or none', async (trial) => {
    const lanes = await trial.subscribeMany(2);
    const [good, bad] = lanes.map(({ id: subscriptionId, healthVersion }) => ({
      subscriptionId,
      healthVersion,
      health: 'suspended' as const,
      reason: 'too many errors',
      pauseLaneMs: null,
    }));
    const call = async (): Promise<unknown> => trial.storage.moveHealth([good!, unreadable(bad!, 'reason')]);
    await rejection(call, 'it took a move that cannot be read');
    deepEqual(await rowOf(trial.storage, lanes[0]!), lanes[0], 'a call that failed changed a subscription');
  }),
];
