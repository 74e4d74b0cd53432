import type { Place, StorageName, Storages } from '../storages.ts';
import { makeEngine } from '../engines.ts';
import { monotonicMs } from '../traffic/clock.ts';
import type { Endpoints } from '../traffic/endpoints.ts';
import { countWaiting, storeBacklog, subscribe, type Ids } from './engine.ts';
import { rateOfFirst, runRounds, type Growth, type Run } from './growth.ts';

/** Subscriptions that a backlog is spread over. */
const subscriptions = 1_000;
/** Deliveries of a backlog that are timed, the first ones: as many whatever its length. */
const timed = 1_000;
const patienceMs = 10_000;

/** What is to be measured. */
export interface BacklogSettings {
  readonly rounds: number;
  /** Deliveries that wait, from few to many. */
  readonly sizes: readonly number[];
}

interface Backlog {
  readonly place: Place;
  readonly ids: Ids;
  /** Records that were stored, and which of them have arrived. */
  stored: number;
  readonly arrived: Set<number>;
  repeated: number;
}

/** Measures how quickly the beginning of a backlog is delivered; what was delivered is stored anew before the next round. */
export async function measureBacklogs(
  name: StorageName,
  storages: Storages,
  { rounds, sizes }: BacklogSettings,
  endpoints: Endpoints,
  tell: (line: string) => void,
): Promise<Growth> {
  const backlogs = new Map<number, Backlog>();
  try {
    for (const size of sizes) {
      tell(`${name}: storing a backlog of ${size} …`);
      const place = storages.make(name);
      backlogs.set(size, { place, ids: [], stored: 0, arrived: new Set(), repeated: 0 });
      const ids = await subscribe(place, subscriptions, endpoints);
      backlogs.set(size, { place, ids, stored: size, arrived: new Set(), repeated: 0 });
      await storeBacklog(place, ids, 1, size);
    }
    tell(`${name}: delivering from backlogs of ${sizes.join(', ')} …`);
    const figures = await runRounds(sizes, rounds, async (size) => deliver(backlogs.get(size) as Backlog, size, endpoints));
    let [missing, repeated] = [0, 0];
    for (const backlog of backlogs.values()) {
      missing += Math.max(0, backlog.stored - backlog.arrived.size - (await countWaiting(backlog.place)));
      repeated += backlog.repeated;
    }
    return { storage: name, sizes: figures, missing, repeated };
  } finally {
    for (const { place } of backlogs.values()) await place.remove();
  }
}

async function deliver(backlog: Backlog, size: number, endpoints: Endpoints): Promise<Run> {
  const { place, ids, arrived } = backlog;
  const missing = size - (backlog.stored - arrived.size);
  if (missing > 0) {
    await storeBacklog(place, ids, backlog.stored + 1, backlog.stored + missing);
    backlog.stored += missing;
  }
  await endpoints.begin([], backlog.stored);
  const { engine, errors } = makeEngine(place.storage());
  globalThis.gc?.();
  const cpuBefore = process.cpuUsage();
  const began = monotonicMs();
  await engine.start();
  const count = await endpoints.arrived(Math.min(timed, size), patienceMs);
  const cpu = process.cpuUsage(cpuBefore);
  await engine.stop();
  const report = await endpoints.report();
  const at: number[] = [];
  for (let record = 1; record <= backlog.stored; record += 1) {
    const times = report.count[record] as number;
    if (times === 0) continue;
    at.push(report.firstAt[record] as number);
    if (times > 1 || arrived.has(record)) backlog.repeated += 1;
    arrived.add(record);
  }
  if (errors[0]) throw errors[0];
  const first = at.reduce((earliest, one) => Math.min(earliest, one), Number.POSITIVE_INFINITY);
  return {
    deliveriesPerSecond: rateOfFirst(at, timed),
    cpuMicros: (cpu.user + cpu.system) / Math.max(1, count),
    firstMs: first - began,
  };
}
