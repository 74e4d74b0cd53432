import { deepEqual, equal } from 'node:assert/strict';
import type { Claim } from '../model/delivery.ts';
import { everything, idsOf } from './storage-checks.ts';
import { claimAll, drain, storeInOrder } from './storage-order-cases.ts';
import { against, race } from './storage-race.ts';
import type { StorageTrial } from './storage-trial.ts';

/** Fails unless all that is left of a lane can be claimed one after the other. */
async function nothingIsStuck(trial: StorageTrial): Promise<void> {
  await drain(trial);
  const { rows } = await trial.storage.listDeliveries('a', everything);
  deepEqual(idsOf(rows), [], 'a delivery waits for one that has ended');
}

/** The promises about orders that only callers at the same time can break. */
export const storageOrderRaces = [
  ...race('claimDeliveries leases one delivery of an order, whoever calls', async (trial, callers) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    const { ids } = await storeInOrder(trial, lane, ['k', 'k', 'k']);
    for (const id of ids) {
      const answers = await Promise.all(callers.map(async (caller) => claimAll(trial, caller)));
      const claims = answers.flat().length > 0 ? answers.flat() : await claimAll(trial);
      deepEqual(idsOf(claims), [id], 'not just the first of the order was claimed');
      await Promise.all(
        callers.map(async (caller, index) => (index === 0 ? caller.recordOutcomes([trial.outcome(claims[0]!)]) : null)),
      );
    }
  }),

  ...race('recordOutcomes leaves nothing waiting for what has ended, while others claim', async (trial, callers, round) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    await storeInOrder(trial, lane, ['k', 'k', 'k']);
    const claims = await claimAll(trial);
    equal(claims.length, 1, 'not just the first of the order was claimed');
    const taken: Claim[] = [];
    await against(
      callers,
      round,
      async (caller) => caller.recordOutcomes(claims.map((claim) => trial.outcome(claim))),
      async (caller) => taken.push(...(await claimAll(trial, caller))),
    );
    await trial.record(...taken.map((claim) => trial.outcome(claim)));
    await nothingIsStuck(trial);
  }),

  ...race('storeEvents leaves nothing waiting for what has ended meanwhile', async (trial, callers, round) => {
    const lane = await trial.subscribe({ ordering: 'record' });
    await storeInOrder(trial, lane, ['k']);
    const claims = await claimAll(trial);
    const taken: Claim[] = [];
    await against(
      callers,
      round,
      async (caller) => caller.recordOutcomes(claims.map((claim) => trial.outcome(claim))),
      async (caller) => {
        await storeInOrder(trial, lane, ['k'], caller);
        taken.push(...(await claimAll(trial, caller)));
      },
    );
    await trial.record(...taken.map((claim) => trial.outcome(claim)));
    await nothingIsStuck(trial);
  }),

  ...race(
    'cancelDelivery leaves nothing waiting for what it ends, while the one before ends, too',
    async (trial, callers, round) => {
      const lane = await trial.subscribe({ ordering: 'record' });
      const { ids } = await storeInOrder(trial, lane, ['k', 'k', 'k']);
      const claims = await claimAll(trial);
      if (round % 4 < 2) await claimAll(trial);
      const { others } = await against(
        callers,
        round,
        async (caller) => caller.recordOutcomes(claims.map((claim) => trial.outcome(claim))),
        async (caller) => caller.cancelDelivery('a', ids[1]!, 'not wanted'),
      );
      equal(others.filter(Boolean).length, 1, 'not just one of several cancelled it');
      deepEqual(await drain(trial), [ids[2]], 'what came after both does not go, or not alone');
      await nothingIsStuck(trial);
    },
  ),
];
