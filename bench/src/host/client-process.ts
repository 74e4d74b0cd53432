// A client of the host's route, in a process of its own: it sends when a request is due, not when the last one was answered.

import { Agent, request } from 'undici';
import { monotonicMs } from '../traffic/clock.ts';
import { randomFrom } from '../traffic/random.ts';
import { keepTo, makeSchedule } from '../traffic/schedule.ts';

/** What the bench asks this process for. */
export interface ClientOrder {
  readonly url: string;
  readonly perSecond: number;
  readonly seconds: number;
  /** Requests before that are not measured, in milliseconds. */
  readonly warmUpMs: number;
  readonly seed: number;
}

/** How the route answered. */
export interface ClientReport {
  /** From when each request was due to the end of its answer, in milliseconds. */
  readonly latencies: Float64Array;
  /** Requests that were not answered 200. */
  readonly failed: number;
}

const agent = new Agent({ connections: 64, pipelining: 1 });

async function run({ url, perSecond, seconds, warmUpMs, seed }: ClientOrder): Promise<ClientReport> {
  const random = randomFrom(seed);
  const schedule = makeSchedule({ perSecond, seconds, choose: () => Math.floor(random() * 1_000) + 1, random });
  const latencies: number[] = [];
  let failed = 0;
  const pending: Promise<void>[] = [];
  const from = monotonicMs();
  const send = async (id: number, dueMs: number): Promise<void> => {
    try {
      const { statusCode, body } = await request(`${url}/${id}`, { dispatcher: agent });
      await body.text();
      if (statusCode !== 200) failed += 1;
      else if (dueMs >= warmUpMs) latencies.push(monotonicMs() - from - dueMs);
    } catch {
      failed += 1;
    }
  };
  await keepTo(schedule, from, (record) => {
    pending.push(send(schedule.endpoint[record] as number, schedule.dueMs[record] as number));
  });
  await Promise.all(pending);
  return { latencies: Float64Array.from(latencies), failed };
}

process.on('message', (order: ClientOrder) => {
  run(order).then(
    (report) => process.send?.(report),
    (error: unknown) => {
      console.error(error);
      process.exitCode = 1;
      process.disconnect();
    },
  );
});
process.on('disconnect', () => process.exit());
// Ctrl-C reaches every process of a terminal; this one ends with the bench.
process.on('SIGINT', () => {});
