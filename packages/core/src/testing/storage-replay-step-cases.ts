import { deepEqual, equal } from 'node:assert/strict';
import { deliveryOf, everything, idsOf, rejection, storageCase, unreadable } from './storage-checks.ts';
import { claimFirst, claimStep, findAll, finish, newReplay, replayOf, stepOf } from './storage-replay-trial.ts';

/** The promises about the steps of replays. */
export const storageReplayStepCases = [
  storageCase('claimReplays leases the steps that are due to one caller, longest due first', async (trial) => {
    const { storage, spanMs } = trial;
    const claim = async (limit = 10) => storage.claimReplays({ fence: trial.newId(), leaseMs: spanMs, limit });
    const none = await claim();
    deepEqual([none.claims, none.nextInMs], [[], null], 'there is something to claim, or soon, where no replay is');
    trial.sameTime(none.now, await trial.now(), 'it does not answer its time');
    const first = await storage.createReplay(newReplay(trial));
    await trial.pass(spanMs / 2);
    const second = await storage.createReplay(newReplay(trial, { accountId: 'b' }));
    const one = await claim(1);
    deepEqual(
      one.claims.map(({ replay, unsent }) => [replay, unsent]),
      [[first, 0]],
      'it does not lease just the one that has been due for longest',
    );
    equal(one.nextInMs, 0, 'it does not say that another one is due');
    const two = await claim();
    deepEqual(
      two.claims.map(({ replay }) => replay.id),
      [second.id],
      'it leases a step to two callers, or not all that is due',
    );
    trial.sameTime(two.nextInMs, spanMs, 'it does not say when the lease of another one runs out');
    deepEqual((await claim()).claims, [], 'it leases a step that somebody holds');
    await trial.pass(1.5 * spanMs);
    const { claims } = await claim();
    deepEqual(
      claims.map(({ replay }) => replay.id),
      [first.id, second.id],
      'a lease that ran out is not due',
    );
    deepEqual(
      await storage.advanceReplays(one.claims.map((late) => stepOf(late))),
      [null],
      'a step was made by a caller whose lease ran out, and is somebody else’s',
    );
    const [held] = claims;
    await storage.advanceReplays([stepOf(held!, { waitMs: spanMs / 2 })]);
    deepEqual((await claim()).claims, [], 'a step is due before its time');
    await trial.pass(0.75 * spanMs);
    equal((await claim()).claims.length, 1, 'a step is not due at its time');
  }),

  storageCase('claimReplays takes note of what became of the deliveries that were made due', async (trial) => {
    const lane = await trial.subscribe();
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.push((await finish(trial, lane, 'failed')).id);
    const claim = await claimFirst(trial);
    const { id } = claim.replay;
    await trial.storage.advanceReplays([stepOf(claim, { again: ids })]);
    const before = await claimStep(trial, id);
    deepEqual([before.replay.waiting, before.unsent], [5, 5], 'what was made due does not count as waiting');
    const { claims } = await trial.claim();
    const outcomes = ['delivered', 'failed', 'cancelled', 'retry'] as const;
    await trial.record(
      ...outcomes.map((outcome, index) => {
        const isRetry = outcome === 'retry';
        const waits = { retryInMs: isRetry ? 100 * trial.spanMs : null, countsAgainstDelivery: isRetry };
        return trial.outcome(claims[index]!, { outcome, number: 2, ...waits });
      }),
    );
    await trial.storage.advanceReplays([stepOf(before)]);
    const { replay, unsent } = await claimStep(trial, id);
    const { waiting, delivered, failed, cancelled } = replay;
    deepEqual([delivered, failed, cancelled], [1, 1, 1], 'it does not count how they ended');
    deepEqual([waiting, unsent], [2, 1], 'it does not tell those that wait, and those that have not failed, from the others');
    deepEqual(await replayOf(trial, id), replay, 'it stores something else than it answers');
  }),

  storageCase('advanceReplays makes finished deliveries due again under their ids, and counts them', async (trial) => {
    const { storage } = trial;
    const lane = await trial.subscribe();
    const retried = await trial.claimOne(lane);
    await trial.record(trial.failure(retried, { retryInMs: 0 }));
    await trial.pass();
    await trial.record(trial.failure((await trial.claim()).claims[0]!, { outcome: 'failed', retryInMs: null, number: 2 }));
    const [waiting] = await trial.deliver(lane);
    const foreign = await finish(trial, await trial.subscribe({ accountId: 'b' }));
    const claim = await claimFirst(trial);
    const place = { looksAt: 'missing', after: '[7]' } as const;
    const again = [retried.id, waiting!, foreign.id, trial.newId()];
    const [row] = await storage.advanceReplays([stepOf(claim, { again, place })]);
    const { dueAt, createdAt: _, ...delivery } = await deliveryOf(storage, retried.id);
    const { id, accountId, subscriptionId, eventId } = retried;
    const begun = { attempts: 2, failures: 0, abandonments: 0, fence: null, replayed: true };
    deepEqual(
      delivery,
      { id, accountId, subscriptionId, eventId, ...begun },
      'it is not the old delivery with its schedule begun anew, made due by a replay',
    );
    trial.sameTime(dueAt, await trial.now(), 'it is not due at once');
    equal((await storage.listDeliveries('b', everything)).total, 0, 'a replay made a delivery of another account due');
    equal((await deliveryOf(storage, waiting!)).replayed, undefined, 'a delivery that waits anyhow was changed');
    const { matched, queued, waiting: left, steps } = row!;
    deepEqual([matched, queued, left, steps], [4, 1, 1, 1], 'it does not count what it made due, and what not');
    deepEqual([row!.looksAt, row!.after], ['missing', '[7]'], 'it does not go on where it was told to');
    deepEqual(await replayOf(trial, claim.replay.id), row, 'it stores something else than it answers');
    const claimed = (await trial.claim()).claims.find((one) => one.id === retried.id);
    equal(claimed?.replayed, true, 'whoever claims it does not see that a replay made it due');
  }),

  storageCase('advanceReplays stores what is missing once for each event and subscription of the account', async (trial) => {
    const { storage } = trial;
    const [lane, late, ended] = await trial.subscribeMany(3);
    const sent = await finish(trial, lane!);
    await storage.endSubscription('a', ended!.id, 'unsubscribed by the account');
    const foreign = await trial.subscribe({ accountId: 'b' });
    const unheard = trial.event({ accountId: 'b' });
    await storage.storeEvents({ ...trial.batch([]), events: [unheard] });
    const claim = await claimFirst(trial);
    const other = await claimFirst(trial);
    const wish = (subscriptionId: number, eventId: string) => ({ id: trial.newId(), subscriptionId, eventId });
    const missing = wish(late!.id, sent.eventId);
    const others = [
      wish(lane!.id, sent.eventId),
      wish(ended!.id, sent.eventId),
      wish(foreign.id, sent.eventId),
      wish(foreign.id, unheard.id),
      wish(late!.id, unheard.id),
      wish(late!.id, trial.newId()),
    ];
    const [row] = await storage.advanceReplays([stepOf(claim, { anew: [missing, ...others] })]);
    const { dueAt, createdAt: _, ...delivery } = await deliveryOf(storage, missing.id);
    const begun = { accountId: 'a', attempts: 0, failures: 0, abandonments: 0, fence: null, replayed: true };
    deepEqual(delivery, { ...missing, ...begun }, 'it is not a delivery that begins, made due by a replay');
    trial.sameTime(dueAt, await trial.now(), 'it is not due at once');
    const all = [
      ...(await storage.listDeliveries('a', everything)).rows,
      ...(await storage.listDeliveries('b', everything)).rows,
    ];
    deepEqual(idsOf(all), [missing.id], 'it stores what is not missing, or is another account’s');
    deepEqual([row!.matched, row!.queued], [7, 1], 'it does not count what it stored, and what not');
    const [second] = await storage.advanceReplays([stepOf(other, { anew: [wish(late!.id, sent.eventId)] })]);
    equal(second!.queued, 0, 'two replays stored a delivery for the same event and subscription');
    deepEqual(await findAll(trial, { looksAt: 'missing' }), [], 'what was stored is still missing');
  }),

  storageCase('advanceReplays makes each step once, as a whole or not at all, and ends a replay', async (trial) => {
    const { storage } = trial;
    const lane = await trial.subscribe();
    const ids = [(await finish(trial, lane)).id, (await finish(trial, lane)).id];
    const claim = await claimFirst(trial);
    const other = await claimFirst(trial);
    const { id } = claim.replay;
    const broken = stepOf(other, { anew: [unreadable({ id: 'x', subscriptionId: lane.id, eventId: 'y' }, 'eventId')] });
    await rejection(
      async () => storage.advanceReplays([stepOf(claim, { again: ids }), broken]),
      'what cannot be read was stored',
    );
    equal((await storage.listDeliveries('a', everything)).total, 0, 'half of what could not be stored is there');
    equal((await replayOf(trial, id)).steps, 0, 'a replay has moved on without its deliveries');
    const step = stepOf(claim, { again: ids });
    const [made] = await storage.advanceReplays([step]);
    equal(made!.queued, 2, 'a step was not made');
    deepEqual(await storage.advanceReplays([step]), [made], 'a step that was made does not answer its row when it is made again');
    deepEqual(await replayOf(trial, id), made, 'a step was made twice');
    const late = stepOf({ ...claim, fence: trial.newId() }, { steps: made!.steps });
    deepEqual(await storage.advanceReplays([late]), [null], 'a step was made under a fence that holds nothing');
    const next = await claimStep(trial, id);
    const end = { state: 'failed', reason: 'it took too long' } as const;
    const [ended] = await storage.advanceReplays([stepOf(next, { end })]);
    deepEqual([ended!.state, ended!.reason], ['failed', 'it took too long'], 'a replay does not say that it has ended, and why');
    trial.sameTime(ended!.endedAt, await trial.now(), 'a replay does not say when it ended');
    const once = await storage.advanceReplays([stepOf({ ...next, replay: ended! })]);
    deepEqual(once, [null], 'a replay that has ended goes on');
  }),
];
