import test from 'ava';
import type { RetentionResult } from '../../bench/src/retention/bench.ts';
import { runBench } from '../bench-program.ts';

test('bench:retention sends live traffic while a history is kept and while it is forgotten, and loses nothing', async (t) => {
  t.timeout(120_000);
  const few = ['--rows', '3000', '--rounds', '1', '--seconds', '1', '--rate', '50'];
  const { code, stdout, stderr } = await runBench('retention', '--storage', 'sqlite', ...few, '--json');
  t.is(code, 0, stderr);
  const { figures, bounds } = JSON.parse(stdout) as RetentionResult;
  t.is(bounds.length, 2);
  const [sqlite] = figures;
  t.is(sqlite?.lost, 0);
  for (const kind of ['kept', 'forgotten'] as const) {
    t.true((sqlite?.p99[kind].median ?? 0) > 0 && (sqlite?.longestWaitMs[kind].median ?? 0) > 0, kind);
  }
  // The round that warms up has forgotten all of so little.
  t.regex(stderr, /sqlite: round 0, forgotten: .* [1-9]\d* rows in/);
});
