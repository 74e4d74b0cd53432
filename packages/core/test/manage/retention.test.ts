import test from 'ava';
import { Retention, type RetentionContext } from '../../src/manage/retention.ts';
import { notices } from '../../src/notices.ts';
import type { ExpireRequest, PruneRequest, PruneResult } from '../../src/model/retention.ts';

const everyMs = 20;
const nothing: PruneResult = { attempts: 0, events: 0, subscriptions: 0 };

/** Looks so often that all of them are seen, and answers the pauses between them, in milliseconds. */
async function pausesOf(looks: number, found: (look: number) => PruneResult): Promise<readonly number[]> {
  const times: number[] = [performance.now()];
  const { promise: seen, resolve } = Promise.withResolvers<void>();
  const retention = new Retention({
    policy: { deliveredMs: 0, failedMs: 0, maxAttemptsPerAccount: 0, everyMs },
    held: { maxPerLane: 1, maxAgeMs: 1 },
    storage: {
      cutClosedLanes: async () => ({ cuts: [], cursor: null }),
      async prune() {
        times.push(performance.now());
        if (times.length > looks) resolve();
        return found(times.length - 1);
      },
      expireBodies: async () => ({ answers: 0, records: 0 }),
    },
    accounts: async () => [],
    slackMs: 0,
    notices: notices(),
    now: Date.now,
    monotonicNow: () => performance.now(),
  });
  const awake = setInterval(() => undefined, 1_000);
  retention.run();
  await seen;
  await retention.stop();
  clearInterval(awake);
  return times.slice(1).map((time, index) => time - times[index]!);
}

/** Timers may be a millisecond early, and late by any time. */
const atLeast = (pauses: readonly number[], factors: readonly number[]): boolean =>
  factors.every((factor, index) => (pauses[index] ?? 0) >= factor * everyMs - 1);

test('looks become rarer as long as there is nothing to forget, down to a tenth', async (t) => {
  const pauses = await pausesOf(6, () => nothing);
  t.true(atLeast(pauses, [1, 2, 4, 8, 10, 10]), pauses.join(', '));
});

test('as soon as something was forgotten, looks are as frequent as asked for', async (t) => {
  const pauses = await pausesOf(6, (look) => (look === 4 ? { ...nothing, attempts: 1 } : nothing));
  t.true(atLeast(pauses, [1, 2, 4, 8, 0, 1]), pauses.join(', '));
  t.true((pauses[5] ?? 0) < 8 * everyMs, pauses.join(', '));
});

/** Runs retention until it is stopped, on a monotonic clock that goes on by what each call of prune takes. */
function begun(given: {
  readonly prune: (request: PruneRequest, looks: number) => Promise<PruneResult>;
  readonly accounts?: RetentionContext['accounts'];
  readonly policy?: Partial<RetentionContext['policy']>;
  readonly expire?: (request: ExpireRequest) => void;
  readonly monotonicNow?: () => number;
  readonly report?: (error: unknown) => void;
}) {
  let looks = 0;
  const told = notices();
  told.events.on('error', (error) => given.report?.(error));
  return new Retention({
    policy: { deliveredMs: 5, failedMs: 7, maxAttemptsPerAccount: 9, everyMs, ...given.policy },
    accounts: given.accounts ?? (async () => []),
    slackMs: 1_000,
    held: { maxPerLane: 1, maxAgeMs: 1 },
    storage: {
      cutClosedLanes: async () => ({ cuts: [], cursor: null }),
      prune: async (request) => given.prune(request, (looks += 1)),
      async expireBodies(request) {
        given.expire?.(request);
        return { answers: 0, records: 0 };
      },
    },
    notices: told,
    now: Date.now,
    monotonicNow: given.monotonicNow ?? (() => performance.now()),
  });
}

test('beside live traffic it rests for forty-nine times as long as a call took, and not when it is waited for', async (t) => {
  let clock = 0;
  const times: number[] = [];
  const prune = async (_: PruneRequest, looks: number): Promise<PruneResult> => {
    times.push(performance.now());
    clock += 10;
    return looks % 3 === 0 ? nothing : { ...nothing, attempts: 1 };
  };
  const retention = begun({ prune, monotonicNow: () => clock });
  const began = performance.now();
  await retention.catchUp();
  t.is(times.length, 3);
  const waitedFor = performance.now() - began;
  const awake = setInterval(() => undefined, 1_000);
  retention.run();
  while (times.length < 6) await new Promise((resolve) => setTimeout(resolve, 5));
  await retention.stop();
  clearInterval(awake);
  const rests = [times[4]! - times[3]!, times[5]! - times[4]!];
  t.true(
    rests.every((ms) => ms >= 489),
    `${rests.join(', ')}; without rests ${waitedFor}`,
  );
});

test('once it has been at it for five minutes, calls are larger, and it rests for four times as long as one took', async (t) => {
  let clock = 0;
  const times: number[] = [];
  const limits: number[] = [];
  const prune = async ({ limit }: PruneRequest): Promise<PruneResult> => {
    limits.push(limit);
    times.push(performance.now());
    clock += times.length === 1 ? 300_000 : 25;
    return times.length < 5 ? { ...nothing, attempts: 1 } : nothing;
  };
  const retention = begun({ prune, monotonicNow: () => clock });
  const awake = setInterval(() => undefined, 1_000);
  retention.run();
  while (times.length < 5) await new Promise((resolve) => setTimeout(resolve, 5));
  await retention.stop();
  clearInterval(awake);
  const rests = [2, 3, 4].map((call) => times[call]! - times[call - 1]!);
  t.true(
    rests.every((ms) => ms >= 99),
    rests.join(', '),
  );
  t.true(Math.min(...rests) < 400, rests.join(', '));
  t.deepEqual(limits, [100, 1_000, 1_000, 1_000, 1_000]);
});

test('stop does not wait for a rest to be over', async (t) => {
  let clock = 0;
  const { promise: pruned, resolve } = Promise.withResolvers<void>();
  const retention = begun({
    async prune() {
      clock += 1_000_000;
      resolve();
      return { ...nothing, attempts: 1 };
    },
    monotonicNow: () => clock,
  });
  const awake = setInterval(() => undefined, 1_000);
  retention.run();
  await pruned;
  await new Promise(setImmediate);
  const began = performance.now();
  await retention.stop();
  clearInterval(awake);
  t.true(performance.now() - began < 900);
});

test('accounts with ages of their own are asked for once for each look, and nothing is forgotten when they are unknown', async (t) => {
  const account = { accountId: 'b', deliveredAfterMs: 1, failedAfterMs: 2, maxAttemptsPerAccount: 3 };
  const requests: PruneRequest[] = [];
  const errors: unknown[] = [];
  let asked = 0;
  const retention = begun({
    async prune(request, looks) {
      requests.push(request);
      return looks === 1 ? { ...nothing, attempts: 1 } : nothing;
    },
    async accounts() {
      asked += 1;
      if (asked > 1) throw new Error('the plans are not there');
      return [account];
    },
    policy: { everyMs: 0 },
    report: (error) => errors.push(error),
  });
  await retention.catchUp();
  t.deepEqual([asked, requests.length], [1, 2]);
  t.deepEqual(
    requests.map(({ accounts }) => accounts),
    [[account], [account]],
  );
  await retention.catchUp();
  t.deepEqual([asked, requests.length, errors.length], [2, 2, 1]);
});

test('bodies are asked to expire only where a policy says when, and a lease later than it says', async (t) => {
  const requests: ExpireRequest[] = [];
  const run = async (policy: Partial<RetentionContext['policy']>): Promise<void> =>
    begun({ prune: async () => nothing, policy, expire: (request) => requests.push(request) }).catchUp();
  await run({});
  t.deepEqual(requests, []);
  await run({ answersMs: 5_000 });
  await run({ recordsMs: 0 });
  t.deepEqual(requests, [
    { answersAfterMs: 6_000, recordsAfterMs: null, limit: 1_000 },
    { answersAfterMs: null, recordsAfterMs: 1_000, limit: 1_000 },
  ]);
});
