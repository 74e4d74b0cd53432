import { PgBoss } from 'pg-boss';
import type { PostgresDatabase } from '../postgres-database.ts';
import { contact } from '../workload.ts';
import { inFlight, peerSender, retryWaitsMs, type Job } from './peer-sender.ts';
import type { Sender } from './sender.ts';

const queueName = 'deliveries';
/** Jobs that one worker fetches at once. */
const batchSize = 10;

type Data = Omit<Job, 'deliveryId'>;

/** pg-boss keeps data as jsonb, which has an order of its own for fields; the receiver looks for the id in front. */
function inOrder(record: Job['record']): Job['record'] {
  return { ...fields, ...record };
}

const fields = contact(0);

/**
 * pg-boss with ten workers of ten jobs each, which is 100 at a time, polling and fetching anew as long as batches come back
 * full; each job of a batch fails for itself. A worker fetches its next batch when the last one is done, so one job that
 * hangs holds ten places until its deadline. Of what was tried this had the lowest p99, with sick endpoints and without:
 * two jobs of a group at most made it five times as long, and NOTIFY made adding a job wait for a second and more.
 */
export function pgBossSender({ server, url, newSchema, pool, dropSchema }: PostgresDatabase): Sender {
  const workers = inFlight / batchSize;
  const what = `pg-boss on ${server}, ${workers} workers of ${batchSize} jobs each`;
  return peerSender('pg-boss', what, async (deliver) => {
    const schema = newSchema();
    const boss = new PgBoss({ connectionString: url, schema, schedule: false });
    let problem: Error | null = null;
    boss.on('error', (error) => {
      problem ??= error;
    });
    await boss.start();
    await boss.createQueue(queueName, {
      retryLimit: retryWaitsMs.length,
      retryDelay: retryWaitsMs[0] / 1_000,
      retryBackoff: true,
    });
    await boss.work<Data>(
      queueName,
      {
        batchSize,
        localConcurrency: workers,
        perJobResults: true,
        pollingIntervalSeconds: 0.5,
        burstWhenBatchFull: true,
      },
      async (jobs) =>
        Promise.all(
          jobs.map(async ({ id, data: { endpoint, record } }) => {
            try {
              await deliver({ deliveryId: id, endpoint, record: inOrder(record) });
              return { id, status: 'completed' as const };
            } catch (error) {
              return { id, status: 'failed' as const, output: { reason: String(error) } };
            }
          }),
        ),
    );
    return {
      add: async ({ deliveryId, endpoint, record }) => boss.send(queueName, { endpoint, record }, { id: deliveryId }),
      async unfinished() {
        const { rows } = await pool.query<{ endpoint: number; count: number }>(
          `select (data ->> 'endpoint')::integer as endpoint, count(*)::integer as count from "${schema}".job
            where name = $1 and state <> 'completed' group by 1`,
          [queueName],
        );
        return new Map(rows.map(({ endpoint, count }) => [endpoint, count]));
      },
      problem: () => problem,
      async close() {
        await boss.stop({ graceful: false });
        await dropSchema(schema);
      },
    };
  });
}
