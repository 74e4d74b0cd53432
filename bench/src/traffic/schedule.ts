import { setTimeout } from 'node:timers/promises';
import { monotonicMs } from './clock.ts';

/** What is emitted when, decided before a run so that it does not depend on how the run goes. Records count from 1. */
export interface Schedule {
  /** When each record is due, in milliseconds after the start; the place 0 is not used. */
  readonly dueMs: Float64Array;
  /** The endpoint of each record. */
  readonly endpoint: Uint32Array;
  /** How many there are. */
  readonly records: number;
}

/** What a schedule is made from. */
export interface Traffic {
  readonly perSecond: number;
  readonly seconds: number;
  /** Answers the endpoint of the next record. */
  readonly choose: () => number;
  readonly random: () => number;
}

/** Records that come at random and independently of each other, so many a second on the average (Poisson). */
export function makeSchedule({ perSecond, seconds, choose, random }: Traffic): Schedule {
  const due = [0];
  const endpoints = [0];
  for (let at = 0; ;) {
    at += (-Math.log(1 - random()) * 1_000) / perSecond;
    if (at >= seconds * 1_000) break;
    due.push(at);
    endpoints.push(choose());
  }
  return { dueMs: Float64Array.from(due), endpoint: Uint32Array.from(endpoints), records: due.length - 1 };
}

/** Chooses endpoints by Zipf's law: the one of rank r gets a share that goes by 1/r. */
export function zipf(endpointOfRank: readonly number[], random: () => number): () => number {
  const cumulated = new Float64Array(endpointOfRank.length);
  let sum = 0;
  for (let rank = 1; rank <= endpointOfRank.length; rank += 1) {
    sum += 1 / rank;
    cumulated[rank - 1] = sum;
  }
  return () => {
    const wanted = random() * sum;
    let [low, high] = [0, endpointOfRank.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulated[middle] as number) <= wanted) low = middle + 1;
      else high = middle;
    }
    return endpointOfRank[low] as number;
  };
}

/**
 * Calls `emit` for each record when it is due, or as soon after as this process can; never waits for what it does.
 *
 * @param from when the schedule begins, on the clock of `monotonicMs`
 */
export async function keepTo({ dueMs, records }: Schedule, from: number, emit: (record: number) => void): Promise<void> {
  for (let record = 1; record <= records;) {
    const now = monotonicMs() - from;
    while (record <= records && (dueMs[record] as number) <= now) {
      emit(record);
      record += 1;
    }
    if (record <= records) await setTimeout(Math.max(1, (dueMs[record] as number) - (monotonicMs() - from)));
  }
}
