import test from 'ava';
import { Alarm } from '../../src/deliver/alarm.ts';

const pollEveryMs = 20;

/** Sleeps again after each ring, and answers the pauses before so many of them, in milliseconds. */
async function pausesOf(rings: number, onRing: (alarm: Alarm, ring: number) => void): Promise<readonly number[]> {
  const times: number[] = [performance.now()];
  const { promise: rung, resolve } = Promise.withResolvers<void>();
  const alarm = new Alarm({
    monotonicNow: () => performance.now(),
    pollEveryMs,
    ring() {
      times.push(performance.now());
      if (times.length > rings) return resolve();
      onRing(alarm, times.length - 1);
      alarm.sleep();
    },
  });
  const awake = setInterval(() => undefined, 1_000);
  alarm.sleep();
  await rung;
  clearInterval(awake);
  return times.slice(1).map((time, index) => time - times[index]!);
}

test('it rings for nothing six times, and then half as often', async (t) => {
  const pauses = await pausesOf(9, () => undefined);
  t.true(Math.min(...pauses.slice(6)) >= 2 * pollEveryMs - 1, pauses.join(', '));
  t.true(Math.min(...pauses.slice(0, 6)) < 2 * pollEveryMs - 1, pauses.join(', '));
});

test('it rings as often as ever once something has stirred', async (t) => {
  const pauses = await pausesOf(12, (alarm, ring) => {
    if (ring === 8) alarm.stir();
  });
  t.true(Math.min(...pauses.slice(8)) < 2 * pollEveryMs - 1, pauses.join(', '));
});
