import { judge, spared, type Judgement, type Verdict } from './judge.ts';
import type { Mutant, MutantTest } from './mutant.ts';
import { applyPatch, type Copies } from './private-copy.ts';
import { runTests, type TestEnvironment, type TestRun } from './run-tests.ts';

/** What became of one mutant. */
export interface Trial {
  readonly mutant: Mutant;
  /** `killed` when each of its tests has killed it, else the first other verdict. */
  readonly verdict: Verdict;
  readonly tests: readonly (MutantTest & Judgement)[];
  /** Why it was not killed; empty when it was. */
  readonly reason: string;
  readonly durationMs: number;
}

/** How mutants are run. */
export interface RunOptions extends TestEnvironment {
  readonly copies: Copies;
  /** How many at a time. */
  readonly jobs: number;
  /** Whether all tests are known to pass without any mutant, so that nobody has to see it. */
  readonly green: boolean;
  /** Is told of each as soon as it has ended. */
  readonly onTrial: (trial: Trial) => void;
}

/**
 * Applies one mutant after the other to a copy that no other has at the time, and runs its tests there and, once for each
 * file, on a copy without any unless that is known to be green.
 */
export async function runMutants(mutants: readonly Mutant[], options: RunOptions): Promise<readonly Trial[]> {
  const before = testsWithoutMutants(mutants, options);
  const trials: Trial[] = [];
  const waiting = mutants.entries();
  const work = async (_: unknown, job: number): Promise<void> => {
    let copy: string | undefined;
    for (const [index, mutant] of waiting) {
      copy ??= options.copies.make(`job-${job + 1}`);
      const trial = await tryMutant(mutant, copy, before, options);
      options.copies.repair(copy, mutant.patch);
      trials[index] = trial;
      options.onTrial(trial);
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
  return trials;
}

type TestsBefore = (file: string) => Promise<TestRun>;

/** Runs the tests of a file that any of the mutants needs, the first time that they are asked for. */
function testsWithoutMutants(mutants: readonly Mutant[], options: RunOptions): TestsBefore {
  const all = mutants.flatMap(({ tests }) => tests);
  const runs = new Map<string, Promise<TestRun>>();
  let unchanged: string | undefined;
  return async (wanted) => {
    let run = runs.get(wanted);
    if (!run) {
      const patterns = all.filter(({ file }) => file === wanted).map(({ match }) => match);
      const some = patterns.includes(null) ? [] : (patterns as string[]);
      unchanged ??= options.copies.make('unchanged');
      run = runTests(unchanged, wanted, [...new Set(some)], options);
      runs.set(wanted, run);
    }
    return run;
  };
}

async function tryMutant(mutant: Mutant, copy: string, before: TestsBefore, options: RunOptions): Promise<Trial> {
  const began = performance.now();
  const ended = (verdict: Verdict, reason: string, tests: Trial['tests'] = []): Trial => {
    return { mutant, verdict, reason, tests, durationMs: Math.round(performance.now() - began) };
  };
  const refusal = applyPatch(copy, mutant.patch);
  if (refusal !== null) return ended('stale', refusal);
  const tests: (MutantTest & Judgement)[] = [];
  for (const test of mutant.tests) {
    const judgement = await judgeBy(test, copy, before, options);
    tests.push({ ...test, ...judgement });
  }
  const spoiler = tests.find(({ verdict }) => verdict !== 'killed');
  return ended(spoiler?.verdict ?? 'killed', spoiler?.reason ?? '', tests);
}

async function judgeBy({ file, match }: MutantTest, copy: string, before: TestsBefore, options: RunOptions): Promise<Judgement> {
  const runWithMutant = async (): Promise<TestRun> => runTests(copy, file, match === null ? [] : [match], options);
  if (options.green) return judge(null, await runWithMutant());
  const unchanged = await before(file);
  if (unchanged.passed.size === 0) {
    const [said = 'none of its tests was run'] = [...unchanged.failed.values(), ...unchanged.crashes];
    return spared('red before', `${file}: ${said}`);
  }
  return judge(unchanged, await runWithMutant());
}
