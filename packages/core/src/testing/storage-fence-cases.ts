import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Claim } from '../model/delivery.ts';
import type { StorageAdapter } from '../storage-adapter.ts';
import { deliveryOf, everything, idsOf, storageCase } from './storage-checks.ts';
import { against, fewRounds, race } from './storage-race.ts';
import type { StorageTrial } from './storage-trial.ts';

/** What several claims have brought, each of them. */
async function claimWith(trial: StorageTrial, caller: StorageAdapter): Promise<readonly Claim[]> {
  return (await trial.claim({}, caller)).claims;
}

/** Ends the delivery under the claim of whoever holds it, and fails with the sentence when that does not hold. */
async function finish(trial: StorageTrial, holder: Claim, sentence: string): Promise<void> {
  deepEqual((await trial.record(trial.outcome(holder))).written, [true], sentence);
}

/** How many lines the log has of a delivery. */
async function linesOf(trial: StorageTrial, deliveryId: string): Promise<number> {
  const where = { kind: 'compare', field: 'deliveryId', operator: '=', value: deliveryId } as const;
  return (await trial.storage.listAttempts('a', { ...everything, where })).total;
}

/** The promises about who holds a delivery: how long, and against whom. */
export const storageFenceCases = [
  storageCase('claimDeliveries leases by the storage’s clock, and so does storeEvents', async (trial) => {
    const lanes = await trial.subscribeMany(2);
    // By now the time at which it was started, or that of the process, is another one.
    await trial.pass(10 * trial.spanMs);
    const batch = trial.batch([lanes[0]!], { leased: true });
    await trial.storage.storeEvents(batch);
    const claimed = await trial.claimOne(lanes[1]!);
    const ids = [batch.deliveries[0]!.id, claimed.id];
    const end = (await trial.now()) + trial.spanMs;
    for (const id of ids) trial.sameTime((await deliveryOf(trial.storage, id)).dueAt, end, 'a lease does not last as asked');
    await trial.pass(0.5 * trial.spanMs);
    deepEqual((await trial.claim()).claims, [], 'a lease ended before its time');
    await trial.pass();
    deepEqual(idsOf((await trial.claim()).claims), ids.toSorted(), 'a lease did not end in time');
  }),

  storageCase(
    'recordOutcomes takes a late result until another storage has taken the lease over, and not after',
    async (trial) => {
      const other = await trial.start(trial.make());
      const [early, late] = await trial.subscribeMany(2);
      const [first, second] = [await trial.claimOne(early!), await trial.claimOne(late!)];
      await trial.pass(1.5 * trial.spanMs);
      await finish(trial, first, 'a late result was refused though nobody had taken its lease over');
      const claims = await claimWith(trial, other);
      deepEqual(idsOf(claims), [second.id], 'another storage did not take over just the lease that ran out');
      const { written } = await trial.record(trial.outcome(second));
      deepEqual(written, [false], 'a late result was written under a lease that another storage had taken over');
      equal(await linesOf(trial, second.id), 0, 'a result that was refused left a line in the log');
      await trial.storage.releaseDeliveries([{ deliveryId: second.id, fence: second.fence }]);
      const result = await other.recordOutcomes([trial.outcome(claims[0]!)]);
      deepEqual(result.written, [true], 'the lease that another storage took over does not hold');
    },
    ['opens twice'],
  ),

  storageCase('recordOutcomes made again takes nothing from whoever has claimed it since', async (trial) => {
    const claim = await trial.claimOne(await trial.subscribe());
    const retried = trial.failure(claim, { retryInMs: 0 });
    await trial.record(retried);
    const [holder] = (await trial.claim()).claims;
    equal(holder?.id, claim.id, 'a delivery that is to be tried at once is not due');
    const { written } = await trial.record(retried);
    deepEqual(written, [true], 'a call that is made again, since its answer was lost, is told something else');
    equal(await linesOf(trial, claim.id), 1, 'a call that is made again left a line in the log');
    await finish(trial, holder, 'a call that is made again ended the lease of whoever has claimed it since');
  }),

  storageCase(
    'releaseDeliveries hands claims back to every storage, at once',
    async (trial) => {
      const other = await trial.start(trial.make());
      const [one, two] = await trial.subscribeMany(2);
      const ids = await trial.deliver(one!, one!, two!);
      const { claims } = await trial.claim();
      deepEqual(await claimWith(trial, other), [], 'what one storage holds was given to another');
      await trial.storage.releaseDeliveries(claims.map(({ id: deliveryId, fence }) => ({ deliveryId, fence })));
      equal(await other.nextDueInMs(), 0, 'another storage does not see that claims were handed back');
      const taken = await claimWith(trial, other);
      deepEqual(idsOf(taken), ids.toSorted(), 'another storage cannot claim at once what was handed back');
      ok(
        taken.every(({ abandonments }) => abandonments === 0),
        'what was handed back counts as abandoned',
      );
    },
    ['opens twice'],
  ),

  ...race(
    'claimDeliveries takes a lease that ran out over once',
    async (trial, callers) => {
      const lanes = await trial.subscribeMany(2);
      const ids = await trial.deliver(...lanes, ...lanes);
      await trial.claim();
      await trial.pass(1.5 * trial.spanMs);
      const results = await Promise.all(callers.map(async (caller) => claimWith(trial, caller)));
      const claims = [...results.flat(), ...(await trial.claim()).claims];
      deepEqual(idsOf(claims), ids.toSorted(), 'a lease that ran out was not taken over by just one of several');
      for (const { abandonments } of claims) equal(abandonments, 1, 'a lease that ran out was not counted as abandoned once');
      await trial.record(...claims.map((claim) => trial.outcome(claim)));
    },
    fewRounds,
  ),

  ...race(
    'recordOutcomes writes a late result, or somebody takes its lease over, and never both',
    async (trial, callers, round) => {
      const claim = await trial.claimOne(await trial.subscribe());
      await trial.pass(1.5 * trial.spanMs);
      const result = round % 4 < 2 ? trial.outcome(claim) : trial.failure(claim, { retryInMs: 1_000 * trial.spanMs });
      const { one, others } = await against(
        callers,
        round,
        async (caller) => caller.recordOutcomes([result]),
        async (caller) => claimWith(trial, caller),
      );
      const holders = others.flat();
      const written = one.written[0] === true;
      equal(
        holders.length,
        written ? 0 : 1,
        `a late result was ${written ? '' : 'not '}written, and ${holders.length} took it over`,
      );
      equal(await linesOf(trial, claim.id), written ? 1 : 0, 'the log does not say what became of a late result');
      for (const holder of holders) await finish(trial, holder, 'a late result ended the lease of whoever had taken it over');
    },
  ),

  ...race('releaseDeliveries takes nothing from whoever has claimed it since', async (trial, callers, round) => {
    const claim = await trial.claimOne(await trial.subscribe());
    // In some rounds it is handed back in time, and in others when its lease has run out.
    const late = round % 4 < 3;
    if (late) await trial.pass(1.5 * trial.spanMs);
    const { others } = await against(
      callers,
      round,
      async (caller) => caller.releaseDeliveries([{ deliveryId: claim.id, fence: claim.fence }]),
      async (caller) => claimWith(trial, caller),
    );
    const holders = [...others.flat(), ...(await trial.claim()).claims];
    deepEqual(idsOf(holders), [claim.id], 'a claim that was handed back was lost, or given to two');
    ok(holders[0]!.abandonments <= (late ? 1 : 0), 'being handed back left a mark on a delivery');
    await finish(trial, holders[0]!, 'a claim was handed back by somebody who held it no more');
  }),

  ...race(
    'cancelDelivery ends a delivery, or somebody claims it, and never both',
    async (trial, callers, round) => {
      const lane = await trial.subscribe();
      const late = round % 4 < 2;
      const [id] = late ? [(await trial.claimOne(lane)).id] : await trial.deliver(lane);
      if (late) await trial.pass(1.5 * trial.spanMs);
      const { one: cancelled, others } = await against(
        callers,
        round,
        async (caller) => caller.cancelDelivery('a', id!, 'no longer wanted'),
        async (caller) => claimWith(trial, caller),
      );
      const holders = others.flat();
      equal(holders.length, cancelled ? 0 : 1, `it was ${cancelled ? '' : 'not '}cancelled, and ${holders.length} claimed it`);
      equal(await linesOf(trial, id!), cancelled ? 1 : 0, 'the log does not say whether it was cancelled');
      for (const holder of holders) await finish(trial, holder, 'a delivery was cancelled that somebody had claimed');
    },
    fewRounds,
  ),
];
