import type { ContestantName } from './contestant.ts';
import type { Round } from './rounds.ts';
import type { Run } from './run.ts';
import { spread, type Spread } from './statistics.ts';

/** Those that the others are compared with: the bare loops, and the job queues of others. */
export const baselineNames = ['dispatch', 'request', 'bullmq', 'pg-boss', 'graphile-worker'] as const;
export type BaselineName = (typeof baselineNames)[number];

/** How a contestant did in one mode. */
export interface Figures {
  readonly deliveriesPerSecond: Spread;
  /** Deliveries per second to those of a baseline in the same round; null when that one took no part. */
  readonly ratio: Readonly<Record<BaselineName, Spread | null>>;
  /** What the process of the sender computed for one delivery, all its threads included. */
  readonly cpuMicrosPerDelivery: Spread;
  /** The same for all processes of its database; null where it has none, or where that cannot be read. */
  readonly databaseCpuMicrosPerDelivery: Spread | null;
  /** What it asked of PostgreSQL for one delivery; null where it did not. */
  readonly statementsPerDelivery: Spread | null;
  /** In a backlog, how fast its first and its last tenth arrived, and the ratio of the two; null in other modes. */
  readonly tenths: { readonly first: Spread; readonly last: Spread; readonly ratio: Spread } | null;
}

/** From emit to receipt. */
export interface Latency {
  readonly p50: Spread;
  readonly p99: Spread;
}

export function figuresOf(name: ContestantName, rounds: readonly Round[]): Figures {
  const over = (value: (run: Run) => number | null, digits: number): Spread | null => spreadOf(name, rounds, value, digits);
  const surely = (value: (run: Run) => number, digits: number): Spread => over(value, digits) ?? spread([], digits);
  const first = over(({ tenths }) => tenths?.first ?? null, 0);
  const last = over(({ tenths }) => tenths?.last ?? null, 0);
  const ratio = over(({ tenths }) => tenths && tenths.last / tenths.first, 3);
  return {
    deliveriesPerSecond: surely(({ deliveriesPerSecond }) => deliveriesPerSecond, 0),
    ratio: ratiosOf(name, rounds),
    cpuMicrosPerDelivery: surely(({ cpuMicros }) => cpuMicros, 1),
    databaseCpuMicrosPerDelivery: over(({ databaseCpuMicros }) => databaseCpuMicros, 1),
    statementsPerDelivery: over(({ statements }) => statements, 3),
    tenths: first && last && ratio && { first, last, ratio },
  };
}

export function latencyOf(name: ContestantName, rounds: readonly Round[]): Latency {
  return {
    p50: spreadOf(name, rounds, ({ latencyMs }) => latencyMs.p50, 2) ?? spread([], 2),
    p99: spreadOf(name, rounds, ({ latencyMs }) => latencyMs.p99, 2) ?? spread([], 2),
  };
}

function ratiosOf(name: ContestantName, rounds: readonly Round[]): Figures['ratio'] {
  const to = (baseline: BaselineName): Spread | null => {
    const ratios = rounds.flatMap((round) => {
      const [own, other] = [round.get(name), round.get(baseline)];
      return own && other ? [own.deliveriesPerSecond / other.deliveriesPerSecond] : [];
    });
    return ratios.length === 0 ? null : spread(ratios, 3);
  };
  return Object.fromEntries(baselineNames.map((baseline) => [baseline, to(baseline)])) as Figures['ratio'];
}

/** Of one figure over all rounds; null where it was not measured. */
function spreadOf(
  name: ContestantName,
  rounds: readonly Round[],
  value: (run: Run) => number | null,
  digits: number,
): Spread | null {
  const values = rounds.flatMap((round) => {
    const one = round.get(name);
    const found = one ? value(one) : null;
    return found === null ? [] : [found];
  });
  return values.length === 0 ? null : spread(values, digits);
}
