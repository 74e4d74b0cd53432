import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Claim, HookwellError, StorageAdapter } from '@hookwell/core';
import { testClock } from '@hookwell/core/testing';
import test from 'ava';
import { memoryStorage } from '../src/memory/index.ts';
import { batchFor, claimRequest, outcomeOf, subscribe } from './storage-fixture.ts';

async function started(now: () => number = testClock().now): Promise<StorageAdapter> {
  const storage = memoryStorage();
  await storage.start({ now });
  return storage;
}

test('two storages share nothing', async (t) => {
  const [one, other] = [await started(), await started()];
  t.is((await subscribe(one)).id, 1);
  t.is((await subscribe(other, { url: 'https://example.com/other' })).id, 1);
  const key = { accountId: 'a', topic: 'sub_tag(3)' };
  t.deepEqual(
    (await one.findSubscriptions([key])).map(({ url }) => url),
    ['https://example.com/hook'],
  );
});

test('a call to a storage that is not open is refused with the way out', async (t) => {
  const error = await t.throwsAsync<HookwellError>(memoryStorage().nextDueInMs());
  t.is(error.code, 'storage_failed');
  t.is(error.message, 'The memory storage is not open; start it first.');
});

test('a delivery of what is not stored is refused, since nothing could ever claim it', async (t) => {
  const storage = await started();
  const { id } = await subscribe(storage);
  const batch = batchFor('x', [id, id + 1]);
  const noSubscription = await t.throwsAsync<HookwellError>(storage.storeEvents(batch));
  t.is(noSubscription.code, 'storage_failed');
  t.regex(noSubscription.message, /the subscription of delivery "x-d1" is not stored/);
  const noEvent = await t.throwsAsync<HookwellError>(storage.storeEvents({ ...batchFor('y', [id]), events: [] }));
  t.regex(noEvent.message, /the event of delivery "y-d0" is not stored/);
  t.deepEqual(await storage.findEvents('a', ['x-e0', 'x-e1']), []);
});

test('what was forgotten takes no memory any more', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const clock = testClock();
  const storage = await started(clock.now);
  const lanes: number[] = [];
  for (let lane = 0; lane < 10; lane += 1) lanes.push((await subscribe(storage)).id);
  const round = async (number: number): Promise<void> => {
    const record = { id: number, text: 'x'.repeat(100) };
    for (let batch = 0; batch < 10; batch += 1) {
      const idempotencyKey = batch === 0 ? `key ${number}` : null;
      const given = { record, accountId: `account ${number}`, idempotencyKey };
      const single = batch === 0 ? lanes.slice(0, 1) : Array.from({ length: 10 }, () => lanes).flat();
      await storage.storeEvents(batchFor(`${number}-${batch}`, single, given));
    }
    for (let claims: readonly Claim[] = []; ;) {
      ({ claims } = await storage.claimDeliveries(claimRequest()));
      if (claims.length === 0) break;
      await storage.recordOutcomes(claims.map((claim) => outcomeOf(claim, { startedAt: clock.now() })));
    }
    const ended = await subscribe(storage, { accountId: `account ${number}` });
    await storage.endSubscription(ended.accountId, ended.id, 'it is over');
    clock.move(1);
    const request = { deliveredAfterMs: 0, failedAfterMs: 0, maxAttemptsPerAccount: 0, accounts: [], limit: 10_000 };
    const { attempts, events, subscriptions } = await storage.prune(request);
    t.deepEqual({ attempts, events, subscriptions }, { attempts: 901, events: 901, subscriptions: 1 });
  };
  const heapAfter = async (rounds: number): Promise<number> => {
    for (let number = 0; number < rounds; number += 1) await round(clock.now());
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = await heapAfter(6);
  const grown = (await heapAfter(14)) - before;
  // 12,600 deliveries with their events and lines, of a kilobyte and more, had they been kept.
  t.true(grown < 2_000_000, `${grown} bytes`);
});
