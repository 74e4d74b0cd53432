import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';

/** What two calls differ by: Welch's t of 100,000 samples of each, and the difference of their means. */
export interface Difference {
  readonly t: number;
  readonly ns: number;
}

/** Comparing keys by itself, all of `authenticate`, and a comparison that looks no further where there is nothing. */
export type Measured = 'compare' | 'authenticate' | 'hasty';

/** Above it a difference counts as one, as those who look for leaks in ciphers have it. */
const difference = 4.5;
/** What nobody can tell over a network: a thousand times less than one that is on the same machine takes. */
const unnoticedNs = 500;
/** Processes, and rounds in each: what is a leak is there in all of them, and what is not was the machine or the compiler. */
const most = { processes: 4, rounds: 5 };

const program = fileURLToPath(new URL('keys-timing-process.ts', import.meta.url));

async function measure(t: ExecutionContext, what: Measured, isEnough: (found: Difference) => boolean): Promise<Difference> {
  let least: Difference = { t: Number.POSITIVE_INFINITY, ns: Number.POSITIVE_INFINITY };
  for (let turn = 0; turn < most.processes && !isEnough(least); turn += 1) {
    const { stdout } = await promisify(execFile)(process.execPath, ['--conditions=source', program, what, String(most.rounds)]);
    const found = JSON.parse(stdout) as Difference;
    t.log(`${found.ns.toFixed(1)} ns, t = ${found.t.toFixed(2)}`);
    if (Math.abs(found.t) < Math.abs(least.t)) least = found;
  }
  return least;
}

test.serial('to compare a wrong key takes as long whether the App ID is known or not', async (t) => {
  const least = await measure(t, 'compare', (found) => Math.abs(found.t) < difference);
  t.true(Math.abs(least.t) < difference, `t = ${least.t}`);
});

test.serial('a wrong key of a known App ID is refused as quickly as one of an App ID that there is not', async (t) => {
  const least = await measure(t, 'authenticate', (found) => Math.abs(found.ns) < unnoticedNs);
  // To find something takes longer than to find nothing, whatever is done with it.
  t.true(Math.abs(least.ns) < unnoticedNs, `${least.ns} ns`);
});

test.serial('and one that looks no further where there is nothing would be found out', async (t) => {
  const least = await measure(t, 'hasty', (found) => Math.abs(found.t) < difference);
  t.true(Math.abs(least.t) > 10 * difference && least.ns > unnoticedNs, `${least.ns} ns, t = ${least.t}`);
});
