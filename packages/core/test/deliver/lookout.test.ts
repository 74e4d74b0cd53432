import test from 'ava';
import { Lookout } from '../../src/deliver/lookout.ts';

/** A lookout, and the times of its looks, in milliseconds since it was made. */
function watch() {
  const began = performance.now();
  const looks: number[] = [];
  const waiting = new Set<() => void>();
  const monotonicNow = (): number => performance.now() - began;
  const lookout = new Lookout(() => {
    looks.push(monotonicNow());
    for (const look of waiting) look();
  }, monotonicNow);
  const until = async (count: number): Promise<void> => {
    // Its timers keep no process alive.
    const awake = setInterval(() => undefined, 1_000);
    await new Promise<void>((resolve) => {
      waiting.add(() => {
        if (looks.length >= count) resolve();
      });
    });
    clearInterval(awake);
  };
  return { lookout, looks, until, monotonicNow };
}

test('it looks at growing intervals', async (t) => {
  const { lookout, looks, until } = watch();
  lookout.begin(true);
  await until(5);
  lookout.stop();
  const pauses = looks.slice(1).map((time, index) => time - looks[index]!);
  t.true(
    pauses.every((pauseMs, index) => pauseMs >= [10, 30, 100, 300][index]! - 1),
    pauses.join(', '),
  );
});

test('it begins anew with each transaction, whatever it waits for', async (t) => {
  const { lookout, looks, until, monotonicNow } = watch();
  lookout.begin(true);
  await until(4);
  // The next look would be in 300 milliseconds.
  const beganAt = monotonicNow();
  await new Promise((resolve) => {
    setTimeout(resolve, 30);
  });
  lookout.begin(true);
  await until(5);
  lookout.stop();
  t.true((looks[4] ?? Number.NaN) - beganAt < 250, looks.join(', '));
});

test('where transactions follow each other, a look is for several of them', async (t) => {
  const { lookout, looks, monotonicNow } = watch();
  let transactions = 0;
  while (monotonicNow() < 200) {
    lookout.begin(true);
    transactions += 1;
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
  lookout.stop();
  t.true(looks.length <= 200 / 10 + 2, `${looks.length} looks for ${transactions} transactions`);
  t.true(looks.length >= 2, `${looks.length} looks`);
});

test('once it is stopped it looks no more, and says whether it would have', async (t) => {
  const { lookout, looks } = watch();
  lookout.begin(true);
  t.true(lookout.stop());
  lookout.begin(true);
  await new Promise((resolve) => {
    setTimeout(resolve, 30);
  });
  t.deepEqual(looks, []);
  t.false(watch().lookout.stop());
});
