import type { Workload } from './workload.ts';

/** Who takes part. */
export const contestantNames = [
  'dispatch',
  'request',
  'memory',
  'sqlite',
  'postgres',
  'bullmq',
  'pg-boss',
  'graphile-worker',
] as const;
export type ContestantName = (typeof contestantNames)[number];

/** In which way they are made to send. */
export const modeNames = ['awaited', 'bulk', 'backlog', 'fan-out', 'latency'] as const;
export type ModeName = (typeof modeNames)[number];

/** One that delivers a workload, made ready anew for each run. */
export interface Contestant {
  readonly name: ContestantName;
  /** What it is, in a few words for the reader. */
  readonly what: string;
  /** How it is set up, where that is not by its defaults. */
  readonly setUp?: string;
  /** Of a database that has processes of its own. */
  readonly database?: DatabaseMeter;
  /** Gets ready for a run; nothing of this is timed. */
  readonly prepare: (mode: ModeName, workload: Workload, origins: readonly string[]) => Promise<Prepared>;
}

/** What a database is made to do. */
export interface DatabaseMeter {
  /** What all its processes have computed until now, in microseconds; null where that cannot be read. */
  readonly cpuMicros: () => Promise<number | null>;
  /** What this process has asked of it until now; null where that is not counted. */
  readonly statements: () => number | null;
}

/** A contestant that is ready for one run. */
export interface Prepared {
  /** Sends the whole workload, in the way of its mode. */
  readonly sendAll: () => Promise<void>;
  /** Sends one record, and does not wait: for measuring latency. */
  readonly send: (record: number) => void;
  /** Resolves when all that was sent is answered and written down; rejects when anything went wrong. */
  readonly settled: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Runs `work` for 1 to `count`, so many at a time. */
export async function inParallel(workers: number, count: number, work: (number: number) => Promise<unknown>): Promise<void> {
  let next = 1;
  const worker = async (): Promise<void> => {
    while (next <= count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(workers, count) }, worker));
}
