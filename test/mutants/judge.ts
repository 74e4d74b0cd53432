import type { TestRun } from './run-tests.ts';

/**
 * What became of a mutant, or of one of its tests:
 * - `killed`: a test that passes without it fails with it.
 * - `survived`: no test has noticed it.
 * - `stale`: its patch no longer applies.
 * - `broken`: it is no bug that could be committed: it cannot be loaded, or fails by a mistake of its own.
 * - `red before`: its test fails without it, or there is no such test.
 * - `hung`: its test did not end, which may have other causes.
 */
export type Verdict = 'killed' | 'survived' | 'stale' | 'broken' | 'red before' | 'hung';

/** A verdict, and what it goes by: what a test or a program said. */
export interface Judgement {
  readonly verdict: Verdict;
  /** The tests that turned red, with what was said against each. */
  readonly redTests: readonly { readonly title: string; readonly said: string }[];
  /** Why it was not killed; empty when it was. */
  readonly reason: string;
}

/** Errors that speak of a patch that is wrong in itself: of its JavaScript, of its SQL on PostgreSQL, and on SQLite. */
const mistake =
  /ReferenceError|SyntaxError|is not defined|is not a function|is not iterable|before initialization|Cannot find (?:module|package)|does not provide an export|\(42[0-9A-Z]{3}\)|\(SQLITE_ERROR\)|Too (?:many|few) parameter values|a prepared statement has the value/;

/**
 * Judges a mutant by a run of its tests.
 *
 * @param before the same tests without it, and others of the same file; null when all are known to pass
 */
export function judge(before: TestRun | null, after: TestRun): Judgement {
  const passedBefore = (title: string): boolean => before === null || before.passed.has(title);
  const ran = [...after.passed, ...after.failed.keys()];
  if (ran.length === 0) {
    const [crash] = after.crashes;
    if (crash !== undefined) return spared('broken', crash);
    if (after.hung) return spared('hung', 'no test came to its end; give the one that waits a `t.timeout()`');
    return spared('red before', 'the file has no test of that title');
  }
  const redBefore = ran.filter((title) => !passedBefore(title));
  if (redBefore.length === ran.length) {
    const [title = ''] = redBefore;
    return spared(
      'red before',
      `${title}: ${before?.failed.get(title) ?? 'it is not among those that passed without the mutant'}`,
    );
  }
  const redTests = [...after.failed].filter(([title]) => passedBefore(title)).map(([title, said]) => ({ title, said }));
  if (redTests.length === 0) return spared('survived', [`${ran.length} passed`, ...after.crashes].join('; '));
  const honest = redTests.filter(({ said }) => !mistake.test(said));
  if (honest.length === 0) return spared('broken', `${redTests[0]?.title}: ${redTests[0]?.said}`);
  return { verdict: 'killed', redTests: honest, reason: '' };
}

/** What stands for a mutant that was not killed. */
export function spared(verdict: Exclude<Verdict, 'killed'>, reason: string): Judgement {
  return { verdict, redTests: [], reason };
}
