import test from 'ava';
import { slidingLog } from '../src/contract/sliding-log.ts';
import type { Budget } from '../src/index.ts';

const limit = { limit: 3, windowMs: 60_000 };

function moved(maxKeys = 10) {
  const clock = { now: 5_000 };
  const log = slidingLog({ monotonicNow: () => clock.now, maxKeys });
  return { clock, log, take: (key = 'a') => log.take(key, limit) as Budget };
}

test('the window rolls: no stretch of its length has more than the limit', (t) => {
  const { clock, take } = moved();
  const counted: number[] = [];
  // Every 7 seconds, over ten windows: a fixed window would let the double through around its end.
  for (; clock.now < 605_000; clock.now += 7_000) if (take().counted) counted.push(clock.now);
  for (const from of counted) t.true(counted.filter((at) => at >= from && at < from + 60_000).length <= 3, String(from));
  t.true(counted.length >= 27, `${counted.length} of 30 possible`);
});

test('what is left, and when there is room for one more', (t) => {
  const { clock, take } = moved();
  t.deepEqual(take(), { counted: true, remaining: 2, resetMs: 60_000 });
  clock.now += 10_000;
  t.deepEqual(take(), { counted: true, remaining: 1, resetMs: 50_000 });
  clock.now += 10_000;
  t.deepEqual(take(), { counted: true, remaining: 0, resetMs: 40_000 });
  t.deepEqual(take(), { counted: false, remaining: 0, resetMs: 40_000 });
  clock.now += 39_999;
  t.deepEqual(take(), { counted: false, remaining: 0, resetMs: 1 });
  clock.now += 1;
  t.deepEqual(take(), { counted: true, remaining: 0, resetMs: 10_000 });
});

test('refused requests make no later one wait', (t) => {
  const { clock, take } = moved();
  for (let n = 0; n < 3; n += 1) take();
  for (let n = 0; n < 59; n += 1) {
    clock.now += 1_000;
    t.false(take().counted);
  }
  clock.now += 1_000;
  t.true(take().counted);
});

test('fractions of a millisecond make nobody wait longer than told', (t) => {
  const { clock, take } = moved();
  for (const start of [5_000.1, 1e9 + 0.7, 2 ** 40 + 0.3]) {
    clock.now = start;
    while (take().counted);
    const { resetMs } = take();
    t.true(Number.isInteger(resetMs));
    clock.now += resetMs;
    t.true(take().counted, String(start));
    clock.now += 1e7;
  }
});

test('keys do not touch each other', (t) => {
  const { take } = moved();
  for (let n = 0; n < 4; n += 1) take('a');
  t.deepEqual(take('b'), { counted: true, remaining: 2, resetMs: 60_000 });
});

test('giving back makes room for one more; of nothing there is nothing to give back', async (t) => {
  const { log, take } = moved();
  await log.giveBack('a');
  for (let n = 0; n < 3; n += 1) take();
  t.false(take().counted);
  await log.giveBack('a');
  t.true(take().counted);
  t.false(take().counted);
});

test('a key is forgotten a window after its last request, and keys beyond the bound share one budget', (t) => {
  const { clock, take } = moved(2);
  for (let n = 0; n < 3; n += 1) t.true(take('a').counted);
  t.true(take('b').counted);
  t.true(take('c').counted);
  t.true(take('d').counted);
  t.true(take('e').counted);
  t.false(take('f').counted, 'c, d and e have used up what all beyond the bound share');
  t.true(take('b').counted, 'those within it have their own');
  clock.now += 60_000;
  t.deepEqual(take('f'), { counted: true, remaining: 2, resetMs: 60_000 });
  t.deepEqual(take('g'), { counted: true, remaining: 2, resetMs: 60_000 });
});
