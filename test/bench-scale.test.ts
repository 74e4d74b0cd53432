import test from 'ava';
import { sizesOf, type ScaleResult } from '../bench/src/scale/bench.ts';
import { figuresOf, rateOfFirst, runRounds, type Run } from '../bench/src/scale/growth.ts';
import { runBench } from './bench-program.ts';

function runOf(deliveriesPerSecond: number, cpuMicros: number): Run {
  return { deliveriesPerSecond, cpuMicros, firstMs: 0 };
}

test('a size is compared with the smallest one of the same round', (t) => {
  const rounds = [
    new Map([
      [100, runOf(1_000, 50)],
      [1_000, runOf(900, 60)],
    ]),
    new Map([
      [100, runOf(500, 100)],
      [1_000, runOf(400, 130)],
    ]),
    new Map([
      [100, runOf(800, 80)],
      [1_000, runOf(1_600, 80)],
    ]),
  ];
  const { ratio, cpuRatio, deliveriesPerSecond } = figuresOf(1_000, 100, rounds);
  t.deepEqual(ratio, { median: 0.9, min: 0.8, max: 2 });
  t.deepEqual(cpuRatio, { median: 1.2, min: 1, max: 1.3 });
  t.deepEqual(deliveriesPerSecond, { median: 900, min: 400, max: 1_600 });
});

test('rounds run every size in changing order, and the first one does not count', async (t) => {
  const order: number[] = [];
  const figures = await runRounds([1, 2, 3], 2, async (size) => {
    order.push(size);
    return runOf(size * 10 + order.length, 1);
  });
  t.deepEqual(order, [1, 2, 3, 2, 3, 1, 3, 1, 2]);
  t.deepEqual(
    figures.map(({ deliveriesPerSecond }) => [deliveriesPerSecond.min, deliveriesPerSecond.max]),
    [
      [16, 18],
      [24, 29],
      [35, 37],
    ],
  );
});

test('the beginning of a backlog is timed from its first arrival to that of the last one timed', (t) => {
  t.is(rateOfFirst([130, 100, 110, 120, 900], 4), 100);
  t.is(rateOfFirst([100], 4), 0);
  t.is(rateOfFirst([], 4), 0);
});

test('without --full a bench of three minutes, with it as much as was promised', (t) => {
  const usual = sizesOf({ full: false, quick: false });
  t.deepEqual([usual.subscriptions.at(-1), usual.backlog.at(-1), usual.history.at(-1)], [100_000, 100_000, 100_000]);
  const full = sizesOf({ full: true, quick: false });
  t.deepEqual([full.subscriptions[0], full.backlog.at(-1), full.history.at(-1)], [100, 1_000_000, 10_000_000]);
});

test('bench:scale delivers beside few and many subscriptions and from short and long backlogs, and loses nothing', async (t) => {
  t.timeout(120_000);
  const only = ['--only', 'subscriptions,backlog', '--storages', 'memory', '--events', '50'];
  const { code, stdout, stderr } = await runBench('scale', ...only, '--quick', '--json');
  t.is(code, 0, stderr);
  const { subscriptions, backlog, history } = JSON.parse(stdout) as ScaleResult;
  t.deepEqual(history, []);
  for (const [[growth], sizes] of [
    [subscriptions, [100, 1_000]],
    [backlog, [1_000, 2_000]],
  ] as const) {
    t.deepEqual(
      growth?.sizes.map(({ size }) => size),
      sizes,
    );
    t.deepEqual([growth?.missing, growth?.repeated], [0, 0]);
    for (const { deliveriesPerSecond, cpuMicros } of growth?.sizes ?? []) {
      t.true(deliveriesPerSecond.median > 0 && cpuMicros.median > 0);
    }
    t.is(growth?.sizes[0]?.ratio.median, 1);
  }
});
