import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { RedisServer } from '../redis-server.ts';
import { inFlight, peerSender, retryWaitsMs, type Job } from './peer-sender.ts';
import type { Sender } from './sender.ts';

let queues = 0;

/**
 * BullMQ with one worker of 100 jobs at a time over all endpoints. Its groups, which would be fair to them, are not in the
 * free edition.
 */
export function bullMqSender({ server, url }: RedisServer): Sender {
  return peerSender('bullmq', `BullMQ on ${server}, a worker of ${inFlight} jobs at a time`, async (deliver) => {
    queues += 1;
    const name = `hookwell-isolation-${process.pid}-${queues}`;
    // Workers must be able to wait for as long as it takes.
    const connection = new Redis(url, { maxRetriesPerRequest: null });
    const attempts = retryWaitsMs.length + 1;
    const queue = new Queue<Job>(name, {
      connection,
      defaultJobOptions: { removeOnComplete: true, attempts, backoff: { type: 'custom' } },
    });
    const worker = new Worker<Job>(name, async ({ data }) => deliver(data), {
      connection,
      concurrency: inFlight,
      settings: { backoffStrategy: (made) => retryWaitsMs[made - 1] ?? 0 },
    });
    let problem: Error | null = null;
    const onError = (error: Error): void => {
      problem ??= error;
    };
    queue.on('error', onError);
    worker.on('error', onError);
    await worker.waitUntilReady();
    return {
      add: async (job) => queue.add('deliver', job),
      async unfinished() {
        const count = new Map<number, number>();
        for (const job of await queue.getJobs(['waiting', 'active', 'delayed', 'failed'])) {
          if (job) count.set(job.data.endpoint, (count.get(job.data.endpoint) ?? 0) + 1);
        }
        return count;
      },
      problem: () => problem,
      async close() {
        await worker.close();
        await queue.obliterate({ force: true });
        await queue.close();
        connection.disconnect();
      },
    };
  });
}
