import { atMost, type Bound } from '../command/bounds.ts';
import { commonOptions, integer, names, type Chosen } from '../command/options.ts';
import type { Findings } from '../command/run-command.ts';
import { openStorages, storageNames, type StorageName } from '../storages.ts';
import type { Behaviour } from '../traffic/behaviours.ts';
import { startEndpoints } from '../traffic/endpoints.ts';
import { measureBacklog, type BacklogFigures } from './backlog.ts';
import { noRedis, openRedisServer } from '../redis-server.ts';
import { bullMqSender } from './bullmq-sender.ts';
import { engineSender } from './engine-sender.ts';
import { drawPopulation, measureIsolation, type IsolationFigures } from './measure.ts';
import { pgBossSender } from './pg-boss-sender.ts';
import { endpointCount } from './sender.ts';

export const isolationOptions = {
  only: names('what is measured', ['sick', 'backlog', 'catch-up', 'replay']),
  storages: names('where the engine stores', storageNames, ['sqlite', 'postgres']),
  peers: names('job queues of others to measure as well', ['pg-boss', 'bullmq', 'none'], ['pg-boss', 'bullmq']),
  rounds: integer('rounds, each with one run of both kinds', 3, 1, 1, 100),
  seconds: integer('seconds of each run that are measured, after the time to settle', 10, 1, 1, 600),
  deadline: integer('how long one request may take, in milliseconds', 5_000, 3_000, 100, 20_000),
  rate: integer('events a second; 0 for 60 % of what each sender holds', 0, 300, 0, 100_000),
  backlog: integer('deliveries that wait for the dead endpoint, or are replayed', 1_000_000, 2_000, 1, 100_000_000),
  live: integer('events a second beside the backlog', 1_000, 200, 1, 100_000),
  pace: integer('deliveries that were held for the endpoint that catches up, for each second of a run', 100, 50, 1, 10_000),
  ...commonOptions,
};

/** What the bench found. */
export interface IsolationResult extends Findings {
  readonly trafficShare: Readonly<Record<Behaviour, number>>;
  readonly senders: readonly IsolationFigures[];
  readonly backlog: readonly BacklogFigures[];
}

/** Measures what sick endpoints, and a backlog for a dead one, cost those that are healthy. */
export async function benchIsolation(
  chosen: Chosen<typeof isolationOptions>,
  tell: (line: string) => void,
): Promise<IsolationResult> {
  const { seed, rounds, seconds, deadline: deadlineMs, rate, only } = chosen;
  const stored = chosen.storages as readonly StorageName[];
  const population = drawPopulation(seed);
  const endpoints = await startEndpoints(endpointCount);
  const isTaking = (peer: string): boolean => only.includes('sick') && chosen.peers.includes(peer);
  const storages = await openStorages(isTaking('pg-boss') ? [...stored, 'postgres'] : stored);
  const redis = isTaking('bullmq') ? await openRedisServer() : null;
  if (isTaking('bullmq') && !redis) tell(`without BullMQ: ${noRedis}`);
  const senders: IsolationFigures[] = [];
  const backlog: BacklogFigures[] = [];
  try {
    if (only.includes('sick')) {
      const taking = stored.map((name) => engineSender(name, storages));
      if (isTaking('pg-boss') && storages.postgres) taking.push(pgBossSender(storages.postgres));
      if (redis) taking.push(bullMqSender(redis));
      const settings = { seed, rounds, seconds, deadlineMs, perSecond: rate };
      for (const sender of taking) senders.push(await measureIsolation(sender, population, settings, endpoints, tell));
    }
    const settings = { seed, rounds, seconds, deadlineMs, perSecond: chosen.live };
    const sizes = { dead: chosen.backlog, 'catching-up': seconds * chosen.pace, replaying: chosen.backlog };
    for (const [part, of] of [
      ['backlog', 'dead'],
      ['catch-up', 'catching-up'],
      ['replay', 'replaying'],
    ] as const) {
      if (!only.includes(part)) continue;
      for (const name of stored) {
        backlog.push(await measureBacklog(name, of, storages, { ...settings, backlog: sizes[of] }, endpoints, tell));
      }
    }
  } finally {
    await redis?.close();
    await storages.close();
    endpoints.stop();
  }
  return {
    trafficShare: population.trafficShare,
    senders,
    backlog,
    bounds: [...senders.filter(({ isOurs }) => isOurs).flatMap(boundsOf), ...backlog.flatMap(backlogBounds)],
    problems: [...senders.filter(({ isOurs }) => isOurs).flatMap(problemsOf), ...backlog.flatMap(backlogProblems)],
  };
}

function boundsOf({ name, p99Ratio, slots }: IsolationFigures): Bound[] {
  return [
    atMost(`${name}: healthy p99, to that with all healthy`, p99Ratio.median, 1.1),
    atMost(`${name}: slots of a lane that hangs`, slots.hang.mostOfLaneSettled, 2),
  ];
}

/** What a process may grow by in a run beside a backlog, in MiB: what the collector of garbage leaves for later. */
const growthMib = 32;

function backlogBounds({ name, of, p99Ratio, rssGrowthMib }: BacklogFigures): Bound[] {
  const beside = besides[of];
  return [
    atMost(`${name}: live p99 beside ${beside}, to that without`, p99Ratio.median, 1.1),
    atMost(`${name}: growth of the process beside ${beside}, in MiB`, rssGrowthMib.beside.median, growthMib),
  ];
}

/** What live traffic is beside. */
const besides = { dead: 'a backlog', 'catching-up': 'one that catches up', replaying: 'a replay' } as const;

function problemsOf({ name, losses: { missing, repeated, forgotten, unrecorded } }: IsolationFigures): string[] {
  const problems: string[] = [];
  if (missing > 0) problems.push(`${name}: ${missing} deliveries to healthy endpoints are lost`);
  if (repeated > 0) problems.push(`${name}: ${repeated} deliveries to healthy endpoints arrived more than once`);
  if (forgotten > 0) problems.push(`${name}: ${forgotten} deliveries to sick endpoints are no longer stored`);
  if (unrecorded > 0) problems.push(`${name}: ${unrecorded} deliveries arrived and were not finished`);
  return problems;
}

function backlogProblems({ name, of, lost }: BacklogFigures): string[] {
  return lost === 0
    ? []
    : [`${name}: beside ${besides[of]} ${lost} deliveries never arrived, came twice or are no longer stored`];
}
