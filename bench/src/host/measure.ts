import { setTimeout } from 'node:timers/promises';
import { startOn } from '../isolation/engine-sender.ts';
import { percentile, spread, type Spread } from '../statistics.ts';
import type { Place, StorageName, Storages } from '../storages.ts';
import type { Behaviour } from '../traffic/behaviours.ts';
import { monotonicMs } from '../traffic/clock.ts';
import type { Endpoints } from '../traffic/endpoints.ts';
import { randomFrom } from '../traffic/random.ts';
import { keepTo, makeSchedule } from '../traffic/schedule.ts';
import type { Application } from './application.ts';
import type { Client } from './client.ts';
import { watchThread, type ThreadUse } from './thread.ts';

/** Endpoints, each with a subscription. */
export const endpointCount = 20;
const allHealthy = Array.from({ length: endpointCount }, (): Behaviour => 'ok');
/** How long a request to an endpoint may take, and how long nothing may arrive before what is missing is lost. */
const patienceMs = 10_000;

/** What is to be measured. */
export interface HostSettings {
  readonly seed: number;
  readonly rounds: number;
  readonly seconds: number;
  /** Before that, a run is not measured. */
  readonly warmUpSeconds: number;
  /** Deliveries a second in runs with them. */
  readonly deliveries: number;
  /** Requests a second to the host's route. */
  readonly requests: number;
}

/** The parts that take part beside the host's own process. */
export interface Surrounding {
  readonly application: Application;
  readonly client: Client;
  readonly endpoints: Endpoints;
  readonly storages: Storages;
}

/** What one run showed. Times in milliseconds. */
export interface HostRun extends ThreadUse {
  readonly routeP50: number;
  readonly routeP99: number;
  /** Requests to the route, and those that were not answered 200. */
  readonly answered: number;
  readonly failed: number;
  /** Deliveries that never arrived, and those that arrived more than once. */
  readonly missing: number;
  readonly repeated: number;
}

/** The host with an engine on one storage, without deliveries and with them. */
export interface HostFigures {
  readonly name: StorageName;
  readonly what: string;
  readonly without: HostSummary;
  readonly with: HostSummary;
  /** What the p99 of the route grew by with deliveries, of runs in the same round. */
  readonly routeP99Growth: Spread;
  readonly missing: number;
  readonly repeated: number;
  readonly failed: number;
}

/** Medians of the rounds. */
export type HostSummary = Readonly<Record<Exclude<keyof HostRun, 'missing' | 'repeated' | 'failed'>, Spread>>;

/** Measures the host with an engine on each storage, round by round without deliveries and with them, in changing order. */
export async function measureHost(
  names: readonly StorageName[],
  settings: HostSettings,
  surrounding: Surrounding,
  tell: (line: string) => void,
): Promise<readonly HostFigures[]> {
  const runs = new Map(names.map((name) => [name, { without: [] as HostRun[], with: [] as HostRun[] }]));
  for (const name of names) await warmUp(name, settings, surrounding);
  for (let round = 0; round < settings.rounds; round += 1) {
    for (const name of names) {
      for (const kind of round % 2 === 0 ? (['without', 'with'] as const) : (['with', 'without'] as const)) {
        const place = surrounding.storages.make(name);
        try {
          const run = await measure(place, kind === 'with' ? settings.deliveries : 0, settings, round, surrounding);
          runs.get(name)?.[kind].push(run);
          tell(`${name}: round ${round + 1}, ${kind} deliveries: p99 of the route ${run.routeP99.toFixed(2)} ms`);
        } finally {
          await place.remove();
        }
      }
    }
  }
  return names.map((name) => {
    const of = runs.get(name) ?? { without: [], with: [] };
    const all = [...of.without, ...of.with];
    const sum = (value: (run: HostRun) => number): number => all.reduce((total, run) => total + value(run), 0);
    return {
      name,
      what: surrounding.storages.what(name),
      without: summaryOf(of.without),
      with: summaryOf(of.with),
      routeP99Growth: spread(
        of.with.map(({ routeP99 }, round) => routeP99 - (of.without[round] as HostRun).routeP99),
        2,
      ),
      missing: sum(({ missing }) => missing),
      repeated: sum(({ repeated }) => repeated),
      failed: sum(({ failed }) => failed),
    };
  });
}

/** Delivers for a moment, because what runs first would otherwise pay for the compilation of what all of them share. */
async function warmUp(name: StorageName, settings: HostSettings, surrounding: Surrounding): Promise<void> {
  const place = surrounding.storages.make(name);
  try {
    await measure(place, settings.deliveries, { ...settings, seconds: 1, warmUpSeconds: 0 }, 0, surrounding);
  } finally {
    await place.remove();
  }
}

async function measure(
  place: Place,
  deliveries: number,
  { seed, seconds, warmUpSeconds, requests }: HostSettings,
  round: number,
  { application, client, endpoints }: Surrounding,
): Promise<HostRun> {
  const random = randomFrom(seed + round);
  const inAll = warmUpSeconds + seconds;
  const choose = (): number => Math.floor(random() * endpointCount);
  const schedule = deliveries === 0 ? null : makeSchedule({ perSecond: deliveries, seconds: inAll, choose, random });
  const records = schedule?.records ?? 0;
  await endpoints.begin(allHealthy, records);
  const setup = { endpoints, count: endpointCount, deadlineMs: patienceMs, onSend: () => {} };
  const sending = await startOn(place, setup);
  try {
    globalThis.gc?.();
    let refused: unknown = null;
    const emitting =
      schedule &&
      keepTo(schedule, monotonicMs(), (record) => {
        sending.emit(record, schedule.endpoint[record] as number).catch((error: unknown) => {
          refused ??= error;
        });
      });
    const warmUpMs = warmUpSeconds * 1_000;
    const asking = client.run({ url: application.url, perSecond: requests, seconds: inAll, warmUpMs, seed: seed + round });
    await setTimeout(warmUpMs);
    const watching = watchThread();
    await setTimeout(seconds * 1_000);
    const use = await watching.end();
    await emitting;
    const { latencies, failed } = await asking;
    await endpoints.arrived(records, patienceMs);
    const problem = refused ?? sending.problem();
    if (problem !== null) throw problem as Error;
    const { count } = await endpoints.report();
    return {
      ...use,
      routeP50: percentile([...latencies], 0.5),
      routeP99: percentile([...latencies], 0.99),
      answered: latencies.length,
      failed,
      missing: count.subarray(1).filter((arrived) => arrived === 0).length,
      repeated: count.subarray(1).filter((arrived) => arrived > 1).length,
    };
  } finally {
    await sending.stop();
  }
}

function summaryOf(runs: readonly HostRun[]): HostSummary {
  const of = (value: (run: HostRun) => number, digits = 2): Spread => spread(runs.map(value), digits);
  return {
    delayP50: of(({ delayP50 }) => delayP50),
    delayP99: of(({ delayP99 }) => delayP99),
    longestBlock: of(({ longestBlock }) => longestBlock),
    utilization: of(({ utilization }) => utilization, 3),
    cpuPerSecond: of(({ cpuPerSecond }) => cpuPerSecond, 1),
    collectingPerSecond: of(({ collectingPerSecond }) => collectingPerSecond),
    longestCollection: of(({ longestCollection }) => longestCollection),
    fullCollections: of(({ fullCollections }) => fullCollections, 0),
    routeP50: of(({ routeP50 }) => routeP50),
    routeP99: of(({ routeP99 }) => routeP99),
    answered: of(({ answered }) => answered, 0),
  };
}
