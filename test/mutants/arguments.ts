import { parseArgs } from 'node:util';

export const help = `Deliberate bugs, each of which must turn a test red.

Usage: npm run test:mutants -- [options]

  --only NAMES   only these mutants, with commas between them (all)
  --jobs N       how many at a time, 1 to 16 (2)
  --green        do not look first whether the tests pass without mutants: they are known to, because all were just run
  --list         name the mutants and say what each does, without running them
  --json         print the result as JSON, and nothing else, on standard output
  --help         show this

Ends with 0 only if every mutant was killed.
`;

/** Something that whoever started it can put right; shown as one message, with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What this start is to do. */
export interface Settings {
  readonly help: boolean;
  readonly list: boolean;
  readonly json: boolean;
  /** The names of the mutants; null for all. */
  readonly only: readonly string[] | null;
  readonly jobs: number;
  /** Whether the tests are known to pass without mutants. */
  readonly green: boolean;
}

/**
 * Reads the command line.
 * @throws {UsageError} for anything that it does not know or cannot mean
 */
export function readSettings(args: readonly string[]): Settings {
  const { help: isHelp = false, list = false, json = false, green = false, only, jobs = '2' } = parse(args);
  if (!/^(?:[1-9]|1[0-6])$/.test(jobs)) {
    throw new UsageError(`--jobs is "${jobs}", but must be a whole number from 1 to 16.`);
  }
  const names = only?.split(',').map((name) => name.trim()) ?? null;
  return { help: isHelp, list, json, only: names, jobs: Number(jobs), green };
}

function parse(args: readonly string[]) {
  const options = {
    only: { type: 'string' },
    jobs: { type: 'string' },
    green: { type: 'boolean' },
    list: { type: 'boolean' },
    json: { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message} See --help.`);
  }
}
