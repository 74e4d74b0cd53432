import { deepEqual, equal, ok } from 'node:assert/strict';
import type { Claim } from '../model/delivery.ts';
import type { StorageAdapter } from '../storage-adapter.ts';
import { idsOf, storageCase } from './storage-checks.ts';
import type { StorageTrial } from './storage-trial.ts';

const countsOf = (claims: readonly Claim[]): Map<number, number> => {
  const counts = new Map<number, number>();
  for (const { subscriptionId } of claims) counts.set(subscriptionId, (counts.get(subscriptionId) ?? 0) + 1);
  return new Map([...counts].toSorted(([a], [b]) => a - b));
};

/** Claims all that is due, in as many calls as it takes. */
async function drain(
  trial: StorageTrial,
  limit: number,
  storage: StorageAdapter = trial.storage,
): Promise<{ claims: Claim[]; calls: number }> {
  const claims: Claim[] = [];
  for (let calls = 1, after = 0; ; calls += 1) {
    const result = await trial.claim({ limit, after }, storage);
    claims.push(...result.claims);
    if (!result.more || calls > 1_000) return { claims, calls };
    after = result.cursor;
  }
}

/** The promises about whose turn it is when deliveries are claimed. */
export const storageTurnCases = [
  storageCase('claimDeliveries takes lanes in turn from its cursor on, and round again', async (trial) => {
    const lanes = await trial.subscribeMany(5);
    // The last two have been due for longest, and have no turn before their own.
    const [last, first] = [lanes.slice(3), lanes.slice(0, 3)];
    await trial.deliver(...last, ...last, ...last);
    await trial.pass();
    await trial.deliver(...first, ...first, ...first);
    let after = 0;
    for (const turn of [
      [0, 1],
      [2, 3],
      [4, 0],
      [1, 2],
    ]) {
      const { claims, cursor } = await trial.claim({ perLane: 1, limit: 2, after });
      const expected = turn.map((index) => lanes[index]!.id);
      deepEqual(
        claims.map(({ subscriptionId }) => subscriptionId),
        expected,
        'a lane was claimed from that had no turn',
      );
      equal(cursor, expected.at(-1), 'the cursor is not the last lane that was visited');
      after = cursor;
    }
  }),

  storageCase('claimDeliveries comes to every lane, however long the first one is', async (trial) => {
    const [long, ...others] = await trial.subscribeMany(8);
    for (let round = 0; round < 3; round += 1) await trial.deliver(...Array.from({ length: 500 }, () => long!));
    await trial.pass();
    const late = await trial.deliver(...others);
    const { claims } = await trial.claim({ perLane: 5, limit: 20 });
    const waiting = late.filter((id) => !claims.some((claim) => claim.id === id));
    deepEqual(waiting, [], 'a long lane held up others');
    equal(countsOf(claims).get(long!.id), 5, 'a long lane does not get its own share');
  }),

  storageCase('claimDeliveries takes what is due first in a lane first', async (trial) => {
    const lane = await trial.subscribe();
    await trial.deliver(lane, lane, lane, lane);
    const { claims } = await trial.claim();
    const waits = [3, 1, 4, 2];
    const retries = claims.map((claim, index) => trial.failure(claim, { retryInMs: waits[index]! * trial.spanMs }));
    await trial.record(...retries);
    await trial.pass(5 * trial.spanMs);
    const inOrder = [1, 2, 3, 4].map((wait) => claims[waits.indexOf(wait)]!.id);
    const first = await trial.claim({ perLane: 2 });
    const rest = await trial.claim({ perLane: 2 });
    deepEqual(
      [...first.claims, ...rest.claims].map(({ id }) => id),
      inOrder,
      'a delivery that was due later came first',
    );
  }),

  storageCase('claimDeliveries takes no more than in all, per lane and from lanes by name it is allowed', async (trial) => {
    const lanes = await trial.subscribeMany(4);
    const [passed, few, many, rest] = lanes.map(({ id }) => id);
    await trial.deliver(...Array.from({ length: 6 }, () => lanes).flat());
    const bounds = { perLane: 2, lanes: new Map([passed!, few!, many!].map((id, index) => [id, [0, 1, 4][index]!])) };
    const { claims, subscriptions } = await trial.claim({ ...bounds, limit: 100, after: few! });
    const expected = new Map([few!, many!, rest!].map((id, index) => [id, [1, 4, 2][index]!]));
    deepEqual(countsOf(claims), expected, 'not as many as each lane allows were claimed');
    deepEqual(idsOf(subscriptions), [...expected.keys()], 'it answers the subscription of a lane that was passed over');
    equal((await trial.claim({ ...bounds, limit: 3 })).claims.length, 3, 'not as many as allowed in all were claimed');
    equal((await trial.claim({ ...bounds, limit: 0 })).claims.length, 0, 'something was claimed where nothing is allowed');
  }),

  storageCase('claimDeliveries says that there may be more, until it has claimed all there is', async (trial) => {
    const nothing = await trial.claim();
    deepEqual([nothing.claims, nothing.more], [[], false], 'there is said to be more where there is nothing');
    const lanes = await trial.subscribeMany(3);
    const ids = await trial.deliver(...Array.from({ length: 10 }, () => lanes).flat());
    const { claims, calls } = await drain(trial, 7);
    deepEqual(idsOf(claims), ids.toSorted(), 'not everything was claimed, once each, when there was said to be no more');
    ok(calls < 20, `there was said to be more ${calls} times`);
  }),

  storageCase(
    'claimDeliveries gives every lane its turn, however many claim',
    async (trial) => {
      const claimers = [trial.storage, await trial.start(trial.make())];
      const lanes = await trial.subscribeMany(6);
      await trial.deliver(...Array.from({ length: 30 }, () => lanes[0]!), ...lanes, ...lanes, ...lanes, ...lanes);
      const last = lanes.at(-1)!.id;
      const visited = await Promise.all(
        claimers.map(async (claimer) => {
          const claims: Claim[] = [];
          for (let after = 0, calls = 0; after < last && calls < 100; calls += 1) {
            const result = await trial.claim({ perLane: 1, limit: 2, after }, claimer);
            claims.push(...result.claims);
            after = result.cursor;
          }
          return claims;
        }),
      );
      for (const claims of visited) {
        const lanesOf = claims.map(({ subscriptionId }) => subscriptionId);
        deepEqual(lanesOf, idsOf(lanes), 'a lane had no turn while several claimed');
      }
      equal(new Set(idsOf(visited.flat())).size, visited.flat().length, 'two callers hold the same delivery');
      const rest = await trial.claim({}, claimers[1]);
      const count = 30 + 4 * lanes.length - visited.flat().length;
      equal(rest.claims.length, count, 'what is due in a lane is held up by whoever holds other deliveries of it');
    },
    ['opens twice'],
  ),

  storageCase(
    'claimDeliveries leaves nothing that is due once all who claim were told that there is no more',
    async (trial) => {
      const claimers = [trial.storage, await trial.start(trial.make())];
      const lanes = await trial.subscribeMany(3);
      for (let round = 0; round < 5; round += 1) {
        const ids = await trial.deliver(...Array.from({ length: 10 }, () => lanes).flat());
        const drained = await Promise.all(claimers.map(async (claimer) => drain(trial, 7, claimer)));
        const claims = drained.flatMap((one) => one.claims);
        deepEqual(
          idsOf(claims),
          ids.toSorted(),
          'not everything was claimed, once each, when all were told that there is no more',
        );
        await trial.record(...claims.map((claim) => trial.outcome(claim)));
      }
    },
    ['opens twice'],
  ),
];
