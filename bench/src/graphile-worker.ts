import { Logger, makeWorkerUtils, run, type Runner } from 'graphile-worker';
import type { Contestant } from './contestant.ts';
import { peer, type Job } from './peer.ts';
import type { PostgresDatabase } from './postgres-database.ts';
import { inFlight } from './workload.ts';

const identifier = 'deliver';

/**
 * graphile-worker on the same server as the engine. What was fastest: 2,000 jobs locked at a time, and their outcomes
 * written together every 50 ms; for latency each job is fetched when NOTIFY tells of it.
 */
export function graphileWorkerPeer({ server, url, meter, newSchema, pool, dropSchema }: PostgresDatabase): Contestant {
  const description = {
    what: `graphile-worker on ${server}`,
    setUp:
      `concurrentJobs ${inFlight}, localQueue.size 2000, completeJobBatchDelay and failJobBatchDelay 50; addJob, or addJobs of ` +
      '1,000 (bulk, backlog); latency: no localQueue',
    database: meter,
  };
  return peer('graphile-worker', description, async (mode, _workload, deliver) => {
    const schema = newSchema();
    const problems: Error[] = [];
    const logger = new Logger(() => (level, message) => {
      if (level === 'error') problems.push(new Error(`graphile-worker: ${message}`));
    });
    const utils = await makeWorkerUtils({ connectionString: url, schema, logger });
    await utils.migrate();
    let runner: Runner | null = null;
    return {
      async add(jobs) {
        const [job] = jobs;
        if (jobs.length === 1) await utils.addJob(identifier, job);
        else await utils.addJobs(jobs.map(specOf));
      },
      addMany: async (jobs) => utils.addJobs(jobs.map(specOf)),
      async work() {
        runner = await run({
          taskList: { [identifier]: async (payload) => deliver(payload as Job) },
          parsedCronItems: [],
          noHandleSignals: true,
          logger,
          preset: {
            worker: {
              connectionString: url,
              schema,
              concurrentJobs: inFlight,
              maxPoolSize: 10,
              ...(mode === 'latency' ? {} : { localQueue: { size: 2_000 } }),
              completeJobBatchDelay: 50,
              failJobBatchDelay: 50,
            },
          },
        });
      },
      async settled() {
        await runner?.stop();
        if (problems[0]) throw problems[0];
      },
      async countUnfinished() {
        const { rows } = await pool.query<{ count: string }>(`select count(*) from "${schema}"._private_jobs`);
        return Number(rows[0]?.count);
      },
      async close() {
        await utils.release();
        await dropSchema(schema);
      },
    };
  });
}

function specOf(payload: Job) {
  return { identifier, payload };
}
