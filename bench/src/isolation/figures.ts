import { percentile } from '../statistics.ts';
import type { Behaviour } from '../traffic/behaviours.ts';
import { behaviours } from '../traffic/behaviours.ts';
import type { Schedule } from '../traffic/schedule.ts';
import type { Observed, Plan, Sample, Timeline } from './run.ts';

/** The stages of a delivery: from when it was due to be emitted, to the call, to durable, to sent, to received. */
export const stages = ['late', 'store', 'wait', 'wire'] as const;
export type Stage = (typeof stages)[number];

/** Latencies in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

/** How healthy endpoints were served. */
export interface Healthy {
  readonly deliveries: number;
  /** From when each was due to be emitted to its receipt, so that a thread that is held up counts as well. */
  readonly fromDue: Latency;
  /** From the call of emit to the receipt. */
  readonly fromEmit: Latency;
  readonly stages: Readonly<Record<Stage, Pick<Latency, 'p50' | 'p99'>>>;
  /** Of the slowest hundredth by `fromDue`: the mean of each stage, in milliseconds. */
  readonly slowest: Readonly<Record<Stage, number>>;
}

/** The slots that endpoints of one behaviour took. */
export interface Slots {
  /** The most in flight of one lane at any time, and once the time to settle was over. */
  readonly mostOfLane: number;
  readonly mostOfLaneSettled: number;
  /** Lanes that had more than two in flight at any look, once the time to settle was over. */
  readonly lanesBeyondTwo: number;
  /** All lanes of the behaviour together, on the average once the time to settle was over. */
  readonly meanInFlight: number;
  readonly meanWaiting: number;
  /** The highest limit that one of its lanes had, once the time to settle was over; null where there are none. */
  readonly highestLimit: number | null;
  /** Requests that arrived, retries included. */
  readonly requests: number;
}

/** Deliveries that should be somewhere and are not, or came too often. */
export interface Losses {
  /** To healthy endpoints, neither arrived nor stored to be tried again. */
  readonly missing: number;
  /** Requests to healthy endpoints that came again, those that follow a failed attempt left out: its answer came too late. */
  readonly repeated: number;
  /** Attempts to healthy endpoints that failed, most of them because the answer came too late. */
  readonly failedAttempts: number;
  /** To sick endpoints, neither arrived with an answer nor stored. */
  readonly forgotten: number;
  /** To healthy endpoints, arrived, without a failed attempt, and still not finished long after. */
  readonly unrecorded: number;
}

/** Deliveries that are counted of one lane at the most. */
export const mostCounted = 10_000;

/**
 * How the endpoints that are healthy in both kinds of runs were served, of what was due from `fromMs` on.
 *
 * @param isHealthy whether an endpoint is counted
 */
export function healthyFigures(
  { dueMs, endpoint, records }: Schedule,
  timeline: Timeline,
  isHealthy: (endpoint: number) => boolean,
  fromMs: number,
): Healthy {
  const counted: number[] = [];
  for (let record = 1; record <= records; record += 1) {
    if ((dueMs[record] as number) < fromMs || !isHealthy(endpoint[record] as number)) continue;
    if (timeline.receivedAt[record] !== 0) counted.push(record);
  }
  const parts = counted.map((record) => partsOf(timeline, record));
  const totals = parts.map(({ late, store, wait, wire }) => late + store + wait + wire);
  const bound = percentile(totals, 0.99);
  const slow = parts.filter((_, index) => (totals[index] as number) >= bound);
  const byStage = <Value>(value: (stage: Stage) => Value) =>
    Object.fromEntries(stages.map((stage) => [stage, value(stage)])) as Readonly<Record<Stage, Value>>;
  return {
    deliveries: counted.length,
    fromDue: latencyOf(totals),
    fromEmit: latencyOf(parts.map(({ store, wait, wire }) => store + wait + wire)),
    stages: byStage((stage) => {
      const { p50, p99 } = latencyOf(parts.map((part) => part[stage]));
      return { p50, p99 };
    }),
    slowest: byStage((stage) => slow.reduce((sum, part) => sum + part[stage], 0) / Math.max(1, slow.length)),
  };
}

/** What one delivery spent in each stage. One that was sent before its caller was told that it is durable waited for nothing. */
function partsOf({ dueAt, emittedAt, storedAt, sentAt, receivedAt }: Timeline, record: number): Record<Stage, number> {
  const at = (times: Float64Array): number => times[record] as number;
  const received = at(receivedAt);
  const sent = Math.min(at(sentAt) === 0 ? received : at(sentAt), received);
  const stored = Math.min(at(storedAt) === 0 ? sent : at(storedAt), sent);
  return { late: at(emittedAt) - at(dueAt), store: stored - at(emittedAt), wait: sent - stored, wire: received - sent };
}

function latencyOf(values: readonly number[]): Latency {
  return { p50: percentile(values, 0.5), p99: percentile(values, 0.99), p999: percentile(values, 0.999) };
}

/** The slots that each behaviour took; lanes are settled from `settledFromMs` on. */
export function slotFigures(
  samples: readonly Sample[],
  behaviourOf: readonly Behaviour[],
  requests: Readonly<Record<Behaviour, number>>,
  settledFromMs: number,
): Readonly<Record<Behaviour, Slots>> {
  const settled = samples.filter(({ atMs }) => atMs >= settledFromMs);
  const figures = behaviours.map((behaviour): [Behaviour, Slots] => {
    const of = (all: readonly Sample[]) =>
      all.flatMap(({ lanes }) => lanes.filter(({ endpoint }) => behaviourOf[endpoint] === behaviour));
    const settledLanes = of(settled);
    const limits = settledLanes.flatMap(({ limit }) => (limit === null ? [] : [limit]));
    const most = (values: readonly number[]): number => values.reduce((one, other) => Math.max(one, other), 0);
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / Math.max(1, settled.length);
    return [
      behaviour,
      {
        mostOfLane: most(of(samples).map(({ inFlight }) => inFlight)),
        mostOfLaneSettled: most(settledLanes.map(({ inFlight }) => inFlight)),
        lanesBeyondTwo: new Set(settledLanes.filter(({ inFlight }) => inFlight > 2).map(({ endpoint }) => endpoint)).size,
        meanInFlight: mean(settledLanes.map(({ inFlight }) => inFlight)),
        meanWaiting: mean(settledLanes.map(({ waiting }) => waiting)),
        highestLimit: limits.length === 0 ? null : most(limits),
        requests: requests[behaviour],
      },
    ];
  });
  return Object.fromEntries(figures) as Readonly<Record<Behaviour, Slots>>;
}

/** What a run lost: everything is to have arrived once, or to be stored still where the endpoint is sick. */
export function lossesOf(
  { schedule, behaviourOf }: Pick<Plan, 'schedule' | 'behaviourOf'>,
  { arrivals, unfinished, retried }: Pick<Observed, 'arrivals' | 'unfinished' | 'retried'>,
): Losses {
  const losses = { missing: 0, repeated: 0, failedAttempts: 0, forgotten: 0, unrecorded: 0 };
  const emitted = new Map<number, number>();
  const absent = new Map<number, number>();
  for (let record = 1; record <= schedule.records; record += 1) {
    const endpoint = schedule.endpoint[record] as number;
    const times = arrivals.count[record] as number;
    const isHealthy = behaviourOf[endpoint] === 'ok';
    if (!isHealthy) emitted.set(endpoint, (emitted.get(endpoint) ?? 0) + 1);
    else if (times === 0) absent.set(endpoint, (absent.get(endpoint) ?? 0) + 1);
    else losses.repeated += times - 1;
  }
  for (const [endpoint, count] of absent) losses.missing += Math.max(0, count - (unfinished.get(endpoint) ?? 0));
  for (const [endpoint, count] of emitted) {
    losses.forgotten += Math.max(0, Math.min(count, mostCounted) - (unfinished.get(endpoint) ?? 0));
  }
  for (const [endpoint, count] of unfinished) if (behaviourOf[endpoint] === 'ok') losses.unrecorded += count;
  for (const [endpoint, count] of retried) if (behaviourOf[endpoint] === 'ok') losses.failedAttempts += count;
  losses.repeated = Math.max(0, losses.repeated - losses.failedAttempts);
  losses.unrecorded = Math.max(0, losses.unrecorded - losses.failedAttempts);
  return losses;
}
