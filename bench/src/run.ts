import { setTimeout } from 'node:timers/promises';
import type { Contestant, ModeName, Prepared } from './contestant.ts';
import type { Receiving } from './receiving.ts';
import { percentile } from './statistics.ts';
import { verify, type Sent } from './verify.ts';
import { eventsPerSecond, type Workload } from './workload.ts';

/** What one run of a contestant came to. */
export interface Run {
  readonly deliveriesPerSecond: number;
  /** What this process, all its threads included, computed for one delivery, in microseconds. */
  readonly cpuMicros: number;
  /** The same of its database; null where it has no processes of its own, or where that cannot be read. */
  readonly databaseCpuMicros: number | null;
  /** What was asked of the database for one delivery; null where that is not counted. */
  readonly statements: number | null;
  /** Deliveries per second of the first and of the last tenth of a backlog to arrive; null in other modes. */
  readonly tenths: { readonly first: number; readonly last: number } | null;
  /** From emit to receipt; zero where it was not measured. */
  readonly latencyMs: { readonly p50: number; readonly p99: number };
  readonly sent: Sent;
}

/**
 * Lets one contestant deliver a workload, from the first event to the last outcome, and checks what arrived.
 *
 * @param before what the workload came to with another contestant, which it must be here too
 */
export async function run(
  contestant: Contestant,
  mode: ModeName,
  workload: Workload,
  receiving: Receiving,
  before: Sent | undefined,
): Promise<Run> {
  const title = `${contestant.name}, ${mode}`;
  const deliveries = workload.records * workload.fanOut;
  const prepared = await contestant.prepare(mode, workload, receiving.origins);
  let measured: Measured;
  try {
    await receiving.begin(workload);
    globalThis.gc?.();
    measured = await measure(contestant, mode, workload, prepared, receiving);
  } catch (error) {
    const { received } = await receiving.report();
    throw new Error(`${title}: ${(error as Error).message} (${received} of ${deliveries} requests arrived)`, { cause: error });
  } finally {
    await prepared.close();
  }
  const report = await receiving.report();
  const sent = verify(title, workload, report, before);
  const latencies = [...measured.emittedAt].map((emittedAt, record) => (report.receivedAt[record] ?? 0) - emittedAt).slice(1);
  if (latencies.some((latency) => latency < 0))
    throw new Error(`${title}: an event arrived before it was emitted, by the clocks`);
  return {
    deliveriesPerSecond: deliveries / (measured.tookMs / 1_000),
    cpuMicros: measured.cpuMicros / deliveries,
    databaseCpuMicros: measured.databaseCpuMicros && measured.databaseCpuMicros / deliveries,
    statements: measured.statements && measured.statements / deliveries,
    tenths: mode === 'backlog' ? tenthsOf(report.receivedAt.subarray(1)) : null,
    latencyMs: { p50: percentile(latencies, 0.5), p99: percentile(latencies, 0.99) },
    sent,
  };
}

interface Measured {
  readonly tookMs: number;
  readonly cpuMicros: number;
  readonly databaseCpuMicros: number | null;
  readonly statements: number | null;
  /** When each record was emitted, on the clock of `process.hrtime`, which is the same in the receiver's process. */
  readonly emittedAt: Float64Array;
}

async function measure(
  { database }: Contestant,
  mode: ModeName,
  workload: Workload,
  prepared: Prepared,
  receiving: Receiving,
): Promise<Measured> {
  const emittedAt = new Float64Array(mode === 'latency' ? workload.records + 1 : 0);
  const readDatabase = async () => [(await database?.cpuMicros()) ?? null, database?.statements() ?? null] as const;
  const [databaseCpuBefore, statementsBefore] = await readDatabase();
  const cpuBefore = process.cpuUsage();
  const began = performance.now();
  const sent =
    mode === 'latency'
      ? pace(workload.records, (record) => {
          emittedAt[record] = Number(process.hrtime.bigint()) / 1e6;
          prepared.send(record);
        })
      : prepared.sendAll();
  await Promise.all([sent, receiving.complete()]);
  await prepared.settled();
  const tookMs = performance.now() - began;
  const cpu = process.cpuUsage(cpuBefore);
  const [databaseCpu, statements] = await readDatabase();
  return {
    tookMs,
    cpuMicros: cpu.user + cpu.system,
    databaseCpuMicros: databaseCpu === null || databaseCpuBefore === null ? null : databaseCpu - databaseCpuBefore,
    statements: statements === null || statementsBefore === null ? null : statements - statementsBefore,
    emittedAt,
  };
}

/** How fast the first and the last tenth of the arrivals came, each measured between its own first and its own last. */
function tenthsOf(receivedAt: Float64Array): { readonly first: number; readonly last: number } {
  const sorted = receivedAt.toSorted();
  const count = Math.max(2, Math.ceil(sorted.length / 10));
  const rate = (times: Float64Array): number => ((count - 1) / ((times.at(-1) ?? 0) - (times[0] ?? 0))) * 1_000;
  return { first: rate(sorted.subarray(0, count)), last: rate(sorted.subarray(-count)) };
}

/** Calls `send` for 1 to `count`, evenly over time. */
async function pace(count: number, send: (record: number) => void): Promise<void> {
  const began = performance.now();
  for (let record = 1; record <= count; record += 1) {
    const dueMs = (record - 1) * (1_000 / eventsPerSecond) - (performance.now() - began);
    if (dueMs > 0) await setTimeout(dueMs);
    send(record);
  }
}
