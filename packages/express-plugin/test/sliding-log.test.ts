import test from 'ava';
import { slidingLog } from '../src/contract/sliding-log.ts';
import type { Budget } from '../src/index.ts';
import { rateLimitCases } from './rate-limit-cases.ts';

const limit = { limit: 3, windowMs: 60_000 };

function moved(maxKeys = 10) {
  const clock = { now: 5_000 };
  const log = slidingLog({ monotonicNow: () => clock.now, maxKeys });
  return { clock, log, take: (key = 'a') => log.take(key, limit) as Budget };
}

for (const { name, run } of rateLimitCases) {
  test(name, async (t) => {
    const { clock, log } = moved();
    await run(t, { store: log, move: (ms) => void (clock.now += ms) });
  });
}

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
