import { makeEngine } from '../engines.ts';
import { inParallel } from '../contestant.ts';
import type { Place, StorageName, Storages } from '../storages.ts';
import type { Endpoints } from '../traffic/endpoints.ts';
import { randomFrom } from '../traffic/random.ts';
import { callers, contact } from '../workload.ts';
import { accountOf, subscribe, topicOf } from './engine.ts';
import { runRounds, type Growth, type Run } from './growth.ts';

/** How long nothing may arrive before what is missing is taken for lost, in milliseconds. */
const patienceMs = 10_000;

/** What is to be measured. */
export interface SubscriptionsSettings {
  readonly seed: number;
  readonly rounds: number;
  /** Deliveries of each run. */
  readonly events: number;
  /** Subscriptions, from few to many. */
  readonly sizes: readonly number[];
}

/** Measures deliveries a second beside few and many subscriptions, each of which is as likely as any other to get one. */
export async function measureSubscriptions(
  name: StorageName,
  storages: Storages,
  { seed, rounds, events, sizes }: SubscriptionsSettings,
  endpoints: Endpoints,
  tell: (line: string) => void,
): Promise<Growth> {
  const places = new Map<number, Place>();
  const losses = { missing: 0, repeated: 0 };
  try {
    for (const size of sizes) {
      tell(`${name}: making ${size} subscriptions …`);
      const place = storages.make(name);
      places.set(size, place);
      await subscribe(place, size, endpoints);
    }
    tell(`${name}: delivering beside ${sizes.join(', ')} subscriptions …`);
    const random = randomFrom(seed);
    const figures = await runRounds(sizes, rounds, async (size) => {
      const chosen = Array.from({ length: events + 1 }, () => Math.floor(random() * size));
      return deliver(places.get(size) as Place, size, chosen, endpoints, losses);
    });
    return { storage: name, sizes: figures, ...losses };
  } finally {
    for (const place of places.values()) await place.remove();
  }
}

async function deliver(
  place: Place,
  size: number,
  chosen: readonly number[],
  endpoints: Endpoints,
  losses: { missing: number; repeated: number },
): Promise<Run> {
  const records = chosen.length - 1;
  await endpoints.begin([], records);
  const { engine, errors } = makeEngine(place.storage());
  await engine.start();
  try {
    globalThis.gc?.();
    const cpuBefore = process.cpuUsage();
    const began = performance.now();
    await inParallel(callers, records, async (record) => {
      const subscription = chosen[record] as number;
      const input = { accountId: accountOf(subscription, size), objectType: 0, record: contact(record) };
      await engine.emit(topicOf(subscription), input);
    });
    const arrived = await endpoints.arrived(records, patienceMs);
    while (arrived === records && engine.lanes.list().length > 0) await new Promise(setImmediate);
    const tookMs = performance.now() - began;
    const cpu = process.cpuUsage(cpuBefore);
    const { count } = await endpoints.report();
    losses.missing += count.subarray(1).filter((times) => times === 0).length;
    losses.repeated += count.subarray(1).filter((times) => times > 1).length;
    if (errors[0]) throw errors[0];
    return { deliveriesPerSecond: (arrived * 1_000) / tookMs, cpuMicros: (cpu.user + cpu.system) / records, firstMs: 0 };
  } finally {
    await engine.stop();
  }
}
