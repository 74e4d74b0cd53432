import type { Settings } from './arguments.ts';
import { dispatchLoop, requestLoop } from './bare-loops.ts';
import type { Contestant, ContestantName, ModeName } from './contestant.ts';
import { memoryEngine, postgresEngine, sqliteEngine } from './engines.ts';
import { figuresOf, latencyOf, type Figures, type Latency } from './figures.ts';
import { describeMachine, describeVersions, type Machine } from './machine.ts';
import { startReceiver } from './receiving.ts';
import { openPostgresDatabase } from './postgres-database.ts';
import { noRedis, openRedisServer } from './redis-server.ts';
import { runRounds } from './rounds.ts';
import { fanOutWidth, inFlight, laneCount, originCount, requestsOf, type Workload } from './workload.ts';

export type ByContestant<Value> = Partial<Record<ContestantName, Value>>;

/** What the bench prints as JSON. */
export interface Result {
  readonly startedAt: string;
  readonly machine: Machine;
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: {
    readonly deliveries: number;
    /** Deliveries of each run of a backlog. */
    readonly backlog: number;
    readonly rounds: number;
    readonly inFlight: number;
    readonly lanes: number;
    readonly origins: number;
    /** Of an average body. */
    readonly bodyBytes: number;
  };
  readonly contestants: ByContestant<string>;
  /** How those are set up that are not by their defaults. */
  readonly setUps: ByContestant<string>;
  /** Who should have taken part and could not, with the reason. */
  readonly leftOut: ByContestant<string>;
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
  const opened: (() => Promise<void> | void)[] = [];
  const throughput: Result['throughput'] = {};
  let latencyMs: Result['latencyMs'] = {};
  let verifiedDeliveries = 0;
  let taking: readonly Contestant[] = [];
  let leftOut: readonly ContestantName[] = [];
  try {
    taking = (await openContestants(isTaking, opened)).filter(({ name }) => isTaking(name));
    leftOut = settings.contestants.filter((name) => !taking.some((one) => one.name === name));
    for (const name of leftOut) tell(`LEFT OUT: ${name}, because ${noRedis}`);
    const receiving = await startReceiver();
    opened.push(receiving.stop);
    for (const mode of settings.modes) {
      tell(`${mode} …`);
      const workload = workloadOf(mode, settings);
      const rounds = await runRounds(mode, workload, taking, settings, receiving);
      verifiedDeliveries += workload.records * workload.fanOut * settings.rounds * taking.length;
      if (mode === 'latency') latencyMs = eachOf(taking, (name) => latencyOf(name, rounds));
      else throughput[mode] = eachOf(taking, (name) => figuresOf(name, rounds));
    }
  } finally {
    for (const close of opened.toReversed()) await close();
  }
  return {
    startedAt,
    machine,
    versions: describeVersions(),
    settings: {
      deliveries: settings.events,
      backlog: settings.backlog,
      rounds: settings.rounds,
      inFlight,
      lanes: laneCount,
      origins: originCount,
      bodyBytes: averageBodyBytes(settings.events),
    },
    contestants: eachOf(taking, (name) => taking.find((one) => one.name === name)?.what ?? ''),
    setUps: eachOf(
      taking.filter(({ setUp }) => setUp !== undefined),
      (name) => taking.find((one) => one.name === name)?.setUp ?? '',
    ),
    leftOut: Object.fromEntries(leftOut.map((name) => [name, noRedis])),
    throughput,
    latencyMs,
    verifiedDeliveries,
    seconds: Math.round((performance.now() - began) / 1_000),
  };
}

/** Those that can take part, with the databases that they need; `opened` gets what is to be called in the end. */
async function openContestants(
  isTaking: (name: ContestantName) => boolean,
  opened: (() => Promise<void> | void)[],
): Promise<readonly Contestant[]> {
  const redis = isTaking('bullmq') ? await openRedisServer() : null;
  if (redis) opened.push(redis.close);
  const needPostgres = (['postgres', 'pg-boss', 'graphile-worker'] as const).some(isTaking);
  const postgres = needPostgres ? await openPostgresDatabase() : null;
  if (postgres) opened.push(postgres.close);
  return [
    dispatchLoop,
    requestLoop,
    memoryEngine,
    sqliteEngine,
    ...(postgres ? [postgresEngine(postgres)] : []),
    // Whoever does not take part need not be loaded.
    ...(redis ? [(await import('./bullmq.ts')).bullMqPeer(redis)] : []),
    ...(postgres && isTaking('pg-boss') ? [(await import('./pg-boss.ts')).pgBossPeer(postgres)] : []),
    ...(postgres && isTaking('graphile-worker') ? [(await import('./graphile-worker.ts')).graphileWorkerPeer(postgres)] : []),
  ];
}

function workloadOf(mode: ModeName, { events, backlog, latencyEvents }: Settings): Workload {
  if (mode === 'latency') return { records: latencyEvents, fanOut: 1 };
  if (mode === 'backlog') return { records: backlog, fanOut: 1 };
  return mode === 'fan-out' ? { records: Math.ceil(events / fanOutWidth), fanOut: fanOutWidth } : { records: events, fanOut: 1 };
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
