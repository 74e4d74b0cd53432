// The crash suite: `npm run test:crash -- --help`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Pace } from './arena.ts';
import { help, readSettings, UsageError, type Settings } from './arguments.ts';
import { faultKinds } from './faults.ts';
import { run } from './run.ts';
import { evidenceOf, reportsOf, summarise, tableOf } from './summary.ts';

const paces = {
  postgres: { leaseMs: 3_000, deadlineMs: 1_000, keepMs: 10_000, everyMs: 60, victims: 3 },
  sqlite: { leaseMs: 3_000, deadlineMs: 1_000, keepMs: 10_000, everyMs: 100, victims: 3 },
} as const satisfies Record<string, Pace>;

async function runAll({ runs, seed, json }: Settings): Promise<boolean> {
  const say = (line: string): void => {
    if (!json) process.stdout.write(`${line}\n`);
  };
  const results: object[] = [];
  let good = true;
  for (const { storage, cycles, faults } of runs) {
    const folder = mkdtempSync(join(tmpdir(), 'hookwell-crash-'));
    say(`${storage}: ${cycles} cycles, seed ${seed}`);
    try {
      const kinds = faultKinds.filter(({ name }) => faults.includes(name));
      const result = await run({ storage, cycles, seed, kinds, pace: paces[storage], folder, say });
      const rows = summarise(result);
      const { violations } = result.verdict;
      results.push({ storage, seed, rows, reports: reportsOf(result), violations });
      for (const report of reportsOf(result).slice(0, 12)) say(`reported ${report}`);
      say(`\n${tableOf(rows)}\n`);
      if (violations.length === 0) continue;
      good = false;
      process.stderr.write(`${evidenceOf(result)}\n`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  if (json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  return good;
}

try {
  const settings = readSettings(process.argv.slice(2), Date.now());
  if (settings.help) process.stdout.write(help);
  else if (!(await runAll(settings))) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
