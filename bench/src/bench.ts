import type { Settings } from './arguments.ts';
import { dispatchLoop, requestLoop } from './bare-loops.ts';
import type { Contestant, ContestantName, ModeName } from './contestant.ts';
import { memoryEngine, postgresEngine, sqliteEngine } from './engines.ts';
import { describeMachine, describeVersions, type Machine } from './machine.ts';
import { startReceiver, type Receiving } from './receiving.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { run, type Run } from './run.ts';
import { spread, type Spread } from './statistics.ts';
import type { Sent } from './verify.ts';
import { fanOutWidth, inFlight, laneCount, originCount, requestsOf, type Workload } from './workload.ts';

/** How a contestant did in one mode. */
export interface Figures {
  readonly deliveriesPerSecond: Spread;
  /** To each bare loop, of runs in the same round; null when that loop took no part. */
  readonly ratio: { readonly dispatch: Spread | null; readonly request: Spread | null };
  /** What the process of the sender computed for one delivery, all its threads included. */
  readonly cpuMicrosPerDelivery: Spread;
}

/** From emit to receipt. */
export interface Latency {
  readonly p50: Spread;
  readonly p99: Spread;
}

type ByContestant<Value> = Partial<Record<ContestantName, Value>>;

/** What the bench prints as JSON. */
export interface Result {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: {
    readonly deliveries: number;
    readonly rounds: number;
    readonly inFlight: number;
    readonly lanes: number;
    readonly origins: number;
    /** Of an average body. */
    readonly bodyBytes: number;
  };
  readonly contestants: ByContestant<string>;
  readonly throughput: Partial<Record<Exclude<ModeName, 'latency'>, ByContestant<Figures>>>;
  readonly latencyMs: ByContestant<Latency>;
  /** Deliveries that were sent and found to have arrived exactly once, over all runs. */
  readonly verifiedDeliveries: number;
  readonly seconds: number;
}

/** Runs the bench. Each round has one run of each contestant, in another order than the last. */
export async function bench(settings: Settings, tell: (line: string) => void): Promise<Result> {
  const began = performance.now();
  const startedAt = new Date().toISOString();
  const machine = describeMachine();
  const isTaking = (name: ContestantName): boolean => settings.contestants.includes(name);
  const postgres = isTaking('postgres') ? await openPostgresDatabase() : null;
  const contestants: readonly Contestant[] = [dispatchLoop, requestLoop, memoryEngine, sqliteEngine];
  const taking = [...contestants.filter(({ name }) => isTaking(name)), ...(postgres ? [postgresEngine(postgres)] : [])];
  const receiving = await startReceiver();
  const throughput: Result['throughput'] = {};
  let latencyMs: Result['latencyMs'] = {};
  let verifiedDeliveries = 0;
  try {
    for (const mode of settings.modes) {
      tell(`${mode} …`);
      const workload = workloadOf(mode, settings);
      const rounds = await runRounds(mode, workload, taking, settings.rounds, receiving);
      verifiedDeliveries += workload.records * workload.fanOut * settings.rounds * taking.length;
      if (mode === 'latency') latencyMs = eachOf(taking, (name) => latencyOf(name, rounds));
      else throughput[mode] = eachOf(taking, (name) => figuresOf(name, rounds));
    }
  } finally {
    receiving.stop();
    await postgres?.close();
  }
  return {
    startedAt,
    machine,
    versions: describeVersions(),
    settings: {
      deliveries: settings.events,
      rounds: settings.rounds,
      inFlight,
      lanes: laneCount,
      origins: originCount,
      bodyBytes: averageBodyBytes(settings.events),
    },
    contestants: eachOf(taking, (name) => taking.find((one) => one.name === name)?.what ?? ''),
    throughput,
    latencyMs,
    verifiedDeliveries,
    seconds: Math.round((performance.now() - began) / 1_000),
  };
}

function workloadOf(mode: ModeName, { events, latencyEvents }: Settings): Workload {
  if (mode === 'latency') return { records: latencyEvents, fanOut: 1 };
  return mode === 'fan-out' ? { records: Math.ceil(events / fanOutWidth), fanOut: fanOutWidth } : { records: events, fanOut: 1 };
}

type Round = ReadonlyMap<ContestantName, Run>;

async function runRounds(
  mode: ModeName,
  workload: Workload,
  taking: readonly Contestant[],
  count: number,
  receiving: Receiving,
): Promise<readonly Round[]> {
  // Once unmeasured: what runs first would otherwise pay for the compilation of what all of them share.
  const warmUp = { ...workload, records: Math.ceil(workload.records / 2) };
  await runRound(mode, warmUp, taking, receiving, undefined);
  const rounds: Round[] = [];
  let sent: Sent | undefined;
  for (let round = 0; round < count; round += 1) {
    const first = round % taking.length;
    const order = [...taking.slice(first), ...taking.slice(0, first)];
    const runs = await runRound(mode, workload, order, receiving, sent);
    sent = runs.values().next().value?.sent;
    rounds.push(runs);
  }
  return rounds;
}

async function runRound(
  mode: ModeName,
  workload: Workload,
  order: readonly Contestant[],
  receiving: Receiving,
  before: Sent | undefined,
): Promise<Round> {
  const runs = new Map<ContestantName, Run>();
  let sent = before;
  for (const contestant of order) {
    const one = await run(contestant, mode, workload, receiving, sent);
    sent = one.sent;
    runs.set(contestant.name, one);
  }
  return runs;
}

function figuresOf(name: ContestantName, rounds: readonly Round[]): Figures {
  return {
    deliveriesPerSecond: spread(
      valuesOf(name, rounds, ({ deliveriesPerSecond }) => deliveriesPerSecond),
      0,
    ),
    ratio: { dispatch: ratioTo('dispatch', name, rounds), request: ratioTo('request', name, rounds) },
    cpuMicrosPerDelivery: spread(
      valuesOf(name, rounds, ({ cpuMicros }) => cpuMicros),
      1,
    ),
  };
}

function latencyOf(name: ContestantName, rounds: readonly Round[]): Latency {
  return {
    p50: spread(
      valuesOf(name, rounds, ({ latencyMs }) => latencyMs.p50),
      2,
    ),
    p99: spread(
      valuesOf(name, rounds, ({ latencyMs }) => latencyMs.p99),
      2,
    ),
  };
}

function ratioTo(bare: 'dispatch' | 'request', name: ContestantName, rounds: readonly Round[]): Spread | null {
  const ratios = rounds.flatMap((round) => {
    const [own, other] = [round.get(name), round.get(bare)];
    return own && other ? [own.deliveriesPerSecond / other.deliveriesPerSecond] : [];
  });
  return ratios.length === 0 ? null : spread(ratios, 3);
}

function valuesOf(name: ContestantName, rounds: readonly Round[], value: (run: Run) => number): number[] {
  return rounds.flatMap((round) => {
    const one = round.get(name);
    return one ? [value(one)] : [];
  });
}

function eachOf<Value>(taking: readonly Contestant[], value: (name: ContestantName) => Value): ByContestant<Value> {
  const all: ByContestant<Value> = {};
  for (const { name } of taking) all[name] = value(name);
  return all;
}

function averageBodyBytes(records: number): number {
  const bodies = Array.from({ length: records }, (_, index) => requestsOf(index + 1, 1)[0]?.body ?? '');
  return Math.round(bodies.reduce((sum, body) => sum + Buffer.byteLength(body), 0) / records);
}
