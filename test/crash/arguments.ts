import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import type { StorageName } from './arena.ts';
import { faultKinds } from './faults.ts';

/** Cycles of a run that nobody has set a number for: every kind of fault, in a few minutes. */
const bounded = { postgres: 40, sqlite: 15 } as const;

export const help = `Kills, pauses and cuts off processes that embed Hookwell, over one database and under load, and checks what arrives:
nothing lost, nothing that was rolled back, no duplicate that no fault explains, nothing out of its order, and nothing left over.

Usage: npm run test:crash -- [options]

  --storage NAME  postgres, sqlite or both (both)
  --cycles N      faults to inject, 1 to 100000 (PostgreSQL ${bounded.postgres}, SQLite ${bounded.sqlite})
  --faults NAMES  only these, with commas between them (all)
                  ${faultKinds.map(({ name }) => name).join(', ')}
  --seed N        repeats the choice of faults of an earlier run (by the clock)
  --json          print the result as JSON, and nothing else, on standard output
  --help          show this

Ends with 1 if anything is wrong, with what shows it. What happens between the processes is not repeated by a seed.
`;

/** Something that whoever started the suite can put right; shown as one message, with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What this start of the suite is to do. */
export interface Settings {
  readonly help: boolean;
  readonly json: boolean;
  readonly seed: number;
  readonly runs: readonly { readonly storage: StorageName; readonly cycles: number; readonly faults: readonly string[] }[];
}

const options = {
  storage: { type: 'string', default: 'both' },
  cycles: { type: 'string' },
  faults: { type: 'string' },
  seed: { type: 'string' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const satisfies ParseArgsOptionsConfig;

/**
 * Reads the command line.
 *
 * @param now makes the seed when none is given
 * @throws {UsageError} for anything that it does not know or cannot mean
 */
export function readSettings(args: readonly string[], now: number): Settings {
  const { storage, cycles, faults, seed, json, help: wantsHelp } = parse(args);
  if (storage !== 'postgres' && storage !== 'sqlite' && storage !== 'both')
    throw new UsageError(`--storage is "${storage}"; it is postgres, sqlite or both.`);
  const names = (['postgres', 'sqlite'] as const).filter((name) => storage === 'both' || storage === name);
  const wanted = faults?.split(',');
  for (const name of wanted ?? []) {
    if (!faultKinds.some((kind) => kind.name === name))
      throw new UsageError(`There is no fault "${name}". Faults: ${faultKinds.map((kind) => kind.name).join(', ')}.`);
  }
  const runs = names.map((name) => ({
    storage: name,
    cycles: cycles === undefined ? bounded[name] : integer('cycles', cycles, 1, 100_000),
    faults: faultKinds
      .filter((kind) => kind.storages.includes(name) && (wanted?.includes(kind.name) ?? true))
      .map((kind) => kind.name),
  }));
  const idle = runs.find((run) => run.faults.length === 0);
  if (idle) throw new UsageError(`None of these faults can befall ${idle.storage}: ${faults}. Name the other storage.`);
  return { help: wantsHelp, json, runs, seed: seed === undefined ? now % 1_000_000 : integer('seed', seed, 0, 2 ** 31) };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n\n${help}`);
  }
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`--${name} is "${text}"; it is a whole number from ${least} to ${most}.`);
}
