import { atMost, type Bound } from '../command/bounds.ts';
import { commonOptions, flag, integer, names, type Chosen } from '../command/options.ts';
import { inFull, renderTable, shown } from '../command/render.ts';
import type { Findings } from '../command/run-command.ts';
import { startEndpoints } from '../traffic/endpoints.ts';
import { originCount } from '../workload.ts';
import { measureRetention, type RetentionFigures } from './measure.ts';

export const retentionOptions = {
  storage: names('where the engine stores', ['sqlite', 'postgres']),
  rows: integer('lines of the log that are there before, with an event for each two', 1_000_000, 20_000, 1_000, 1_000_000_000),
  full: flag('10,000,000 lines, which take up to half an hour and some 12 GB of disk for each storage'),
  rounds: integer('rounds, each with one window of both kinds', 5, 1, 1, 100),
  seconds: integer('seconds of each window that are measured', 20, 1, 1, 600),
  rate: integer('live events a second', 200, 100, 1, 100_000),
  ...commonOptions,
};

/** What the bench found. */
export interface RetentionResult extends Findings {
  readonly figures: readonly RetentionFigures[];
}

/** Measures what it costs live traffic that a history is forgotten beside it. */
export async function benchRetention(
  chosen: Chosen<typeof retentionOptions>,
  tell: (line: string) => void,
): Promise<RetentionResult> {
  const { seed, rounds, seconds, rate: perSecond, full } = chosen;
  const settings = { seed, rounds, seconds, perSecond, rows: full ? 10_000_000 : chosen.rows };
  const endpoints = await startEndpoints(originCount);
  const figures: RetentionFigures[] = [];
  try {
    for (const name of chosen.storage) {
      figures.push(await measureRetention(name as 'sqlite' | 'postgres', settings, endpoints, tell));
    }
  } finally {
    endpoints.stop();
  }
  return { figures, bounds: figures.flatMap(boundsOf), problems: figures.flatMap(problemsOf) };
}

function boundsOf({ storage, p99Ratio, longestWaitMs }: RetentionFigures): Bound[] {
  return [
    atMost(`${storage}: live p99 while a history is forgotten, to that while it is kept`, p99Ratio.median, 1.1),
    atMost(`${storage}: the longest that live traffic waits meanwhile, in ms`, longestWaitMs.forgotten.max, 100),
  ];
}

function problemsOf({ storage, lost }: RetentionFigures): string[] {
  return lost === 0 ? [] : [`${storage}: ${lost} live deliveries never arrived, or came twice`];
}

/** The figures for people. */
export function retentionTables({ figures }: RetentionResult): string {
  const rows = figures.flatMap((of) =>
    (['kept', 'forgotten'] as const).map((kind) => ({
      storage: of.storage,
      history: kind,
      lines: shown(of.rows),
      'p50 ms': inFull(of.p50[kind]),
      'p99 ms': inFull(of.p99[kind]),
      ratio: kind === 'kept' ? '' : inFull(of.p99Ratio),
      'longest wait ms': inFull(of.longestWaitMs[kind]),
      'longest call ms': kind === 'kept' ? '' : inFull(of.longestCallMs),
      'rows/s': kind === 'kept' ? '' : inFull(of.rowsPerSecond),
    })),
  );
  const columns = ['lines', 'p50 ms', 'p99 ms', 'ratio', 'longest wait ms', 'longest call ms', 'rows/s'];
  return `\nLive traffic beside a history: median (min–max)\n${renderTable(['storage', 'history'], columns, rows)}`;
}
