import { setTimeout } from 'node:timers/promises';
import type { Behaviour } from '../traffic/behaviours.ts';
import { monotonicMs } from '../traffic/clock.ts';
import type { Arrivals } from '../traffic/endpoints-process.ts';
import type { Endpoints } from '../traffic/endpoints.ts';
import { keepTo, type Schedule } from '../traffic/schedule.ts';
import type { LaneSample, Sender, Sending, Setup } from './sender.ts';

/** How often lanes and memory are looked at, in milliseconds. */
const sampleEveryMs = 50;
/** How often is asked whether all is finished, in milliseconds. */
const askEveryMs = 20;
/** For how long nothing may arrive before what is missing is taken for lost, in milliseconds. */
const patienceMs = 10_000;

/** When each record came to each stage, on the clock of `monotonicMs`; 0 for never. The place 0 is not used. */
export interface Timeline {
  readonly dueAt: Float64Array;
  readonly emittedAt: Float64Array;
  readonly storedAt: Float64Array;
  readonly sentAt: Float64Array;
  readonly receivedAt: Float64Array;
}

/** What was in memory at one moment. */
export interface Sample {
  /** Since the first record was due, in milliseconds. */
  readonly atMs: number;
  readonly lanes: readonly LaneSample[];
  readonly rssMib: number;
}

/** Everything that one run of a sender showed. */
export interface Observed {
  readonly timeline: Timeline;
  readonly arrivals: Arrivals;
  readonly samples: readonly Sample[];
  /** What was stored and unfinished in the end, by endpoint. */
  readonly unfinished: ReadonlyMap<number, number>;
  /** Attempts that did not deliver and are to be made again, by endpoint. */
  readonly retried: ReadonlyMap<number, number>;
  /** What this process, all its threads included, computed while records were due, in milliseconds. */
  readonly cpuMs: number;
}

/** What is emitted in a run, and how the endpoints behave in it. */
export interface Plan {
  readonly schedule: Schedule;
  readonly behaviourOf: readonly Behaviour[];
  readonly deadlineMs: number;
}

/** Lets a sender deliver a schedule, and looks at its lanes meanwhile. */
export async function observe(start: Sender['start'], plan: Plan, endpoints: Endpoints): Promise<Observed> {
  const { schedule, behaviourOf, deadlineMs } = plan;
  const { records } = schedule;
  const [emittedAt, storedAt, sentAt] = [1, 2, 3].map(() => new Float64Array(records + 1)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const setup: Setup = {
    endpoints,
    count: behaviourOf.length,
    deadlineMs,
    onSend(record) {
      if (record > 0 && sentAt[record] === 0) sentAt[record] = monotonicMs();
    },
  };
  await endpoints.begin(behaviourOf, records);
  const sending = await start(setup);
  try {
    globalThis.gc?.();
    const watching = watch(sending);
    const cpuBefore = process.cpuUsage();
    const from = monotonicMs();
    let refused: unknown = null;
    await keepTo(schedule, from, (record) => {
      emittedAt[record] = monotonicMs();
      sending.emit(record, schedule.endpoint[record] as number).then(
        () => {
          storedAt[record] = monotonicMs();
        },
        (error: unknown) => {
          refused ??= error;
        },
      );
    });
    const cpu = process.cpuUsage(cpuBefore);
    const samples = watching.end(from);
    const healthy = countHealthy(schedule, behaviourOf);
    await endpoints.arrived(healthy, patienceMs);
    const unfinished = await settled(sending, behaviourOf);
    const retried = new Map(sending.retried());
    const arrivals = await endpoints.report();
    const problem = refused ?? sending.problem();
    if (problem !== null) throw problem as Error;
    const dueAt = schedule.dueMs.map((ms) => from + ms);
    const timeline = { dueAt, emittedAt, storedAt, sentAt, receivedAt: arrivals.firstAt };
    return { timeline, arrivals, samples, unfinished, retried, cpuMs: (cpu.user + cpu.system) / 1_000 };
  } finally {
    const stopping = sending.stop();
    await endpoints.cut();
    await stopping;
  }
}

/** What is stored and unfinished, once healthy endpoints have nothing left: their outcomes follow the answers. */
async function settled(sending: Sending, behaviourOf: readonly Behaviour[]): Promise<ReadonlyMap<number, number>> {
  const until = monotonicMs() + patienceMs;
  for (;;) {
    const unfinished = await sending.unfinished();
    const left = [...unfinished.keys()].some((endpoint) => behaviourOf[endpoint] === 'ok');
    if (!left || monotonicMs() > until) return unfinished;
    // Calls of a storage in memory end within the turn, and would leave no turn for anything else.
    await setTimeout(askEveryMs);
  }
}

function watch(sending: Sending): { readonly end: (from: number) => readonly Sample[] } {
  const samples: Sample[] = [];
  const timer = setInterval(() => {
    samples.push({ atMs: monotonicMs(), lanes: sending.lanes(), rssMib: process.memoryUsage.rss() / 2 ** 20 });
  }, sampleEveryMs);
  return {
    end(from) {
      clearInterval(timer);
      return samples.map(({ atMs, lanes, rssMib }) => ({ atMs: atMs - from, lanes, rssMib }));
    },
  };
}

function countHealthy({ endpoint, records }: Schedule, behaviourOf: readonly Behaviour[]): number {
  let count = 0;
  for (let record = 1; record <= records; record += 1) {
    if (behaviourOf[endpoint[record] as number] === 'ok') count += 1;
  }
  return count;
}
