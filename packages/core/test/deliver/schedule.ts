import type { LaneLimits } from '../../src/deliver/lanes.ts';
import type { SeededRandom } from './seeded-random.ts';
import { behaviours } from './simulated-network.ts';

/** So many deliveries for one lane at one time, and how many of them have been tried before. */
interface Burst {
  readonly at: number;
  readonly lane: number;
  readonly count: number;
  readonly retries: number;
}

interface PlannedLane {
  readonly accountId: string;
  readonly behaviour: (typeof behaviours)[number];
  readonly healsAt: number;
  /** When its subscription ends; null for never. */
  readonly endsAt: number | null;
}

/** All that a seed decides before the simulation begins. */
export interface Schedule {
  readonly seed: number;
  readonly limits: Omit<LaneLimits, 'monotonicNow'>;
  readonly lanes: readonly PlannedLane[];
  readonly bursts: readonly Burst[];
  /** The waits before retries, in milliseconds; after the last one a delivery fails. */
  readonly retryMs: readonly number[];
  /** After so many failures in a row a subscription is suspended. */
  readonly suspendAfter: number;
}

/** Makes the schedule of a seed. */
export function makeSchedule(seed: number, random: SeededRandom): Schedule {
  const concurrency = random.low(1, 10);
  const isFlood = random.chance(0.4);
  const limits = {
    concurrency,
    laneConcurrency: random.from(1, 5),
    accountConcurrency: random.chance(0.5) ? concurrency : random.low(1, concurrency),
    slowAfterMs: 1_000,
    slowConcurrency: random.from(1, 4),
    maxDeliveriesInMemory: isFlood ? 60 : random.low(1, 60),
    groupSize: random.low(1, 20),
  };
  const accounts = random.from(1, 4);
  const allQuick = random.chance(0.3);
  const sick = allQuick ? (['quick', 'fails'] as const) : behaviours;
  const lanes = Array.from({ length: random.from(2, 8) }, () => ({
    accountId: String(random.from(1, accounts)),
    behaviour: random.chance(0.4) ? 'quick' : random.pick(sick),
    healsAt: random.from(0, 40_000),
    endsAt: random.chance(0.04) ? random.from(0, 10_000) : null,
  }));
  const bursts: Burst[] = [];
  for (let left = isFlood ? random.from(20, 60) : random.low(5, 60); left > 0;) {
    const count = Math.min(left, random.low(1, 30));
    const isBacklog = random.chance(isFlood ? 0.8 : 0.4);
    bursts.push({
      at: isBacklog ? 0 : random.from(1, random.chance(0.5) ? 100 : 4_000),
      lane: random.from(1, lanes.length),
      count,
      retries: isBacklog && random.chance(0.5) ? (random.chance(0.5) ? count : random.from(0, count)) : 0,
    });
    left -= count;
  }
  const retryMs = Array.from({ length: random.from(0, 3) }, () => random.from(0, random.chance(0.5) ? 50 : 20_000));
  return { seed, limits, lanes, bursts, retryMs, suspendAfter: random.from(2, 12) };
}
