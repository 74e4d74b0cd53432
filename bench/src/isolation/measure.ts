import { inParallel } from '../contestant.ts';
import { spread, type Spread } from '../statistics.ts';
import { behaviours, makeSick, type Behaviour } from '../traffic/behaviours.ts';
import { monotonicMs } from '../traffic/clock.ts';
import type { Endpoints } from '../traffic/endpoints.ts';
import { randomFrom, shuffled } from '../traffic/random.ts';
import { makeSchedule, zipf, type Schedule } from '../traffic/schedule.ts';
import {
  healthyFigures,
  lossesOf,
  slotFigures,
  stages,
  type Healthy,
  type Latency,
  type Losses,
  type Slots,
  type Stage,
} from './figures.ts';
import { observe } from './run.ts';
import { endpointCount, type Sender } from './sender.ts';

/** Callers of emit that wait for one event before the next while it is found out what a sender holds. */
const callers = 100;
/** The share of that which it then gets. */
const share = 0.6;
/** Lanes are settled once what was sent first has met its deadline, and so long after. In milliseconds. */
const settleMs = 1_000;

/** What is to be measured. */
export interface IsolationSettings {
  readonly seed: number;
  readonly rounds: number;
  /** Of each run that are measured, after the time to settle. */
  readonly seconds: number;
  readonly deadlineMs: number;
  /** Events a second; 0 for 60 % of what each sender holds. */
  readonly perSecond: number;
}

/** Who is sick, and who gets how much. */
export interface Population {
  readonly endpointOfRank: readonly number[];
  readonly behaviourOf: readonly Behaviour[];
  /** The share of all traffic that is for endpoints of each behaviour. */
  readonly trafficShare: Readonly<Record<Behaviour, number>>;
}

/** One sender with all healthy and with a quarter sick. */
export interface IsolationFigures {
  readonly name: string;
  readonly what: string;
  readonly isOurs: boolean;
  /** Deliveries a second that it holds with everybody healthy; 0 when that was not asked. */
  readonly capacity: number;
  readonly perSecond: number;
  readonly alone: Summary;
  readonly beside: Summary;
  /** Of the p99 from when an event was due to its receipt: beside sick ones to alone, medians of the rounds. */
  readonly p99Ratio: Spread;
  readonly p50Ratio: Spread;
  /** Medians of the rounds, of runs with sick endpoints. */
  readonly slots: Readonly<Record<Behaviour, Slots>>;
  /** Over all runs. */
  readonly losses: Losses;
}

/** Medians of the rounds for endpoints that are healthy in both kinds of runs, in milliseconds. */
export interface Summary {
  readonly deliveries: number;
  readonly fromDue: Readonly<Record<keyof Latency, Spread>>;
  readonly fromEmit: Readonly<Record<keyof Latency, Spread>>;
  readonly stages: Readonly<Record<Stage, { readonly p50: number; readonly p99: number }>>;
  readonly slowest: Readonly<Record<Stage, number>>;
  /** The processor time of this process for each event emitted, in microseconds. */
  readonly cpuMicros: number;
}

/** Draws who is busy, who is quiet and who is sick. */
export function drawPopulation(seed: number): Population {
  const random = randomFrom(seed);
  const endpointOfRank = shuffled(
    Array.from({ length: endpointCount }, (_, endpoint) => endpoint),
    random,
  );
  const behaviourOf = makeSick(endpointOfRank, random);
  const trafficShare: Record<Behaviour, number> = { ok: 0, hang: 0, drip: 0, reset: 0, busy: 0 };
  const sum = endpointOfRank.reduce((total, _, rank) => total + 1 / (rank + 1), 0);
  for (const [rank, endpoint] of endpointOfRank.entries()) {
    trafficShare[behaviourOf[endpoint] ?? 'ok'] += 1 / (rank + 1) / sum;
  }
  return { endpointOfRank, behaviourOf, trafficShare };
}

/** Measures one sender: what it holds, then rounds of a run with all healthy and one with sick endpoints, in changing order. */
export async function measureIsolation(
  sender: Sender,
  population: Population,
  settings: IsolationSettings,
  endpoints: Endpoints,
  tell: (line: string) => void,
): Promise<IsolationFigures> {
  const { seed, rounds, deadlineMs, seconds } = settings;
  const capacity = settings.perSecond > 0 ? 0 : await findCapacity(sender, population, settings, endpoints);
  const perSecond = capacity === 0 ? settings.perSecond : Math.round(capacity * share);
  tell(`${sender.name}: ${capacity === 0 ? '' : `holds ${Math.round(capacity)} a second; `}runs at ${perSecond} a second`);
  const settledFromMs = deadlineMs + settleMs;
  const allHealthy = population.behaviourOf.map((): Behaviour => 'ok');
  const runs: Readonly<Record<'alone' | 'beside', Run[]>> = { alone: [], beside: [] };
  for (let round = 0; round < rounds; round += 1) {
    const schedule = drawSchedule(population, seed + round, perSecond, settledFromMs / 1_000 + seconds);
    for (const kind of round % 2 === 0 ? (['alone', 'beside'] as const) : (['beside', 'alone'] as const)) {
      const behaviourOf = kind === 'alone' ? allHealthy : population.behaviourOf;
      const plan = { schedule, behaviourOf, deadlineMs };
      const observed = await observe(sender.start, plan, endpoints);
      const isCounted = (endpoint: number): boolean => population.behaviourOf[endpoint] === 'ok';
      const run: Run = {
        healthy: healthyFigures(schedule, observed.timeline, isCounted, settledFromMs),
        slots: slotFigures(observed.samples, population.behaviourOf, observed.arrivals.requests, settledFromMs),
        losses: lossesOf(plan, observed),
        cpuMicros: (observed.cpuMs * 1_000) / schedule.records,
      };
      runs[kind].push(run);
      tell(`${sender.name}: round ${round + 1}, ${kind}: p99 ${run.healthy.fromDue.p99.toFixed(2)} ms`);
    }
  }
  return {
    name: sender.name,
    what: sender.what,
    isOurs: sender.isOurs,
    capacity: Math.round(capacity),
    perSecond,
    alone: summaryOf(runs.alone),
    beside: summaryOf(runs.beside),
    p99Ratio: ratioOf(runs, ({ fromDue }) => fromDue.p99),
    p50Ratio: ratioOf(runs, ({ fromDue }) => fromDue.p50),
    slots: medianSlots(runs.beside),
    losses: sumLosses([...runs.alone, ...runs.beside]),
  };
}

interface Run {
  readonly healthy: Healthy;
  readonly slots: Readonly<Record<Behaviour, Slots>>;
  readonly losses: Losses;
  readonly cpuMicros: number;
}

function drawSchedule({ endpointOfRank }: Population, seed: number, perSecond: number, seconds: number): Schedule {
  const random = randomFrom(seed ^ 0x5eed);
  return makeSchedule({ perSecond, seconds, choose: zipf(endpointOfRank, random), random });
}

/** Deliveries a second with everybody healthy and 100 callers that wait; the second of two runs, because the first warms up. */
async function findCapacity(
  sender: Sender,
  population: Population,
  { seed, deadlineMs, seconds }: IsolationSettings,
  endpoints: Endpoints,
): Promise<number> {
  let capacity = 0;
  // As much as takes a second or two, and then as much as takes at least two.
  let records = seconds >= 5 ? 5_000 : 500;
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const { endpoint } = drawSchedule(population, seed, records * 2, 1);
    const ofAll = population.behaviourOf.map((): Behaviour => 'ok');
    await endpoints.begin(ofAll, records);
    const setup = { endpoints, count: ofAll.length, deadlineMs, onSend: () => {} };
    const sending = await sender.start(setup);
    try {
      const began = monotonicMs();
      await inParallel(callers, records, async (record) => sending.emit(record, endpoint[record % endpoint.length] as number));
      const arrived = await endpoints.arrived(records, 10_000);
      capacity = (arrived * 1_000) / (monotonicMs() - began);
    } finally {
      await sending.stop();
    }
    records = Math.max(records, Math.min(20_000, Math.round(capacity * 2)));
  }
  return capacity;
}

function summaryOf(runs: readonly Run[]): Summary {
  const median = (value: (run: Run) => number): number => spread(runs.map(value), 2).median;
  const latency = (of: 'fromDue' | 'fromEmit') => {
    const one = (name: keyof Latency): Spread =>
      spread(
        runs.map(({ healthy }) => healthy[of][name]),
        2,
      );
    return { p50: one('p50'), p99: one('p99'), p999: one('p999') };
  };
  const byStage = <Value>(value: (stage: Stage) => Value) =>
    Object.fromEntries(stages.map((stage) => [stage, value(stage)])) as Readonly<Record<Stage, Value>>;
  return {
    deliveries: runs.reduce((sum, { healthy }) => sum + healthy.deliveries, 0),
    fromDue: latency('fromDue'),
    fromEmit: latency('fromEmit'),
    stages: byStage((stage) => ({
      p50: median(({ healthy }) => healthy.stages[stage].p50),
      p99: median(({ healthy }) => healthy.stages[stage].p99),
    })),
    slowest: byStage((stage) => median(({ healthy }) => healthy.slowest[stage])),
    cpuMicros: median((run) => run.cpuMicros),
  };
}

function ratioOf(runs: Readonly<Record<'alone' | 'beside', readonly Run[]>>, value: (healthy: Healthy) => number): Spread {
  const ratios = runs.beside.map(({ healthy }, round) => value(healthy) / value((runs.alone[round] as Run).healthy));
  return spread(ratios, 3);
}

function medianSlots(runs: readonly Run[]): Readonly<Record<Behaviour, Slots>> {
  const figures = behaviours.map((behaviour): [Behaviour, Slots] => {
    const of = (value: (slots: Slots) => number): number =>
      spread(
        runs.map(({ slots }) => value(slots[behaviour])),
        1,
      ).median;
    const isLimited = runs.some(({ slots }) => slots[behaviour].highestLimit !== null);
    return [
      behaviour,
      {
        // What a lane may take is a bound: the worst of the rounds counts.
        mostOfLane: Math.max(...runs.map(({ slots }) => slots[behaviour].mostOfLane)),
        mostOfLaneSettled: Math.max(...runs.map(({ slots }) => slots[behaviour].mostOfLaneSettled)),
        lanesBeyondTwo: of(({ lanesBeyondTwo }) => lanesBeyondTwo),
        meanInFlight: of(({ meanInFlight }) => meanInFlight),
        meanWaiting: of(({ meanWaiting }) => meanWaiting),
        highestLimit: isLimited ? of(({ highestLimit }) => highestLimit ?? 0) : null,
        requests: of(({ requests }) => requests),
      },
    ];
  });
  return Object.fromEntries(figures) as Readonly<Record<Behaviour, Slots>>;
}

function sumLosses(runs: readonly Run[]): Losses {
  const sum = (value: (losses: Losses) => number): number => runs.reduce((total, { losses }) => total + value(losses), 0);
  return {
    missing: sum(({ missing }) => missing),
    repeated: sum(({ repeated }) => repeated),
    failedAttempts: sum(({ failedAttempts }) => failedAttempts),
    forgotten: sum(({ forgotten }) => forgotten),
    unrecorded: sum(({ unrecorded }) => unrecorded),
  };
}
