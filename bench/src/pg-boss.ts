import { PgBoss } from 'pg-boss';
import type { Contestant } from './contestant.ts';
import { peer, type Job } from './peer.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import { inFlight, originCount, contact } from './workload.ts';

const queueName = 'deliveries';

/**
 * pg-boss on the same server as the engine. What was fastest: batches of 500, two of them at a time, fetched anew as long
 * as they come back full, without NOTIFY; for latency one worker that NOTIFY wakes. Two batches would be 1,000 requests in
 * flight, so its connections are limited to the 100 of the others.
 */
export function pgBossPeer({ server, url, meter, newSchema, pool, dropSchema }: PostgresDatabase): Contestant {
  const description = {
    what: `pg-boss on ${server}`,
    setUp:
      'batchSize 500, localConcurrency 2, burstWhenBatchFull, pollingIntervalSeconds 0.5, no notify; send, or insert of 1,000 ' +
      '(bulk, backlog); latency: notify, localConcurrency 1',
    database: meter,
    connections: inFlight / originCount,
  };
  return peer('pg-boss', description, async (mode, _workload, deliver) => {
    const schema = newSchema();
    const forLatency = mode === 'latency';
    const boss = new PgBoss({ connectionString: url, schema, schedule: false, useListenNotify: forLatency });
    let problem: Error | null = null;
    boss.on('error', (error) => {
      problem ??= error;
    });
    await boss.start();
    await boss.createQueue(queueName, { notify: forLatency });
    return {
      async add(jobs) {
        const [job] = jobs;
        if (jobs.length === 1 && job) await boss.send(queueName, dataOf(job), { id: job.deliveryId });
        else await boss.insert(queueName, jobs.map(insertOf));
      },
      addMany: async (jobs) => boss.insert(queueName, jobs.map(insertOf)),
      work: async () =>
        boss.work<Data>(
          queueName,
          { batchSize: 500, localConcurrency: forLatency ? 1 : 2, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true },
          async (jobs) => {
            await Promise.all(
              jobs.map(async ({ id, data }) => deliver({ deliveryId: id, lane: data.lane, record: inOrder(data.record) })),
            );
          },
        ),
      async settled() {
        await boss.offWork(queueName, { wait: true });
        if (problem) throw problem;
      },
      async countUnfinished() {
        const { rows } = await pool.query<{ count: string }>(
          `select count(*) from "${schema}".job where name = $1 and state <> 'completed'`,
          [queueName],
        );
        return Number(rows[0]?.count);
      },
      async close() {
        await boss.stop({ graceful: false });
        await dropSchema(schema);
      },
    };
  });
}

type Data = Omit<Job, 'deliveryId'>;

function dataOf({ lane, record }: Job): Data {
  return { lane, record };
}

function insertOf(job: Job) {
  return { id: job.deliveryId, data: dataOf(job) };
}

/** pg-boss keeps data as jsonb, which has an order of its own for fields; the receiver compares bytes. */
function inOrder(record: ReturnType<typeof contact>): ReturnType<typeof contact> {
  return { ...fields, ...record };
}

const fields = contact(0);
