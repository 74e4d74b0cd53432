import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { closest, distance } from 'fastest-levenshtein';
import { contestantNames, modeNames, type ContestantName, type ModeName } from './contestant.ts';

export const help = `How fast Hookwell delivers, beside job queues of others, as ratios to a bare undici loop that sends the
same signed bytes in the same run.

Usage: npm run bench -- [options]

  --only NAMES    only these, with commas between them (everything)
                  contestants: ${contestantNames.join(', ')}
                  modes: ${modeNames.join(', ')}
  --events N      deliveries of each run, 20 to 1000000 (10000)
  --backlog N     deliveries of each run of a backlog, 20 to 1000000 (as many as --events)
  --rounds N      measured runs of each contestant in each mode, 1 to 100 (3)
  --history N     instead, compare deliveries beside N finished ones (1000 to 10000000) with those on an empty database:
                  sqlite and postgres, awaited and backlog
  --quick         few deliveries and one round, to see that it works; the figures mean nothing
  --plots FOLDER  also write what was measured as plots, SVG files, into that folder
  --of FILE       instead of measuring, take the result from a file that --json wrote, for the table or for --plots
  --json          print the result as JSON, and nothing else, on standard output
  --help          show this

In each round every contestant runs once, in changing order. Every run is checked: each delivery must arrive exactly
once, signed, with the same bytes; otherwise the bench ends with 1.

PostgreSQL is a server that the bench starts, with fsync on, or the one that HOOKWELL_BENCH_POSTGRES_URL names; what is
made on it is dropped in the end. pg-boss and graphile-worker run on the same server.

Redis, for BullMQ, is the server that HOOKWELL_BENCH_REDIS_URL names; else the one on port 6379 of this machine if it syncs an
append-only file every second; else one that the bench starts so. Where there is none, BullMQ is left out.
`;

/** Something that whoever started the bench can put right; shown as one message, with exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What this start of the bench is to do. */
export interface Settings {
  readonly help: boolean;
  readonly json: boolean;
  readonly contestants: readonly ContestantName[];
  readonly modes: readonly ModeName[];
  /** Deliveries of each run. */
  readonly events: number;
  /** Deliveries of each run of a backlog. */
  readonly backlog: number;
  readonly rounds: number;
  /** Whether each contestant has a run in each mode that is not measured. */
  readonly warmUp: boolean;
  /** Events of each run that measures latency. */
  readonly latencyEvents: number;
  /** Where to write plots; null for none. */
  readonly plots: string | null;
  /** A file with a result that is shown instead of a new one; null to measure. */
  readonly of: string | null;
  /** Finished deliveries to compare with none; null for the race of the contestants. */
  readonly history: number | null;
}

const options = {
  only: { type: 'string' },
  events: { type: 'string' },
  backlog: { type: 'string' },
  rounds: { type: 'string' },
  history: { type: 'string' },
  plots: { type: 'string' },
  of: { type: 'string' },
  quick: { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig;

/**
 * Reads the command line.
 * @throws {UsageError} for anything that it does not know or cannot mean
 */
export function readSettings(args: readonly string[]): Settings {
  refuseUnknown(args);
  const { values } = parse(args);
  const quick = values.quick ?? false;
  const events = integer('events', values.events, quick ? 200 : 10_000, 20, 1_000_000);
  return {
    help: values.help ?? false,
    json: values.json ?? false,
    ...readOnly(values.only),
    events,
    backlog: integer('backlog', values.backlog, events, 20, 1_000_000),
    warmUp: !quick,
    rounds: integer('rounds', values.rounds, quick ? 1 : 3, 1, 100),
    plots: values.plots ?? null,
    of: values.of ?? null,
    latencyEvents: quick ? 40 : 500,
    history: values.history === undefined ? null : integer('history', values.history, 0, 1_000, 10_000_000),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false });
  } catch (error) {
    throw new UsageError(`${(error as Error).message} See --help.`);
  }
}

function refuseUnknown(args: readonly string[]): void {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true });
  for (const token of tokens) {
    if (token.kind === 'positional')
      throw new UsageError(`"${token.value}" is not an option. Options begin with --; see --help.`);
    if (token.kind === 'option' && !Object.hasOwn(options, token.name)) {
      const names = Object.keys(options).map((name) => `--${name}`);
      throw new UsageError(`There is no option ${token.rawName}${suggestion(token.rawName, names)} See --help.`);
    }
  }
}

/** Names of contestants and of modes; where there is none of a kind, all of that kind. */
function readOnly(text: string | undefined): Pick<Settings, 'contestants' | 'modes'> {
  const names = text === undefined ? [] : text.split(',').map((name) => name.trim());
  const known: readonly string[] = [...contestantNames, ...modeNames];
  for (const name of names) {
    if (!known.includes(name)) {
      throw new UsageError(`--only has the unknown name "${name}"${suggestion(name, known)} Names: ${known.join(', ')}.`);
    }
  }
  const contestants = contestantNames.filter((name) => names.includes(name));
  const modes = modeNames.filter((name) => names.includes(name));
  return {
    contestants: contestants.length > 0 ? contestants : contestantNames,
    modes: modes.length > 0 ? modes : modeNames,
  };
}

function integer(option: string, text: string | undefined, byDefault: number, least: number, most: number): number {
  if (text === undefined) return byDefault;
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= least && number <= most) return number;
  throw new UsageError(`--${option} is "${text}", but must be a whole number from ${least} to ${most}.`);
}

function suggestion(name: string, known: readonly string[]): string {
  const near = closest(name, known);
  return distance(name, near) <= Math.max(2, Math.floor(name.length / 3)) ? `. Did you mean "${near}"?` : '.';
}
