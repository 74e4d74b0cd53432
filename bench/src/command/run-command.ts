import { UsageError } from '../arguments.ts';
import { describeMachine, describeVersions, type Machine } from '../machine.ts';
import type { Bound } from './bounds.ts';
import { helpOf, readOptions, type Chosen, type commonOptions, type Option } from './options.ts';
import { boundsTable } from './render.ts';

/** Where a result comes from, and how long it took. */
export interface Surroundings {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly seconds: number;
}

/** What every bench finds out, beside its own figures. */
export interface Findings {
  /** What was to hold, and whether it did. */
  readonly bounds: readonly Bound[];
  /** What was lost or came twice, a sentence each; empty when all is well. */
  readonly problems: readonly string[];
}

/** A bench that is started from the command line. */
export interface Command<Options extends Readonly<Record<string, Option>>, Found extends Findings> {
  /** The npm script that starts it. */
  readonly script: string;
  readonly what: string;
  /** The packages that take part, whose versions are told. */
  readonly packages: readonly string[];
  /** What else `--help` tells. */
  readonly more: string;
  readonly options: Options & typeof commonOptions;
  readonly bench: (chosen: Chosen<Options & typeof commonOptions>, tell: (line: string) => void) => Promise<Found>;
  /** The figures for people. */
  readonly tables: (found: Found) => string;
}

/** Runs a bench as its command line says and answers the exit code: 1 when something was lost, 2 when it was misused. */
export async function runCommand<Options extends Readonly<Record<string, Option>>, Found extends Findings>(
  command: Command<Options, Found>,
  args: readonly string[],
): Promise<number> {
  try {
    const chosen = readOptions(command.options, args);
    const { help, json, check, seed } = chosen as Chosen<typeof commonOptions>;
    if (help) {
      console.log(helpOf(command.script, command.what, command.options, command.more));
      return 0;
    }
    const began = performance.now();
    const startedAt = new Date().toISOString();
    const machine = describeMachine();
    const found = await command.bench(chosen, (line) => console.error(line));
    const seconds = Math.round((performance.now() - began) / 1_000);
    const versions = describeVersions(command.packages);
    if (json) {
      console.log(JSON.stringify({ startedAt, machine, versions, options: chosen, ...found, seconds }, null, 2));
    } else {
      console.log([...inWords({ startedAt, machine, versions, seconds }, seed), command.tables(found)].join('\n'));
      console.log(`\n${boundsTable(found.bounds)}`);
    }
    for (const problem of found.problems) console.error(problem);
    const missed = found.bounds.some(({ holds }) => !holds);
    return found.problems.length > 0 || (check && missed) ? 1 : 0;
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(error.message);
      return 2;
    }
    console.error(error);
    return 1;
  }
}

function inWords({ machine, versions, seconds }: Surroundings, seed: number): string[] {
  return [
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, ${machine.system}, Node ${machine.node}`,
    `load ${machine.load}, ${machine.syncMs} ms to make 4 KiB durable, seed ${seed}, ${seconds} s`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  ];
}
