import { spread, type Spread } from '../statistics.ts';

/** What one run at one size came to. */
export interface Run {
  readonly deliveriesPerSecond: number;
  /** What this process computed for one delivery, in microseconds. */
  readonly cpuMicros: number;
  /** From the start of the engine to the first delivery, in milliseconds; zero where it was not measured. */
  readonly firstMs: number;
}

/** How it goes at one size. */
export interface AtSize {
  readonly size: number;
  readonly deliveriesPerSecond: Spread;
  /** To the smallest size, of runs in the same round. */
  readonly ratio: Spread;
  readonly cpuMicros: Spread;
  /** To the smallest size as well; what else the machine does hardly moves it. */
  readonly cpuRatio: Spread;
  readonly firstMs: Spread;
}

/** What a kind of size costs on one storage. */
export interface Growth {
  readonly storage: string;
  readonly sizes: readonly AtSize[];
  /** Deliveries that never arrived, and those that arrived more than once. */
  readonly missing: number;
  readonly repeated: number;
}

/**
 * Runs every size in each round, in changing order, after a round that only warms up.
 *
 * @param sizes the smallest one first: the others are compared with it
 */
export async function runRounds(
  sizes: readonly number[],
  rounds: number,
  run: (size: number) => Promise<Run>,
): Promise<readonly AtSize[]> {
  const runs: ReadonlyMap<number, Run>[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const first = round % sizes.length;
    const ofRound = new Map<number, Run>();
    for (const size of [...sizes.slice(first), ...sizes.slice(0, first)]) ofRound.set(size, await run(size));
    if (round > 0) runs.push(ofRound);
  }
  return sizes.map((size) => figuresOf(size, sizes[0] as number, runs));
}

/** The figures of one size over all rounds. */
export function figuresOf(size: number, smallest: number, rounds: readonly ReadonlyMap<number, Run>[]): AtSize {
  const of = (value: (run: Run, beside: Run) => number, digits: number): Spread =>
    spread(
      rounds.map((runs) => value(runs.get(size) as Run, runs.get(smallest) as Run)),
      digits,
    );
  return {
    size,
    deliveriesPerSecond: of((run) => run.deliveriesPerSecond, 0),
    ratio: of((run, beside) => run.deliveriesPerSecond / beside.deliveriesPerSecond, 3),
    cpuMicros: of((run) => run.cpuMicros, 1),
    cpuRatio: of((run, beside) => run.cpuMicros / beside.cpuMicros, 3),
    firstMs: of((run) => run.firstMs, 1),
  };
}

/**
 * Deliveries a second of the first so many that arrived, from the first of them to the last.
 *
 * @param at when each arrived, in milliseconds, in any order
 */
export function rateOfFirst(at: readonly number[], count: number): number {
  const sorted = at.toSorted((a, b) => a - b).slice(0, count);
  const tookMs = (sorted.at(-1) ?? 0) - (sorted[0] ?? 0);
  return tookMs > 0 ? ((sorted.length - 1) * 1_000) / tookMs : 0;
}
