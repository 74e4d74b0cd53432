import { randomUUID } from 'node:crypto';
import { inParallel, type Contestant, type ContestantName, type ModeName, type Prepared } from './contestant.ts';
import { openSender } from './sender.ts';
import { bodyOf, callers, contact, lanesOf, type Workload } from './workload.ts';

/** What a peer keeps of a delivery: the same that the engine keeps, in one job. */
export interface Job {
  /** The `webhook-id` of every attempt. */
  readonly deliveryId: string;
  readonly lane: number;
  readonly record: ReturnType<typeof contact>;
}

/** Sends a job's delivery, once; rejects when it was not answered 200, which must fail the job. */
export type Deliver = (job: Job) => Promise<void>;

/** A job queue that is ready for one run: an adaptation of its own interface, no more. */
export interface JobQueue {
  /** Resolves when the jobs of one event are stored, as durable as that queue makes them. */
  readonly add: (jobs: readonly Job[]) => Promise<unknown>;
  /** The same for the jobs of many events at once, by what the queue has for that. */
  readonly addMany: (jobs: readonly Job[]) => Promise<unknown>;
  /** Begins to take jobs. */
  readonly work: () => Promise<unknown>;
  /** Resolves when the outcome of every job sent is stored, too. */
  readonly settled: () => Promise<unknown>;
  /** Jobs that are stored and not done. */
  readonly countUnfinished: () => Promise<number>;
  /** Ends it and removes what it stored. */
  readonly close: () => Promise<void>;
}

/** Opens an empty queue whose worker calls `deliver`. */
export type OpenJobQueue = (mode: ModeName, workload: Workload, deliver: Deliver) => Promise<JobQueue>;

/** Jobs that are stored by one call in bulk. */
const bulkSize = 1_000;

/** How a peer is described and connected. */
interface PeerOptions extends Pick<Contestant, 'what' | 'setUp' | 'database'> {
  /** To each of the origins at most. */
  readonly connections?: number;
}

/**
 * A job queue of others as a contestant: one job for each subscription of an event, whose worker writes the body, signs it
 * and sends it as the bare `dispatch` loop does.
 */
export function peer(name: ContestantName, { connections, ...description }: PeerOptions, open: OpenJobQueue): Contestant {
  return {
    name,
    ...description,
    async prepare(mode, workload, origins) {
      const { records, fanOut } = workload;
      const sender = openSender('dispatch', origins, connections);
      let problem: unknown = null;
      const queue = await open(
        mode,
        workload,
        async ({ deliveryId, lane, record }) =>
          new Promise((resolve, reject) => {
            sender.send(lane, deliveryId, bodyOf(lane, fanOut, record), (failed) => {
              problem ??= failed;
              if (failed) reject(failed);
              else resolve();
            });
          }),
      );
      if (mode === 'backlog') await addAll(queue, workload);
      else await queue.work();
      return {
        async sendAll() {
          if (mode === 'backlog') await queue.work();
          else if (mode === 'bulk') await addAll(queue, workload);
          else await inParallel(callers, records, async (number) => queue.add(jobsOf(number, fanOut)));
        },
        send(number) {
          queue.add(jobsOf(number, fanOut)).catch((error: unknown) => {
            problem ??= error;
          });
        },
        async settled() {
          await queue.settled();
          if (problem !== null) throw problem as Error;
        },
        async close() {
          try {
            const left = await queue.countUnfinished();
            if (left > 0) throw new Error(`${description.what} has ${left} jobs that are not done`);
          } finally {
            await queue.close();
            await sender.close();
          }
        },
      } satisfies Prepared;
    },
  };
}

function jobsOf(number: number, fanOut: number): Job[] {
  const record = contact(number);
  return lanesOf(number, fanOut).map((lane) => ({ deliveryId: randomUUID(), lane, record }));
}

async function addAll(queue: JobQueue, { records, fanOut }: Workload): Promise<void> {
  const atOnce = Math.max(1, Math.floor(bulkSize / fanOut));
  for (let first = 1; first <= records; first += atOnce) {
    const jobs: Job[] = [];
    for (let number = first; number < first + atOnce && number <= records; number += 1) jobs.push(...jobsOf(number, fanOut));
    await queue.addMany(jobs);
  }
}
