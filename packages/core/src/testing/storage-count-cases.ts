import { deepEqual } from 'node:assert/strict';
import { durationBoundsMs, sumAttempts, type AttemptCountQuery } from '../model/counts.ts';
import type { Outcome } from '../model/outcome.ts';
import type { Subscription } from '../model/subscription.ts';
import { everything, idsOf, refusal, storageCase } from './storage-checks.ts';
import type { StorageTrial } from './storage-trial.ts';

/** When the lines of these cases begin to be counted; no multiple of the length of a span. */
const from = 1_700_000_000_123;
const everyMs = 60_000;
const question: AttemptCountQuery = { from, until: from + 3 * everyMs, everyMs, subscriptionId: null };

/** Writes a line for each of these outcomes, of deliveries of their own. */
async function log(trial: StorageTrial, lane: Subscription, ...given: readonly Partial<Outcome>[]): Promise<void> {
  await trial.deliver(...given.map(() => lane));
  const { claims } = await trial.claim({ perLane: 0, lanes: new Map([[lane.id, given.length]]) });
  await trial.record(...claims.map((claim, index) => trial.outcome(claim, { retryInMs: 1_000 * trial.spanMs, ...given[index] })));
}

/** The promises about counts. */
export const storageCountCases = [
  storageCase(
    'countDeliveries answers how many are unfinished of each subscription, and since when the oldest waits',
    async (trial) => {
      const { storage } = trial;
      const [busy, quiet, ended] = await trial.subscribeMany(3);
      const other = await trial.subscribe({ accountId: 'b' });
      deepEqual(await storage.countDeliveries('a', 10), [], 'something is said to wait where nothing does');
      const first = await trial.claimOne(busy!);
      const since = await trial.now();
      await trial.pass(5 * trial.spanMs);
      const retried = await trial.claimOne(busy!);
      await trial.claimOne(quiet!);
      await trial.deliver(ended!, other, busy!);
      await storage.endSubscription('a', ended!.id, 'unsubscribed by the account');
      await trial.record(trial.failure(retried));
      const counts = await storage.countDeliveries('a', 10);
      deepEqual(
        counts.map(({ subscriptionId, waiting }) => [subscriptionId, waiting]),
        [
          [busy!.id, 3],
          [quiet!.id, 1],
          [ended!.id, 1],
        ],
        'it does not count what waits, is to be tried again or is being sent, by the ids of subscriptions',
      );
      trial.sameTime(counts[0]?.oldestCreatedAt, since, 'it does not tell since when the oldest waits');
      trial.sameTime(counts[1]?.oldestCreatedAt, since + 5 * trial.spanMs, 'it does not tell since when the oldest waits');
      await trial.pass(2 * trial.spanMs);
      const again = (await trial.claim()).claims.find(({ id }) => id === first.id);
      await trial.record(trial.outcome(again!));
      const [left] = await storage.countDeliveries('a', 10);
      trial.sameTime(left?.oldestCreatedAt, since + 5 * trial.spanMs, 'a delivery that is finished still counts');
    },
  ),

  storageCase('countDeliveries counts no more than it is asked for of each subscription', async (trial) => {
    const [busy, quiet] = await trial.subscribeMany(2);
    await trial.deliver(busy!, busy!, busy!, quiet!);
    const counts = await trial.storage.countDeliveries('a', 2);
    deepEqual(
      counts.map(({ subscriptionId, waiting }) => [subscriptionId, waiting]),
      [
        [busy!.id, 2],
        [quiet!.id, 1],
      ],
      'it counts on where it was told to stop',
    );
  }),

  storageCase('countAttempts answers how many lines began in each span, by outcome and duration', async (trial) => {
    const lane = await trial.subscribe();
    const last = question.until - 1;
    await log(
      trial,
      lane,
      { startedAt: from - 1 },
      { startedAt: from, durationMs: 0 },
      { startedAt: from + everyMs - 1, durationMs: 10 },
      { startedAt: from + everyMs - 1, durationMs: 11 },
      { startedAt: from + 2 * everyMs, durationMs: 10_000, outcome: 'retry' },
      { startedAt: last, durationMs: 10_001, outcome: 'retry' },
      { startedAt: last, durationMs: 10_001, outcome: 'failed', retryInMs: null },
      { startedAt: last, durationMs: 1, outcome: 'cancelled', retryInMs: null, number: 0 },
      { startedAt: last, durationMs: 86_400_000, outcome: 'retry' },
      { startedAt: question.until },
    );
    const expected = [
      { at: from, outcome: 'delivered', durationClass: 0, count: 2 },
      { at: from, outcome: 'delivered', durationClass: 1, count: 1 },
      { at: from + 2 * everyMs, outcome: 'cancelled', durationClass: 0, count: 1 },
      { at: from + 2 * everyMs, outcome: 'failed', durationClass: durationBoundsMs.length, count: 1 },
      { at: from + 2 * everyMs, outcome: 'retry', durationClass: durationBoundsMs.length - 1, count: 1 },
      { at: from + 2 * everyMs, outcome: 'retry', durationClass: durationBoundsMs.length, count: 2 },
    ];
    deepEqual(await trial.storage.countAttempts('a', question), expected, 'lines are not counted by span, outcome and duration');
  }),

  storageCase('countAttempts puts every duration into its class, and every time into its span', async (trial) => {
    const lane = await trial.subscribe();
    const durations = durationBoundsMs.flatMap((bound) => [bound - 1, bound, bound + 1]);
    await log(trial, lane, ...durations.map((durationMs, index) => ({ durationMs, startedAt: from + index * 7_001 })));
    const { rows } = await trial.storage.listAttempts('a', everything);
    for (const every of [1, 7_001, 50_000, 2 ** 40]) {
      const query = { ...question, from: from - 5, until: from + 1_000_000, everyMs: every };
      deepEqual(
        await trial.storage.countAttempts('a', query),
        sumAttempts(rows, query),
        `it counts wrongly in spans of ${every} ms`,
      );
    }
  }),

  storageCase('countAttempts counts an account’s own lines, of one subscription where it is asked for one', async (trial) => {
    const { storage } = trial;
    const [one, other] = await trial.subscribeMany(2);
    const foreign = await trial.subscribe({ accountId: 'b' });
    for (const [index, lane] of [one!, other!, foreign].entries()) {
      await log(trial, lane, ...Array.from({ length: index + 1 }, () => ({ startedAt: from, durationMs: 10 })));
    }
    const count = async (accountId: string, subscriptionId: number | null): Promise<number[]> =>
      (await storage.countAttempts(accountId, { ...question, subscriptionId })).map((row) => row.count);
    deepEqual(await count('a', null), [3], 'it does not count just the lines of the account');
    deepEqual(await count('a', other!.id), [2], 'it does not count just the lines of the subscription');
    deepEqual(await count('a', foreign.id), [], 'an account counts lines of another');
    deepEqual(await count('c', null), [], 'an account without lines counts some');
  }),

  storageCase('countAttempts refuses a question that no storage can answer, as invalid', async ({ storage }) => {
    for (const wrong of [
      { everyMs: 0 },
      { everyMs: -1 },
      { everyMs: 0.5 },
      { from: Number.NaN },
      { until: 1.5 },
      { subscriptionId: 0.5 },
    ]) {
      const asked = JSON.stringify(wrong);
      await refusal(async () => storage.countAttempts('a', { ...question, ...wrong }), 'invalid_query', `it took ${asked}`);
    }
    const reversed = { ...question, from: question.until, until: question.from };
    deepEqual(await storage.countAttempts('a', reversed), [], 'it counts lines before they could begin');
  }),

  storageCase('listAttempts finds lines by their answers, and by the records of their events', async (trial) => {
    const { storage } = trial;
    const [lane, foreign] = [await trial.subscribe(), await trial.subscribe({ accountId: 'b' })];
    const names = ['Zoë 😀', 'O’Brien "x"', 'zoe'];
    const batches = [lane, foreign].map((one) => trial.batch(names.map(() => one)));
    for (const batch of batches) {
      for (const [index, event] of batch.events.entries()) {
        Object.assign(event, { record: { id: index, name: names[index]!, note: 'n'.repeat(5_000) } });
      }
      await storage.storeEvents(batch);
    }
    const { claims } = await trial.claim();
    await trial.record(
      ...claims.map((claim, index) => trial.outcome(claim, { answer: `{"error":"${index % 2 === 0 ? 'Quota' : 'É'}"}` })),
    );
    const found = async (field: 'answer' | 'record', value: string): Promise<number> => {
      const where = { kind: 'compare', field, operator: 'LIKE', value } as const;
      const { rows, total } = await storage.listAttempts('a', { ...everything, where });
      deepEqual(idsOf(rows.filter(({ accountId }) => accountId !== 'a')), [], 'an account finds lines of another');
      return total;
    };
    deepEqual(
      [await found('answer', '%quota%'), await found('answer', '%é%'), await found('answer', 'quota')],
      [claims.filter(({ accountId }, index) => accountId === 'a' && index % 2 === 0).length, 0, 0],
      'lines are not found by what is in their answers',
    );
    deepEqual(
      [await found('record', '%zoë%'), await found('record', '%"NAME":"zo_%'), await found('record', String.raw`%o’brien \"%`)],
      [1, 2, 1],
      'lines are not found by what is in the records of their events',
    );
    for (const field of ['answer', 'record'] as const) {
      const sort = { field, direction: 'asc' } as const;
      await refusal(async () => storage.listAttempts('a', { ...everything, sort }), 'invalid_query', `it sorted by ${field}`);
    }
  }),
];
