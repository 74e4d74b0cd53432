import PQueue, { type Queue, type QueueAddOptions } from 'p-queue';
import type { Held } from '../model/held.ts';
import type { Job, Lanes } from './lanes.ts';

/** What p-queue is told about a job: the delivery that it sends. */
export interface LaneJobOptions extends QueueAddOptions {
  readonly held: Held;
}

type LaneQueue = Queue<Job, LaneJobOptions>;

/**
 * A p-queue that is fair over lanes. p-queue calls `dequeue()` whenever `size > 0` and expects a job, so the size is the
 * number of jobs whose lane has room, not of all that wait.
 */
export function laneQueue(lanes: Lanes, concurrency: number): PQueue<LaneQueue, LaneJobOptions> {
  class JobsInTurn implements LaneQueue {
    get size(): number {
      return lanes.startable;
    }
    enqueue(job: Job, options?: Partial<LaneJobOptions>): void {
      if (options?.held) lanes.enqueue(job, options.held);
    }
    dequeue(): Job | undefined {
      return lanes.dequeue();
    }
    filter(): Job[] {
      return [];
    }
    setPriority(): void {}
    remove(): void {}
  }
  return new PQueue({ concurrency, queueClass: JobsInTurn });
}
