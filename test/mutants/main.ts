// `npm run test:mutants`: applies deliberate bugs one at a time to private copies of the repository, and sees each turn a
// test red.

import { fileURLToPath } from 'node:url';
import { startPostgres } from '../../packages/adapters/test/start-postgres.ts';
import { help, readSettings, UsageError, type Settings } from './arguments.ts';
import { readMutants, type Mutant } from './mutant.ts';
import { keepCopies } from './private-copy.ts';
import { describe, summarise, toJson } from './report.ts';
import { runMutants } from './run-mutants.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { log } = console;

function choose(all: readonly Mutant[], { only }: Settings): readonly Mutant[] {
  if (only === null) return all;
  return only.map((name) => {
    const found = all.find((mutant) => mutant.name === name);
    if (!found) throw new UsageError(`--only has the unknown name "${name}"; --list shows all.`);
    return found;
  });
}

async function run(mutants: readonly Mutant[], { json, jobs, green }: Settings): Promise<boolean> {
  const began = performance.now();
  const copies = keepCopies(root);
  process.once('exit', copies.remove);
  process.once('SIGINT', () => process.exit(130));
  const given = process.env['HOOKWELL_TEST_POSTGRES_URL'];
  const server = given ? null : await startPostgres({ fsync: false });
  try {
    const trials = await runMutants(mutants, {
      copies,
      jobs,
      green,
      postgresUrl: given || (server?.url ?? ''),
      onTrial: (trial) => json || log(describe(trial)),
    });
    const durationMs = Math.round(performance.now() - began);
    log(json ? toJson(trials, durationMs) : summarise(trials, durationMs));
    return trials.every(({ verdict }) => verdict === 'killed');
  } finally {
    await server?.stop();
  }
}

try {
  const settings = readSettings(process.argv.slice(2));
  if (settings.help) {
    log(help);
  } else {
    const mutants = choose(readMutants(fileURLToPath(new URL('patches', import.meta.url))), settings);
    if (settings.list) for (const { name, bug } of mutants) log(`${name}\n    ${bug}`);
    else process.exitCode = (await run(mutants, settings)) ? 0 : 1;
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
