import test from 'ava';
import type { HostResult } from '../bench/src/host/bench.ts';
import { delayOf, watchThread } from '../bench/src/host/thread.ts';
import { runBench } from './bench-program.ts';

test('the delay of a timer is what it waited for beyond the millisecond that was meant', (t) => {
  t.is(delayOf(1_000_000), 0);
  t.is(delayOf(900_000), 0);
  t.is(delayOf(21_500_000), 20.5);
});

test('a thread that computes for 50 ms is seen to be blocked for as long', async (t) => {
  const watching = watchThread();
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
  const until = performance.now() + 50;
  while (performance.now() < until);
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve, 2));
  const { longestBlock, utilization } = await watching.end();
  t.true(longestBlock >= 45, String(longestBlock));
  t.true(utilization > 0 && utilization <= 1);
});

test('bench:host asks the route with deliveries and without, loses nothing, and says what the route and the thread did', async (t) => {
  t.timeout(120_000);
  const { code, stdout, stderr } = await runBench('host', '--storages', 'memory', '--quick', '--json');
  t.is(code, 0, stderr);
  const { storages, bounds } = JSON.parse(stdout) as HostResult;
  const [figures] = storages as [HostResult['storages'][number]];
  t.is(figures.name, 'memory');
  t.deepEqual([figures.missing, figures.repeated, figures.failed], [0, 0, 0]);
  for (const one of [figures.without, figures.with]) {
    t.true(one.answered.median > 20);
    t.true(one.routeP50.median >= 1 && one.routeP50.median <= one.routeP99.median);
    t.true(one.delayP50.median <= one.delayP99.median && one.delayP99.median <= one.longestBlock.median);
  }
  t.true(Math.abs(figures.routeP99Growth.median - (figures.with.routeP99.median - figures.without.routeP99.median)) < 0.02);
  t.is(bounds.length, 2);
});
