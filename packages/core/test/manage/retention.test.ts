import test from 'ava';
import { Retention } from '../../src/manage/retention.ts';
import { notices } from '../../src/notices.ts';
import type { PruneResult } from '../../src/storage-adapter.ts';

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
    },
    notices: notices(),
    now: Date.now,
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
