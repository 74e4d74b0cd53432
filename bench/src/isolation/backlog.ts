import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import {
  EngineOptionsSchema,
  ontraportCatalog,
  resolveOptions,
  type NewDelivery,
  type StorageAdapter,
  type StoredEvent,
  type Subscription,
} from '@hookwell/core';
import { percentile, spread, type Spread } from '../statistics.ts';
import type { Place, StorageName, Storages } from '../storages.ts';
import type { Behaviour } from '../traffic/behaviours.ts';
import type { Endpoints } from '../traffic/endpoints.ts';
import { randomFrom } from '../traffic/random.ts';
import { makeSchedule } from '../traffic/schedule.ts';
import { startOn } from './engine-sender.ts';
import { healthyFigures, lossesOf } from './figures.ts';
import { observe, type Sample } from './run.ts';
import { accountOf } from './sender.ts';

/** Endpoints with live traffic; the one after them has the backlog. */
const liveEndpoints = 20;
const backlogged = liveEndpoints;

/**
 * Whose backlog it is: one that never answers, one that has just been opened again and answers, or one that answers and is sent
 * what happened before it existed, by a replay at its default pace that goes on from run to run.
 */
export type Backlogged = 'dead' | 'catching-up' | 'replaying';
/** That of a replay which is told nothing else, in deliveries a second. */
const { pacePerSecond: replayPace } = resolveOptions(EngineOptionsSchema.properties.replay, {}, 'replay');
/** Deliveries stored in one call. */
const storedAtOnce = 1_000;
/** Records of the backlog count from here, beyond those of any run. */
const firstRecord = 1_000_000_000;
/** Before that, a run is not measured, in milliseconds. */
const warmUpMs = 2_000;
/** How long after the last delivery was stored a subscription is opened again, so that all of them are older. In milliseconds. */
const openedAfterMs = 5;

/** What is to be measured. */
export interface BacklogSettings {
  readonly seed: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly deadlineMs: number;
  /** Deliveries that wait for a dead endpoint or are replayed, from the first round on, or for one that catches up, in each. */
  readonly backlog: number;
  readonly perSecond: number;
}

/** Live traffic with and without a backlog for one endpoint. */
export interface BacklogFigures {
  readonly name: string;
  readonly of: Backlogged;
  readonly backlog: number;
  readonly perSecond: number;
  /** The p99 from when an event was due to its receipt, in milliseconds. */
  readonly alone: Spread;
  readonly beside: Spread;
  readonly p99Ratio: Spread;
  /** What the process grew by from the first quarter of a run to the last. */
  readonly rssGrowthMib: { readonly alone: Spread; readonly beside: Spread };
  /** The most that its lane had in flight, after the warm-up. */
  readonly slots: number;
  /** Live deliveries that never arrived or came twice, and deliveries of the backlog that are gone. */
  readonly lost: number;
}

/** Measures live traffic beside a backlog, and without one, in turn. */
export async function measureBacklog(
  name: StorageName,
  of: Backlogged,
  storages: Storages,
  settings: BacklogSettings,
  endpoints: Endpoints,
  tell: (line: string) => void,
): Promise<BacklogFigures> {
  const { seed, rounds, seconds, deadlineMs, backlog, perSecond } = settings;
  const places = { alone: storages.make(name), beside: storages.make(name) };
  const behaviourOf = Array.from({ length: liveEndpoints + 1 }, (_, endpoint): Behaviour => {
    return endpoint === backlogged && of === 'dead' ? 'hang' : 'ok';
  });
  try {
    tell(`${name}: storing ${backlog} deliveries for one endpoint …`);
    if (of !== 'catching-up') await fill(places.beside, endpoints, of, backlog);
    const p99s: Record<'alone' | 'beside', number[]> = { alone: [], beside: [] };
    const growth: Record<'alone' | 'beside', number[]> = { alone: [], beside: [] };
    let [slots, lost] = [0, 0];
    // The first round warms both up and does not count.
    for (let round = 0; round <= rounds; round += 1) {
      const random = randomFrom(seed + round);
      const choose = (): number => Math.floor(random() * liveEndpoints);
      const schedule = makeSchedule({ perSecond, seconds: warmUpMs / 1_000 + seconds, choose, random });
      for (const kind of round % 2 === 0 ? (['alone', 'beside'] as const) : (['beside', 'alone'] as const)) {
        const plan = { schedule, behaviourOf, deadlineMs };
        if (kind === 'beside' && of === 'catching-up') await fillWhileClosed(places.beside, endpoints, backlog);
        const observed = await observe(async (setup) => startOn(places[kind], setup), plan, endpoints);
        const { missing, repeated } = lossesOf(plan, observed);
        lost += missing + repeated;
        const left = observed.unfinished.get(backlogged) ?? 0;
        if (kind === 'beside' && of === 'dead') lost += Math.max(0, Math.min(backlog, 10_000) - left);
        if (kind === 'beside' && of === 'catching-up') lost += left;
        if (round === 0) continue;
        const { fromDue } = healthyFigures(schedule, observed.timeline, (endpoint) => endpoint !== backlogged, warmUpMs);
        p99s[kind].push(fromDue.p99);
        growth[kind].push(growthOf(observed.samples));
        if (kind === 'beside') slots = Math.max(slots, mostInFlight(observed.samples));
        tell(`${name}: round ${round}, ${kind === 'alone' ? 'without' : 'beside'} it: p99 ${fromDue.p99.toFixed(2)} ms`);
      }
    }
    return {
      name: `hookwell-${name}`,
      of,
      backlog,
      perSecond,
      alone: spread(p99s.alone, 2),
      beside: spread(p99s.beside, 2),
      p99Ratio: spread(
        p99s.beside.map((p99, round) => p99 / (p99s.alone[round] as number)),
        3,
      ),
      rssGrowthMib: { alone: spread(growth.alone, 1), beside: spread(growth.beside, 1) },
      slots,
      lost,
    };
  } finally {
    await places.alone.remove();
    await places.beside.remove();
  }
}

/** What a process grew by: the median of the last quarter of what was seen against that of the first, after the warm-up. */
export function growthOf(samples: readonly Pick<Sample, 'atMs' | 'rssMib'>[]): number {
  const seen = samples.filter(({ atMs }) => atMs >= warmUpMs).map(({ rssMib }) => rssMib);
  const quarter = Math.max(1, Math.floor(seen.length / 4));
  return percentile(seen.slice(-quarter), 0.5) - percentile(seen.slice(0, quarter), 0.5);
}

function mostInFlight(samples: readonly Sample[]): number {
  return samples
    .filter(({ atMs }) => atMs >= warmUpMs)
    .flatMap(({ lanes }) => lanes.filter(({ endpoint }) => endpoint === backlogged))
    .reduce((most, { inFlight }) => Math.max(most, inFlight), 0);
}

/** Stores a backlog for the last endpoint, past the engine, because nothing of it is to be sent now; or events and a replay of them. */
async function fill(place: Place, endpoints: Endpoints, of: Backlogged, backlog: number): Promise<void> {
  const storage = place.fillingStorage();
  await storage.start({ now: Date.now });
  const subscription = await subscribed(storage, endpoints);
  await storeAll(storage, subscription, backlog, of === 'dead');
  if (of === 'replaying') {
    const { accountId, id: subscriptionId } = subscription;
    const when = { from: 0, until: null };
    const filter = { subscriptionId, topic: null, record: null, ...when, outcomes: [], missing: true };
    await storage.createReplay({ id: randomUUID(), accountId, filter, pacePerSecond: replayPace });
  }
  await storage.stop();
}

/** The same as if it had been paused meanwhile and is now open again. */
async function fillWhileClosed(place: Place, endpoints: Endpoints, backlog: number): Promise<void> {
  const storage = place.fillingStorage();
  await storage.start({ now: Date.now });
  const subscription = await subscribed(storage, endpoints);
  const move = { subscriptionId: subscription.id, reason: '', pauseLaneMs: 0 };
  const [paused] = await storage.moveHealth([{ ...move, healthVersion: subscription.healthVersion, health: 'paused' }]);
  await storeAll(storage, subscription, backlog, true);
  await setTimeout(openedAfterMs);
  await storage.moveHealth([{ ...move, healthVersion: paused?.healthVersion ?? -1, health: 'healthy' }]);
  await storage.stop();
}

async function subscribed(storage: StorageAdapter, endpoints: Endpoints): Promise<Subscription> {
  const accountId = String(accountOf(backlogged));
  const topic = `sub_tag(${backlogged})`;
  const [found] = await storage.findSubscriptions([{ accountId, topic }]);
  const plain = { format: 'full', encoding: 'json', data: '', attributes: {} } as const;
  return found ?? storage.createSubscription({ accountId, url: endpoints.urlOf(backlogged), topic, ...plain });
}

async function storeAll(
  storage: StorageAdapter,
  { accountId, topic, id: subscriptionId }: Subscription,
  backlog: number,
  withDeliveries: boolean,
): Promise<void> {
  for (let stored = 0; stored < backlog; stored += storedAtOnce) {
    const count = Math.min(storedAtOnce, backlog - stored);
    await store(storage, count, stored, { accountId, topic, subscriptionId }, withDeliveries);
  }
}

async function store(
  storage: StorageAdapter,
  count: number,
  stored: number,
  { accountId, topic, subscriptionId }: { readonly accountId: string; readonly topic: string; readonly subscriptionId: number },
  withDeliveries: boolean,
): Promise<void> {
  const events: StoredEvent[] = [];
  const deliveries: NewDelivery[] = [];
  const { blank } = ontraportCatalog.objectTypes.get(0) as { readonly blank: StoredEvent['record'] };
  for (let number = 0; number < count; number += 1) {
    const id = randomUUID();
    events.push({
      id,
      accountId,
      topic,
      objectType: 0,
      record: { ...blank, id: firstRecord + stored + number },
      occurredAt: Date.now(),
      idempotencyKey: null,
      metadata: {},
    });
    if (withDeliveries) deliveries.push({ id: randomUUID(), accountId, subscriptionId, eventId: id, leased: false });
  }
  await storage.storeEvents({ events, deliveries, fence: 'backlog', leaseMs: 60_000 });
}
