import { deepEqual, equal, ok } from 'node:assert/strict';
import type { OutcomeKind } from '../model/outcome.ts';
import type { Subscription } from '../model/subscription.ts';
import type { PruneAges, PruneRequest, PruneResult } from '../model/retention.ts';
import { everything, idsOf, storageCase } from './storage-checks.ts';
import type { StorageTrial } from './storage-trial.ts';

/** Ages that leave everything alone, in spans, unless told otherwise. */
function pruneRequest(trial: StorageTrial, given: Partial<PruneRequest> = {}): PruneRequest {
  const ages = { deliveredAfterMs: 1_000 * trial.spanMs, failedAfterMs: 1_000 * trial.spanMs };
  return { ...ages, maxAttemptsPerAccount: 1_000, accounts: [], limit: 1_000, ...given };
}

/** Calls until nothing is left to forget; answers how many rows of each kind went in all. */
async function pruneAll(trial: StorageTrial, given: Partial<PruneRequest> = {}): Promise<PruneResult> {
  const request = pruneRequest(trial, given);
  let sum: PruneResult = { attempts: 0, events: 0, subscriptions: 0 };
  for (let calls = 0; calls < 1_000; calls += 1) {
    const { attempts, events, subscriptions } = await trial.storage.prune(request);
    for (const count of [attempts, events, subscriptions]) ok(count <= request.limit, `${count} rows of a kind went in one call`);
    if (attempts + events + subscriptions === 0) return sum;
    sum = {
      attempts: sum.attempts + attempts,
      events: sum.events + events,
      subscriptions: sum.subscriptions + subscriptions,
    };
  }
  return sum;
}

/** Sends a delivery that ends so, with an attempt that began that long ago; answers its id and its event's. */
async function finish(
  trial: StorageTrial,
  lane: Subscription,
  { outcome = 'delivered', agoMs = 0 }: { outcome?: OutcomeKind; agoMs?: number } = {},
): Promise<{ readonly id: string; readonly eventId: string }> {
  const claim = await trial.claimOne(lane);
  await trial.record(trial.outcome(claim, { outcome, startedAt: (await trial.now()) - agoMs, retryInMs: null }));
  return claim;
}

async function linesOf(trial: StorageTrial, accountId = 'a'): Promise<string[]> {
  const { rows } = await trial.storage.listAttempts(accountId, everything);
  return rows.map(({ deliveryId }) => deliveryId);
}

/** The ages of an account, which leave everything alone unless told otherwise. */
function apart(trial: StorageTrial, accountId: string, given: Partial<PruneAges> = {}) {
  const { deliveredAfterMs, failedAfterMs, maxAttemptsPerAccount } = pruneRequest(trial);
  return { accountId, deliveredAfterMs, failedAfterMs, maxAttemptsPerAccount, ...given };
}

function orderTexts(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** The promises about forgetting. */
export const storagePruneCases = [
  storageCase('prune forgets lines of the log by their age, of what was delivered sooner than of all else', async (trial) => {
    const lane = await trial.subscribe();
    const ages = { deliveredAfterMs: 10 * trial.spanMs, failedAfterMs: 20 * trial.spanMs };
    const ids = new Map<string, string>();
    for (const outcome of ['delivered', 'failed', 'cancelled'] as const) {
      for (const spans of outcome === 'delivered' ? [5, 15, 25] : [6, 16, 26]) {
        const { id } = await finish(trial, lane, { outcome, agoMs: spans * trial.spanMs });
        ids.set(`${outcome} ${spans}`, id);
      }
    }
    const retried = await trial.claimOne(lane);
    await trial.record(trial.failure(retried, { startedAt: (await trial.now()) - 26 * trial.spanMs }));
    const kept = (...names: readonly string[]): (string | undefined)[] => names.map((name) => ids.get(name));
    const { attempts } = await pruneAll(trial, ages);
    const young = kept('delivered 5', 'failed 6', 'failed 16', 'cancelled 6', 'cancelled 16');
    deepEqual(await linesOf(trial), young, 'it does not leave just the lines that are young enough');
    equal(attempts, 5, 'it does not tell how many lines it forgot');
    await trial.pass(10 * trial.spanMs);
    await pruneAll(trial, ages);
    deepEqual(await linesOf(trial), kept('failed 6', 'cancelled 6'), 'it does not leave just the lines that are young enough');
  }),

  storageCase('prune keeps no more lines of an account than it may have, the newest', async (trial) => {
    const [mine, theirs] = [await trial.subscribe(), await trial.subscribe({ accountId: 'b' })];
    const ids: string[] = [];
    for (let index = 0; index < 6; index += 1) ids.push((await finish(trial, mine)).id);
    const others = [(await finish(trial, theirs)).id, (await finish(trial, theirs)).id];
    await pruneAll(trial, { maxAttemptsPerAccount: 3 });
    deepEqual(await linesOf(trial), ids.slice(-3), 'it does not leave the newest lines of an account, as many as it may have');
    deepEqual(await linesOf(trial, 'b'), others, 'lines of an account went that has no more than it may have');
  }),

  storageCase('prune goes by the ages of an account, longer or shorter ones, where the request names it', async (trial) => {
    const [plain, longer, shorter] = [
      await trial.subscribe(),
      await trial.subscribe({ accountId: 'b' }),
      await trial.subscribe({ accountId: 'c' }),
    ];
    const kept = new Map<string, string>();
    const events = new Map<string, string>();
    for (const lane of [longer, plain, shorter]) {
      for (const outcome of ['failed', 'delivered'] as const) {
        for (const spans of [25, 15, 5]) {
          const { id, eventId } = await finish(trial, lane, { outcome, agoMs: spans * trial.spanMs });
          kept.set(`${lane.accountId} ${outcome} ${spans}`, id);
          events.set(id, eventId);
        }
      }
    }
    const unheard = trial.event({ accountId: 'b', topic: 'sub_tag(99)' });
    await trial.storage.storeEvents({ ...trial.batch([]), events: [unheard] });
    const unused = await trial.subscribe({ accountId: 'b' });
    for (const { id } of [longer, unused]) await trial.storage.endSubscription('b', id, 'unsubscribed by the account');
    const ages = { deliveredAfterMs: 10 * trial.spanMs, failedAfterMs: 20 * trial.spanMs };
    const accounts = [
      apart(trial, 'b'),
      apart(trial, 'c', { deliveredAfterMs: 2 * trial.spanMs, failedAfterMs: 10 * trial.spanMs }),
      apart(trial, 'nobody', { deliveredAfterMs: 0, failedAfterMs: 0 }),
    ];
    await pruneAll(trial, { ...ages, accounts, limit: 2 });
    const ids = (...names: readonly string[]): string[] => names.map((name) => kept.get(name) ?? '').toSorted(orderTexts);
    const left = ['b failed 25', 'b failed 15', 'b failed 5', 'b delivered 25', 'b delivered 15', 'b delivered 5'];
    const sorted = async (accountId: string): Promise<string[]> => (await linesOf(trial, accountId)).toSorted(orderTexts);
    deepEqual(await sorted('b'), ids(...left), 'lines went that their account keeps for longer than others');
    deepEqual(await sorted('c'), ids('c failed 5'), 'it does not leave just the lines that an account keeps for a shorter time');
    const own = ids('a failed 15', 'a failed 5', 'a delivered 5');
    deepEqual(await sorted('a'), own, 'the ages of one account go for another');

    await trial.pass(15 * trial.spanMs);
    await pruneAll(trial, { ...ages, deliveredAfterMs: 0, failedAfterMs: 12 * trial.spanMs, accounts });
    const found = async (accountId: string): Promise<number> =>
      (await trial.storage.findEvents(accountId, [...events.values(), unheard.id])).length;
    equal(await found('b'), 7, 'events went that their account keeps for longer than others');
    deepEqual([await found('a'), await found('c')], [0, 0], 'events were kept that their account does not keep');
    const { total } = await trial.storage.listSubscriptions('b', { ...everything, which: 'ended' });
    equal(total, 2, 'a subscription went that its account keeps for longer than others');
  }),

  storageCase('prune keeps as many lines of an account as the request says of it, and of the others as of all', async (trial) => {
    const lanes = [await trial.subscribe(), await trial.subscribe({ accountId: 'b' }), await trial.subscribe({ accountId: 'c' })];
    const ids = new Map<string, string[]>();
    for (const lane of lanes) {
      const own: string[] = [];
      for (let index = 0; index < 5; index += 1) own.push((await finish(trial, lane)).id);
      ids.set(lane.accountId, own);
    }
    const accounts = [apart(trial, 'b', { maxAttemptsPerAccount: 4 }), apart(trial, 'c', { maxAttemptsPerAccount: 1 })];
    await pruneAll(trial, { maxAttemptsPerAccount: 2, accounts });
    for (const [accountId, count] of [
      ['a', 2],
      ['b', 4],
      ['c', 1],
    ] as const) {
      deepEqual(
        await linesOf(trial, accountId),
        ids.get(accountId)?.slice(-count),
        'it does not leave as many lines as the request says of the account',
      );
    }
  }),

  storageCase('prune forgets events that nothing needs, when they are older than both ages', async (trial) => {
    const lane = await trial.subscribe();
    const unheard = trial.event({ topic: 'sub_tag(99)', idempotencyKey: 'order-1' });
    const alone = { events: [unheard], deliveries: [], fence: trial.newId(), leaseMs: trial.spanMs };
    await trial.storage.storeEvents(alone);
    const sent = await finish(trial, lane);
    const [waiting, late] = [trial.batch([lane]), trial.batch([lane])];
    await trial.storage.storeEvents(waiting);
    await trial.storage.storeEvents(late);
    await trial.pass(15 * trial.spanMs);
    const young = trial.event();
    await trial.storage.storeEvents({ ...alone, events: [young] });
    const { claims } = await trial.claim();
    const lateOne = claims.find(({ id }) => id === late.deliveries[0]!.id)!;
    await trial.record(trial.outcome(lateOne, { startedAt: await trial.now() }));
    const needed = [waiting.events[0]!.id, late.events[0]!.id, young.id];
    const oneAge = { deliveredAfterMs: 5 * trial.spanMs, failedAfterMs: 20 * trial.spanMs };
    for (const ages of [oneAge, { deliveredAfterMs: oneAge.failedAfterMs, failedAfterMs: oneAge.deliveredAfterMs }]) {
      equal((await pruneAll(trial, ages)).events, 0, 'an event went that is younger than one of the ages');
    }
    const { events } = await pruneAll(trial, { ...oneAge, failedAfterMs: 10 * trial.spanMs });
    const left = await trial.storage.findEvents('a', [...needed, unheard.id, sent.eventId]);
    deepEqual(idsOf(left), needed.toSorted(), 'not just the old events that no delivery and no line needs went');
    equal(events, 2, 'it does not tell how many events it forgot');
    const again = { ...unheard, id: trial.newId() };
    deepEqual(
      await trial.storage.storeEvents({ ...alone, events: [again] }),
      [again],
      'the key of a forgotten event is still taken',
    );
  }),

  storageCase('prune never forgets an unfinished delivery, nor what it needs', async (trial) => {
    const lanes = await trial.subscribeMany(3);
    const [waiting, leased, ended] = lanes;
    const retried = await trial.claimOne(waiting!);
    await trial.record(trial.failure(retried, { retryInMs: 60 * trial.spanMs }));
    const held = await trial.claimOne(leased!);
    const ids = [retried.id, held.id, ...(await trial.deliver(...lanes))];
    await trial.storage.endSubscription('a', ended!.id, 'unsubscribed by the account');
    await trial.pass(100 * trial.spanMs);
    await pruneAll(trial, { deliveredAfterMs: 0, failedAfterMs: 0, maxAttemptsPerAccount: 0 });
    const { claims, events, subscriptions } = await trial.claim();
    deepEqual(idsOf(claims), ids.toSorted(), 'an unfinished delivery was forgotten');
    equal(events.length, claims.length, 'the event of an unfinished delivery was forgotten');
    equal(subscriptions.length, lanes.length, 'the subscription of an unfinished delivery was forgotten');
  }),

  storageCase(
    'prune forgets unsubscribed subscriptions that nothing refers to, when they ended before both ages',
    async (trial) => {
      const [living, ended, referred, late] = await trial.subscribeMany(4);
      await trial.deliver(referred!);
      for (const { id } of [ended!, referred!]) await trial.storage.endSubscription('a', id, 'unsubscribed by the account');
      await trial.pass(15 * trial.spanMs);
      await trial.storage.endSubscription('a', late!.id, 'unsubscribed by the account');
      const ages = { deliveredAfterMs: 1, failedAfterMs: 10 * trial.spanMs };
      equal((await pruneAll(trial, ages)).subscriptions, 1, 'not just the one that ended long ago, and that nothing needs, went');
      const { claims, subscriptions } = await trial.claim();
      deepEqual(idsOf(subscriptions), [referred!.id], 'a subscription went that a delivery needs');
      await trial.record(trial.outcome(claims[0]!, { outcome: 'cancelled', startedAt: await trial.now() }));
      equal((await pruneAll(trial, ages)).subscriptions, 0, 'a subscription went that a line of the log needs');
      await trial.pass(15 * trial.spanMs);
      equal((await pruneAll(trial, ages)).subscriptions, 2, 'what nothing needs any more was kept');
      deepEqual(idsOf(await trial.storage.findSubscriptions([living!])), [living!.id], 'a living subscription went');
    },
  ),

  storageCase('prune forgets no more rows of a kind in a call than it may, and goes on with the next', async (trial) => {
    const lane = await trial.subscribe();
    for (let index = 0; index < 7; index += 1) await finish(trial, lane, { outcome: index % 2 === 0 ? 'delivered' : 'failed' });
    const ended = await trial.subscribeMany(3);
    for (const { id } of ended) await trial.storage.endSubscription('a', id, 'unsubscribed by the account');
    await trial.pass();
    const excess = await pruneAll(trial, { maxAttemptsPerAccount: 4, accounts: [], limit: 2 });
    deepEqual(excess, { attempts: 3, events: 0, subscriptions: 0 }, 'not just the lines that are too many went');
    const went = await pruneAll(trial, { deliveredAfterMs: 0, failedAfterMs: 0, limit: 2 });
    deepEqual(went, { attempts: 4, events: 7, subscriptions: 3 }, 'it ended before everything was forgotten');
  }),
];
