import { atMost, type Bound } from '../command/bounds.ts';
import { commonOptions, integer, names, type Chosen } from '../command/options.ts';
import { inFull, renderTable } from '../command/render.ts';
import type { Findings } from '../command/run-command.ts';
import { openStorages, storageNames, type StorageName } from '../storages.ts';
import { startEndpoints } from '../traffic/endpoints.ts';
import { startApplication } from './application.ts';
import { startClient } from './client.ts';
import { endpointCount, measureHost, type HostFigures } from './measure.ts';

export const hostOptions = {
  storages: names('where the engine stores', storageNames),
  rounds: integer('rounds, each with one run without deliveries and one with them', 3, 1, 1, 100),
  seconds: integer('seconds of each run that are measured', 8, 1, 1, 600),
  'warm-up': integer('seconds of each run before that', 2, 1, 0, 60),
  deliveries: integer('deliveries a second', 1_000, 100, 1, 100_000),
  requests: integer('requests a second to the route of the host', 200, 50, 1, 10_000),
  ...commonOptions,
};

/** What the bench found. */
export interface HostResult extends Findings {
  readonly storages: readonly HostFigures[];
}

/** Measures what an engine costs the host that it is embedded in. */
export async function benchHost(chosen: Chosen<typeof hostOptions>, tell: (line: string) => void): Promise<HostResult> {
  const { seed, rounds, seconds, deliveries, requests } = chosen;
  const stored = chosen.storages as readonly StorageName[];
  const settings = { seed, rounds, seconds, warmUpSeconds: chosen['warm-up'], deliveries, requests };
  const endpoints = await startEndpoints(endpointCount);
  const client = startClient();
  const application = await startApplication();
  const storages = await openStorages(stored);
  let figures: readonly HostFigures[];
  try {
    figures = await measureHost(stored, settings, { application, client, endpoints, storages }, tell);
  } finally {
    await storages.close();
    await application.stop();
    client.stop();
    endpoints.stop();
  }
  return {
    storages: figures,
    bounds: figures.flatMap(boundsOf),
    problems: figures.flatMap(problemsOf),
  };
}

function boundsOf({ name, routeP99Growth, with: withDeliveries }: HostFigures): Bound[] {
  return [
    atMost(`${name}: growth of the p99 of the route, in ms`, routeP99Growth.median, 5),
    atMost(`${name}: longest block of the event loop, in ms`, withDeliveries.longestBlock.median, 20),
  ];
}

function problemsOf({ name, missing, repeated, failed }: HostFigures): string[] {
  const problems: string[] = [];
  if (missing > 0) problems.push(`${name}: ${missing} deliveries never arrived`);
  if (repeated > 0) problems.push(`${name}: ${repeated} deliveries arrived more than once`);
  if (failed > 0) problems.push(`${name}: ${failed} requests to the host's route were not answered 200`);
  return problems;
}

/** The figures for people. */
export function hostTables({ storages }: HostResult): string {
  const figures = [
    'route p50',
    'route p99',
    'p99 growth',
    'delay p99',
    'longest block',
    'busy',
    'CPU ms/s',
    'GC ms/s',
    'longest GC',
  ];
  const rows = storages.flatMap(({ name, routeP99Growth, ...kinds }) =>
    (['without', 'with'] as const).map((kind) => {
      const one = kinds[kind];
      return {
        storage: name,
        deliveries: kind,
        'route p50': inFull(one.routeP50),
        'route p99': inFull(one.routeP99),
        'p99 growth': kind === 'with' ? inFull(routeP99Growth) : '',
        'delay p99': inFull(one.delayP99),
        'longest block': inFull(one.longestBlock),
        busy: `${(one.utilization.median * 100).toFixed(0)} %`,
        'CPU ms/s': one.cpuPerSecond.median,
        'GC ms/s': one.collectingPerSecond.median,
        'longest GC': inFull(one.longestCollection),
      };
    }),
  );
  return [
    '',
    "The host's route and its event loop, in ms: median (min–max) of the rounds",
    renderTable(['storage', 'deliveries'], figures, rows),
  ].join('\n');
}
