import { AssertionError, deepEqual, equal } from 'node:assert/strict';
import type { StorageAdapter } from '../storage-adapter.ts';
import { deliveryOf, idsOf, listAll, rejection, resolution, rowOf, storageCase, unreadable } from './storage-checks.ts';

/** The promises about handing claims back, and about what is due next. */
export const storageDueCases = [
  storageCase('releaseDeliveries makes claims due at once, as if they had not been claimed', async (trial) => {
    const lane = await trial.subscribe();
    const fresh = await trial.claimOne(lane);
    const abandoned = await trial.claimOne(lane);
    await trial.pass(1.5 * trial.spanMs);
    const { claims } = await trial.claim();
    deepEqual(idsOf(claims), idsOf([fresh, abandoned]), 'leases that ran out were not taken over');
    await trial.storage.releaseDeliveries(claims.map(({ id: deliveryId, fence }) => ({ deliveryId, fence })));
    const { dueAt, fence } = await deliveryOf(trial.storage, fresh.id);
    equal(fence, null, 'a claim that was handed back is still held');
    trial.sameTime(dueAt, await trial.now(), 'a claim that was handed back is not due at once');
    const again = await trial.claim();
    const marksOn = (list: typeof claims): string[] =>
      list.map((claim) => `${claim.id} ${claim.attempts} ${claim.failures} ${claim.abandonments} ${claim.createdAt}`).toSorted();
    deepEqual(marksOn(again.claims), marksOn(claims), 'being handed back left a mark on a delivery');
  }),

  storageCase('releaseDeliveries does nothing under a fence that does not hold', async (trial) => {
    const lane = await trial.subscribe();
    const lost = await trial.claimOne(lane);
    await trial.pass(1.5 * trial.spanMs);
    const [held] = (await trial.claim()).claims;
    const unknown = { deliveryId: trial.newId(), fence: lost.fence };
    await trial.storage.releaseDeliveries([{ deliveryId: lost.id, fence: lost.fence }, unknown]);
    equal(
      (await deliveryOf(trial.storage, lost.id)).fence,
      held?.fence,
      'a delivery was released under a fence that does not hold',
    );
    await trial.record(trial.outcome(held!));
    await trial.storage.releaseDeliveries([{ deliveryId: held!.id, fence: held!.fence }]);
    deepEqual((await trial.claim()).claims, [], 'a finished delivery came back');
  }),

  storageCase('releaseDeliveries hands all of its claims back, or none', async (trial) => {
    const lane = await trial.subscribe();
    const claims = [await trial.claimOne(lane), await trial.claimOne(lane)];
    const [good, bad] = claims.map(({ id: deliveryId, fence }) => ({ deliveryId, fence }));
    const call = async (): Promise<void> => trial.storage.releaseDeliveries([good!, unreadable(bad!, 'fence')]);
    await rejection(call, 'it took a lease that cannot be read');
    const { fence } = await deliveryOf(trial.storage, good!.deliveryId);
    equal(fence, good!.fence, 'a call that failed handed a claim back');
  }),

  storageCase(
    'nextDueInMs answers how long until something can be claimed, 0 for now, and null when nothing waits',
    async (trial) => {
      const { storage } = trial;
      const lanes = await trial.subscribeMany(3);
      equal(await storage.nextDueInMs(), null, 'something is said to wait where nothing does');
      const claims = [await trial.claimOne(lanes[0]!), await trial.claimOne(lanes[1]!)];
      trial.sameTime(await storage.nextDueInMs(), trial.spanMs, 'it does not tell when a lease runs out');
      await trial.record(...claims.map((claim, index) => trial.failure(claim, { retryInMs: (8 - 4 * index) * trial.spanMs })));
      trial.sameTime(await storage.nextDueInMs(), 4 * trial.spanMs, 'it does not tell when the next one is due');
      await trial.pass();
      trial.sameTime(await storage.nextDueInMs(), 3 * trial.spanMs, 'it does not count from now');
      await trial.deliver(lanes[2]!);
      equal(await storage.nextDueInMs(), 0, 'it does not tell that one is due now');
      await trial.claim();
      await trial.pass(5 * trial.spanMs);
      equal(await storage.nextDueInMs(), 0, 'it does not tell that one is overdue');
    },
  ),

  storageCase('nextDueInMs counts pauses of lanes in, but none of an unsubscribed subscription', async (trial) => {
    const { storage } = trial;
    const [paused, ended, other] = await trial.subscribeMany(3);
    const [first, second, third] = [await trial.claimOne(paused!), await trial.claimOne(ended!), await trial.claimOne(other!)];
    await trial.record(
      trial.failure(first, { retryInMs: 2 * trial.spanMs, pauseLaneMs: 6 * trial.spanMs }),
      trial.failure(second, { retryInMs: 3 * trial.spanMs, pauseLaneMs: 60 * trial.spanMs }),
      trial.failure(third, { retryInMs: 9 * trial.spanMs }),
    );
    trial.sameTime(await storage.nextDueInMs(), 6 * trial.spanMs, 'a delivery is said to be due while its lane is paused');
    await trial.move(await rowOf(storage, ended!), { health: 'unsubscribed', pauseLaneMs: null });
    trial.sameTime(
      await storage.nextDueInMs(),
      3 * trial.spanMs,
      'the lane of an unsubscribed subscription is said to be paused',
    );
    await storage.endSubscription('a', paused!.id, 'unsubscribed by the account');
    trial.sameTime(await storage.nextDueInMs(), 2 * trial.spanMs, 'the lane of a subscription that ended is said to be paused');
  }),

  storageCase('announceDue resolves, whoever hears it, and changes nothing', async (trial) => {
    await trial.deliver(...(await trial.subscribeMany(2)));
    const before = await listAll(trial.storage);
    await resolution(async () => trial.storage.announceDue(), 'it rejects what nobody needs to hear');
    deepEqual(await listAll(trial.storage), before, 'an announcement changes what is stored');
  }),

  storageCase(
    'announceDue is heard by the others, and not by who announces',
    async (trial) => {
      const heard = { one: 0, other: 0 };
      const onHeard: (() => void)[] = [];
      const listen = async (who: keyof typeof heard): Promise<StorageAdapter> =>
        trial.start(trial.make(), {
          onDue() {
            heard[who] += 1;
            for (const look of onHeard) look();
          },
        });
      const [one, other] = [await listen('one'), await listen('other')];
      await one.announceDue();
      await soon(onHeard, () => heard.other > 0, 'another storage did not hear of it');
      // What is said first arrives first: by the last of these, the other one would have heard itself.
      for (let times = 1; times <= 5; times += 1) {
        await other.announceDue();
        await soon(onHeard, () => heard.one >= times, 'another storage did not hear of it');
      }
      deepEqual(heard, { one: 5, other: 1 }, 'who announces hears itself');
    },
    ['hears others', 'opens twice'],
  ),
];

/** How long an announcement may take, in milliseconds: what would be found sooner by looking is not worth telling. */
const heardMs = 2_000;

/** Waits until that holds, looked at by what is added to `looks`, or fails with the sentence. */
async function soon(looks: (() => void)[], holds: () => boolean, sentence: string): Promise<void> {
  if (holds()) return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new AssertionError({ message: `${sentence} within ${heardMs} ms` })), heardMs);
    looks.push(() => {
      if (!holds()) return;
      clearTimeout(timer);
      resolve();
    });
  });
}
