import { deepEqual, ok } from 'node:assert/strict';
import { cutReasons, type CutRequest } from '../model/cut.ts';
import type { HealthState } from '../model/health.ts';
import type { Subscription } from '../model/subscription.ts';
import { everything, idsOf, storageCase } from './storage-checks.ts';
import type { StorageTrial } from './storage-trial.ts';

/** How many deliveries went of each lane, by its id: because of too many, and because of their age. */
type Went = Record<number, readonly [tooMany: number, tooOld: number]>;

/** Calls until every closed lane was visited. */
async function cutAll(trial: StorageTrial, given: Partial<CutRequest> = {}): Promise<Went> {
  const bounds = { maxPerLane: 1_000, maxAgeMs: 1_000 * trial.spanMs, limit: 1_000, ...given };
  const went: Record<number, [number, number]> = {};
  let after: number | null = 0;
  for (let calls = 0; after !== null; calls += 1) {
    ok(calls < 1_000, 'it never comes to an end');
    const { cuts, cursor }: Awaited<ReturnType<typeof trial.storage.cutClosedLanes>> = await trial.storage.cutClosedLanes({
      ...bounds,
      after,
    });
    const inCall = cuts.reduce((sum, { tooMany, tooOld }) => sum + tooMany + tooOld, 0);
    ok(inCall <= bounds.limit, `${inCall} deliveries went in one call`);
    for (const { subscription, tooMany, tooOld } of cuts) {
      const before = (went[subscription.id] ??= [0, 0]);
      before[0] += tooMany;
      before[1] += tooOld;
    }
    after = cursor;
  }
  return went;
}

/** A lane in that state, and the ids of its deliveries, each stored by itself, oldest first. */
async function laneOf(
  trial: StorageTrial,
  health: HealthState,
  count: number,
): Promise<{ readonly lane: Subscription; readonly ids: readonly string[] }> {
  const lane = await trial.subscribe();
  const ids: string[] = [];
  while (ids.length < count) ids.push(...(await trial.deliver(lane)));
  if (health !== 'healthy') await trial.move(lane, { health, reason: 'for a reason' });
  return { lane, ids };
}

async function waiting(trial: StorageTrial): Promise<readonly string[]> {
  return (await trial.storage.listDeliveries('a', everything)).rows.map(({ id }) => id);
}

/** The promises about what closed lanes hold. */
export const storageCutCases = [
  storageCase(
    'cutClosedLanes ends all but the newest of suspended and paused lanes, each with a line of the log',
    async (trial) => {
      const lanes = [];
      for (const health of ['suspended', 'healthy', 'paused', 'failing'] as const) lanes.push(await laneOf(trial, health, 5));
      const [suspended, healthy, paused, failing] = lanes as [
        (typeof lanes)[0],
        (typeof lanes)[0],
        (typeof lanes)[0],
        (typeof lanes)[0],
      ];
      const went = await cutAll(trial, { maxPerLane: 3 });
      deepEqual(
        await waiting(trial),
        [...suspended.ids.slice(2), ...healthy.ids, ...paused.ids.slice(2), ...failing.ids].toSorted(),
        'it does not leave just the newest of closed lanes, and all of the others',
      );
      deepEqual(
        went,
        { [suspended.lane.id]: [2, 0], [paused.lane.id]: [2, 0] },
        'it does not tell how many it ended of which lanes',
      );
      const { rows } = await trial.storage.listAttempts('a', everything);
      deepEqual(
        rows.map(({ deliveryId, outcome, number, reason, topic }) => ({ deliveryId, outcome, number, reason, topic })),
        [...suspended.ids.slice(0, 2), ...paused.ids.slice(0, 2)].map((deliveryId) => ({
          deliveryId,
          outcome: 'cancelled',
          number: 0,
          reason: cutReasons({ maxPerLane: 3, maxAgeMs: 1_000 * trial.spanMs }).tooMany,
          topic: suspended.lane.topic,
        })),
        'what it ended has no line of the log that says why',
      );
      deepEqual(await cutAll(trial, { maxPerLane: 3 }), {}, 'what is within its bounds was cut');
    },
  ),

  storageCase(
    'cutClosedLanes ends what has been due for too long in a suspended lane, however long a pause lasts',
    async (trial) => {
      const { lane, ids } = await laneOf(trial, 'suspended', 2);
      const others = [...(await laneOf(trial, 'healthy', 1)).ids, ...(await laneOf(trial, 'paused', 2)).ids];
      await trial.pass(5 * trial.spanMs);
      const [young = ''] = await trial.deliver(lane);
      await trial.pass();
      const went = await cutAll(trial, { maxAgeMs: 3 * trial.spanMs });
      deepEqual(
        await waiting(trial),
        [...others, young].toSorted(),
        'not just what has been due for too long in a suspended lane went',
      );
      deepEqual(went, { [lane.id]: [0, 2] }, 'it does not tell how many were too old');
      const { rows } = await trial.storage.listAttempts('a', everything);
      deepEqual(
        rows.map(({ deliveryId, reason }) => ({ deliveryId, reason })),
        ids.map((deliveryId) => ({
          deliveryId,
          reason: cutReasons({ maxPerLane: 1_000, maxAgeMs: 3 * trial.spanMs }).tooOld,
        })),
        'the log does not say that they were too old',
      );
    },
  ),

  storageCase('cutClosedLanes leaves what somebody holds, until the lease has run out', async (trial) => {
    const lane = await trial.subscribe();
    const claims = [await trial.claimOne(lane), await trial.claimOne(lane)];
    await trial.move(lane, { health: 'paused', reason: 'for a reason' });
    for (let more = 0; more < 3; more += 1) await trial.deliver(lane);
    await cutAll(trial, { maxPerLane: 1 });
    deepEqual(await waiting(trial), idsOf(claims), 'a delivery went that somebody holds, or one stayed that nobody does');
    const { written } = await trial.record(...claims.map((claim) => trial.failure(claim)));
    deepEqual(written, [true, true], 'the outcome of what somebody held is refused');
    const held = await trial.claimOne(await trial.subscribe());
    const { subscriptionId } = held;
    const row = (await trial.storage.listSubscriptions('a', everything)).rows.find(({ id }) => id === subscriptionId);
    await trial.move(row!, { health: 'suspended', reason: 'for a reason' });
    await trial.pass(6 * trial.spanMs);
    await cutAll(trial, { maxAgeMs: 2 * trial.spanMs });
    ok(!(await waiting(trial)).includes(held.id), 'what nobody holds any more was left');
  }),

  storageCase('cutClosedLanes ends no more in one call than the limit, and goes on where it was', async (trial) => {
    const lanes = [];
    for (let count = 0; count < 25; count += 1) lanes.push(await laneOf(trial, 'suspended', count % 5 === 0 ? 4 : 1));
    const went = await cutAll(trial, { maxPerLane: 1, limit: 2 });
    const expected = Object.fromEntries(lanes.filter(({ ids }) => ids.length > 1).map(({ lane }) => [lane.id, [3, 0]]));
    deepEqual(went, expected, 'lanes were passed over, or cut twice');
    deepEqual(
      await waiting(trial),
      lanes.map(({ ids }) => ids.at(-1) ?? '').toSorted(),
      'it does not leave the newest of each lane',
    );
  }),
];
