import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { Contestant } from './contestant.ts';
import { peer, type Job } from './peer.ts';
import type { RedisServer } from './redis-server.ts';
import { inFlight } from './workload.ts';

const jobName = 'deliver';
let queues = 0;

/** BullMQ with 100 jobs at a time, of which it keeps none that are done. */
export function bullMqPeer({ server, url, meter }: RedisServer): Contestant {
  const description = {
    what: `BullMQ on ${server}`,
    setUp: `concurrency ${inFlight}, removeOnComplete; add, or addBulk of 1,000 (bulk, backlog)`,
    database: meter,
  };
  return peer('bullmq', description, async (_mode, { records, fanOut }, deliver) => {
    queues += 1;
    const name = `hookwell-bench-${process.pid}-${queues}`;
    // Workers must be able to wait for as long as it takes.
    const connection = new Redis(url, { maxRetriesPerRequest: null });
    const queue = new Queue<Job>(name, { connection, defaultJobOptions: { removeOnComplete: true, removeOnFail: true } });
    await queue.waitUntilReady();
    const expected = records * fanOut;
    let done = 0;
    let problem: Error | null = null;
    let onSettled = (): void => {};
    let worker: Worker<Job> | null = null;
    const ended = (): void => {
      if (done === expected || problem) onSettled();
    };
    queue.on('error', (error) => {
      problem ??= error;
    });
    return {
      async add(jobs) {
        const [job] = jobs;
        if (jobs.length === 1 && job) await queue.add(jobName, job);
        else await queue.addBulk(jobs.map(bulkOf));
      },
      addMany: async (jobs) => queue.addBulk(jobs.map(bulkOf)),
      async work() {
        worker = new Worker<Job>(name, async ({ data }) => deliver(data), { connection, concurrency: inFlight });
        worker.on('completed', () => {
          done += 1;
          ended();
        });
        worker.on('failed', (_job, error) => {
          problem ??= error;
          ended();
        });
        worker.on('error', (error) => {
          problem ??= error;
          ended();
        });
        await worker.waitUntilReady();
      },
      async settled() {
        await new Promise<void>((resolve) => {
          onSettled = resolve;
          ended();
        });
        if (problem) throw problem;
      },
      countUnfinished: async () => queue.getJobCountByTypes(),
      async close() {
        await worker?.close();
        await queue.obliterate({ force: true });
        await queue.close();
        connection.disconnect();
      },
    };
  });
}

function bulkOf(data: Job) {
  return { name: jobName, data };
}
