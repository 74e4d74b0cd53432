// One process that measures: its arguments are what, and how many rounds at the most. It prints the smallest difference that
// it found as JSON. Another process has compiled the code in another way, which alone makes nanoseconds of difference.

import { apiKeys, type ApiKeys } from '@hookwell/core';
import { memoryStorage } from '@hookwell/adapters/memory';
import { compareKeys } from '../../packages/core/src/manage/compare-keys.ts';
import type { StoredKey } from '../../packages/core/src/model/stored-key.ts';
import type { Difference, Measured } from './keys-timing.test.ts';

/** How many of each kind are measured. */
const samples = 100_000;
/** Above it a difference counts as one, as those who look for leaks in ciphers have it. */
const difference = 4.5;

type Timed = () => unknown;

/** Measures two calls in a random order, `samples` times each, in nanoseconds. */
async function measure(calls: readonly [Timed, Timed]): Promise<readonly [Float64Array, Float64Array]> {
  const times = [new Float64Array(samples), new Float64Array(samples)] as const;
  const counts: [number, number] = [0, 0];
  while (counts[0] < samples || counts[1] < samples) {
    const which = counts[0] === samples ? 1 : counts[1] === samples ? 0 : Math.random() < 0.5 ? 0 : 1;
    const call = calls[which];
    const began = process.hrtime.bigint();
    await call();
    times[which][counts[which]] = Number(process.hrtime.bigint() - began);
    counts[which] += 1;
  }
  return times;
}

/**
 * Welch's t of two kinds of measurements, without the slowest tenth of all, in which the machine did something else: a
 * collection of garbage in one of them would hide what is to be found.
 */
function welch([one, two]: readonly [Float64Array, Float64Array]): Difference {
  const all = Float64Array.from([...one, ...two]).toSorted();
  const limit = all[Math.floor(all.length * 0.9)] ?? Number.POSITIVE_INFINITY;
  const moments = [one, two].map((times) => {
    const kept = times.filter((time) => time <= limit);
    const mean = kept.reduce((sum, time) => sum + time, 0) / kept.length;
    const variance = kept.reduce((sum, time) => sum + (time - mean) ** 2, 0) / (kept.length - 1);
    return { mean, ofMean: variance / kept.length };
  });
  const [a, b] = moments as [(typeof moments)[number], (typeof moments)[number]];
  return { t: (a.mean - b.mean) / Math.sqrt(a.ofMean + b.ofMean), ns: a.mean - b.mean };
}

async function keyOf(): Promise<{ readonly keys: ApiKeys; readonly appId: string; readonly stored: readonly StoredKey[] }> {
  const storage = memoryStorage();
  await storage.start({ now: Date.now });
  const keys = apiKeys({ storage });
  const { appId } = await keys.create({ accountId: 7 });
  for (let count = 0; count < 1_000; count += 1) await keys.create({ accountId: count });
  return { keys, appId, stored: await storage.findKeys([appId]) };
}

const wrong = `hwk_${'A'.repeat(43)}`;
const [what, rounds] = process.argv.slice(2) as [Measured, string];
const { keys, appId, stored } = await keyOf();
const unknown = `app_${'B'.repeat(appId.length - 4)}`;
const hasty = (found: readonly StoredKey[]): StoredKey | null => (found.length === 0 ? null : compareKeys(wrong, found));
const calls: Readonly<Record<Measured, readonly [Timed, Timed]>> = {
  compare: [() => compareKeys(wrong, stored), () => compareKeys(wrong, [])],
  authenticate: [
    async () => keys.authenticate({ appId, apiKey: wrong }),
    async () => keys.authenticate({ appId: unknown, apiKey: wrong }),
  ],
  hasty: [() => hasty(stored), () => hasty([])],
};
await measure(calls[what]);
let least: Difference = { t: Number.POSITIVE_INFINITY, ns: Number.POSITIVE_INFINITY };
for (let round = 0; round < Number(rounds) && Math.abs(least.t) > difference; round += 1) {
  const found = welch(await measure(calls[what]));
  if (Math.abs(found.t) < Math.abs(least.t)) least = found;
}
process.stdout.write(JSON.stringify(least));
