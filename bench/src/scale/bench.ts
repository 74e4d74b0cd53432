import { readSettings } from '../arguments.ts';
import { atLeast, type Bound } from '../command/bounds.ts';
import { commonOptions, flag, integer, names, type Chosen } from '../command/options.ts';
import { inFull, renderTable, shown } from '../command/render.ts';
import type { Findings } from '../command/run-command.ts';
import { benchHistory, type HistoryResult } from '../history.ts';
import { openStorages, storageNames, type StorageName } from '../storages.ts';
import { startEndpoints } from '../traffic/endpoints.ts';
import { originCount } from '../workload.ts';
import { measureBacklogs } from './backlog.ts';
import type { Growth } from './growth.ts';
import { measureSubscriptions } from './subscriptions.ts';

const kinds = ['subscriptions', 'backlog', 'history'] as const;

export const scaleOptions = {
  only: names('what grows', kinds),
  storages: names('where the engine stores', storageNames, ['sqlite', 'postgres']),
  rounds: integer('rounds, each with one run of each size', 3, 1, 1, 100),
  events: integer('deliveries of each run beside subscriptions or a history', 5_000, 300, 20, 1_000_000),
  full: flag('a backlog of 1,000,000 and a history of 10,000,000 as well, which take half an hour and some 20 GB of disk'),
  ...commonOptions,
};

/** What is compared: the first of each is what the others are compared with; of histories that is none. */
export function sizesOf({ full, quick }: { readonly full: boolean; readonly quick: boolean }) {
  if (quick) return { subscriptions: [100, 1_000], backlog: [1_000, 2_000], history: [2_000] };
  return {
    subscriptions: [100, 1_000, 10_000, 100_000],
    backlog: [1_000, 10_000, 100_000, ...(full ? [1_000_000] : [])],
    history: [100_000, ...(full ? [1_000_000, 10_000_000] : [])],
  };
}

/** What the bench found. */
export interface ScaleResult extends Findings {
  readonly subscriptions: readonly Growth[];
  readonly backlog: readonly Growth[];
  readonly history: readonly { readonly size: number; readonly figures: HistoryResult['figures'] }[];
}

/** Measures how costs grow with subscriptions, with a backlog and with a history. */
export async function benchScale(chosen: Chosen<typeof scaleOptions>, tell: (line: string) => void): Promise<ScaleResult> {
  const { seed, rounds, events, only } = chosen;
  const stored = chosen.storages as readonly StorageName[];
  const sizes = sizesOf(chosen);
  const subscriptions: Growth[] = [];
  const backlog: Growth[] = [];
  const endpoints = await startEndpoints(originCount);
  const storages = await openStorages(stored);
  try {
    for (const name of stored) {
      if (only.includes('subscriptions')) {
        const settings = { seed, rounds, events, sizes: sizes.subscriptions };
        subscriptions.push(await measureSubscriptions(name, storages, settings, endpoints, tell));
      }
      if (only.includes('backlog')) {
        backlog.push(await measureBacklogs(name, storages, { rounds, sizes: sizes.backlog }, endpoints, tell));
      }
    }
  } finally {
    await storages.close();
    endpoints.stop();
  }
  const history: ScaleResult['history'][number][] = [];
  const kept = stored.filter((name) => name !== 'memory');
  if (only.includes('history') && kept.length > 0) {
    for (const size of sizes.history) {
      const args = ['--history', String(size), '--rounds', String(rounds), '--events', String(events)];
      const settings = readSettings([...args, '--only', [...kept, 'awaited', 'backlog'].join(',')]);
      const { figures } = await benchHistory({ ...settings, history: size }, tell);
      history.push({ size, figures });
    }
  }
  return {
    subscriptions,
    backlog,
    history,
    bounds: [...subscriptions.map(boundOf), ...(history.at(-1)?.figures ?? []).map(historyBound(history.at(-1)?.size ?? 0))],
    problems: [...subscriptions, ...backlog].flatMap(problemsOf),
  };
}

function boundOf({ storage, sizes }: Growth): Bound {
  const [first, last] = [sizes[0], sizes.at(-1)];
  return atLeast(
    `${storage}: deliveries/s at ${shown(last?.size ?? 0)} subscriptions, to those at ${shown(first?.size ?? 0)}`,
    last?.ratio.median ?? Number.NaN,
    0.85,
  );
}

function historyBound(size: number): (figures: HistoryResult['figures'][number]) => Bound {
  return ({ contestant, mode, ratio }) =>
    atLeast(`${contestant}, ${mode}: deliveries/s with ${shown(size)} rows of history, to none`, ratio.median, 0.9);
}

function problemsOf({ storage, missing, repeated }: Growth): string[] {
  const problems: string[] = [];
  if (missing > 0) problems.push(`${storage}: ${missing} deliveries never arrived and are not stored`);
  if (repeated > 0) problems.push(`${storage}: ${repeated} deliveries arrived more than once`);
  return problems;
}

/** The figures for people. */
export function scaleTables({ subscriptions, backlog, history }: ScaleResult): string {
  const lines: string[] = [];
  if (subscriptions.length > 0) {
    lines.push('', 'Beside so many subscriptions of 1,000 accounts: median (min–max); ratios to the smallest size');
    lines.push(growthTable('subscriptions', subscriptions, false));
  }
  if (backlog.length > 0) {
    lines.push('', 'The first 1,000 deliveries of so many that wait, and how long the first one of them took, in ms');
    lines.push(growthTable('backlog', backlog, true));
  }
  if (history.length > 0) {
    const rows = history.flatMap(({ size, figures }) =>
      figures.map(({ contestant, mode, empty, full, ratio }) => {
        return {
          storage: contestant,
          mode,
          history: shown(size),
          empty: inFull(empty),
          full: inFull(full),
          ratio: inFull(ratio),
        };
      }),
    );
    lines.push('', 'Deliveries/s beside so many finished deliveries, and on an empty database');
    lines.push(renderTable(['storage', 'mode'], ['history', 'empty', 'full', 'ratio'], rows));
  }
  return lines.join('\n');
}

function growthTable(what: string, growths: readonly Growth[], hasFirst: boolean): string {
  const rows = growths.flatMap(({ storage, sizes }) =>
    sizes.map(({ size, deliveriesPerSecond, ratio, cpuMicros, cpuRatio, firstMs }) => ({
      storage,
      [what]: shown(size),
      'deliveries/s': inFull(deliveriesPerSecond),
      ratio: inFull(ratio),
      'CPU µs each': inFull(cpuMicros),
      'CPU ratio': inFull(cpuRatio),
      ...(hasFirst ? { 'first after ms': inFull(firstMs) } : {}),
    })),
  );
  const figures = [what, 'deliveries/s', 'ratio', 'CPU µs each', 'CPU ratio', ...(hasFirst ? ['first after ms'] : [])];
  return renderTable(['storage'], figures, rows);
}
