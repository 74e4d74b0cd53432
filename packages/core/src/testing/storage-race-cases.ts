import { deepEqual, equal } from 'node:assert/strict';
import type { StorageAdapter } from '../storage-adapter.ts';
import { everything, idsOf, storageCase, type StorageConformanceCase } from './storage-checks.ts';
import type { StorageTrial } from './storage-trial.ts';

/** How often a race is run: one that is lost now and then is caught in one of these. */
const rounds = 25;

type Race = (trial: StorageTrial, callers: readonly StorageAdapter[]) => Promise<void>;

/** A race of callers of one storage, and the same race of callers of two, as two processes would have it. */
function race(name: string, run: Race): StorageConformanceCase[] {
  return [
    storageCase(`${name}, when several call at once`, async (trial) => {
      for (let round = 0; round < rounds; round += 1) await run(trial, [trial.storage, trial.storage, trial.storage]);
    }),
    storageCase(
      `${name}, when two storages are called at once`,
      async (trial) => {
        const callers = [trial.storage, await trial.start(trial.make())];
        for (let round = 0; round < rounds; round += 1) await run(trial, callers);
      },
      ['opens twice'],
    ),
  ];
}

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
    const results = await Promise.all(callers.map(async (caller) => caller.recordOutcomes([trial.outcome(claim)])));
    const written = results.filter((result) => result.written[0]).length;
    const where = { kind: 'compare', field: 'deliveryId', operator: '=', value: claim.id } as const;
    const { total } = await trial.storage.listAttempts('a', { ...everything, where });
    deepEqual({ written, lines: total }, { written: 1, lines: 1 }, 'not just one of several results was written');
  }),

  ...race('moveHealth makes one of several changes on the same version', async (trial, callers) => {
    const { id: subscriptionId, healthVersion } = await trial.subscribe();
    const move = { subscriptionId, healthVersion, health: 'suspended', reason: 'too many errors', pauseLaneMs: null } as const;
    const answers = await Promise.all(callers.map(async (caller) => caller.moveHealth([move])));
    equal(answers.flat().filter((row) => row !== null).length, 1, 'not just one of several changes was made');
  }),
];
