import type { Contestant, ContestantName, ModeName } from './contestant.ts';
import type { Receiving } from './receiving.ts';
import { run, type Run } from './run.ts';
import type { Sent } from './verify.ts';
import type { Workload } from './workload.ts';

/** One run of each contestant. */
export type Round = ReadonlyMap<ContestantName, Run>;

/** Records of a run that is not measured, at most: enough for what is compiled and cached. */
const warmUpRecords = 5_000;

/**
 * Lets all contestants deliver a workload so many times. Each round has one run of each, in another order than the last, so
 * that what else the machine does falls on all of them.
 */
export async function runRounds(
  mode: ModeName,
  workload: Workload,
  taking: readonly Contestant[],
  { rounds: count, warmUp }: { readonly rounds: number; readonly warmUp: boolean },
  receiving: Receiving,
): Promise<readonly Round[]> {
  // Once unmeasured: what runs first would otherwise pay for the compilation of what all of them share.
  if (warmUp) {
    const records = Math.min(warmUpRecords, Math.ceil(workload.records / 2));
    await runRound(mode, { ...workload, records }, taking, receiving, undefined);
  }
  const rounds: Round[] = [];
  let sent: Sent | undefined;
  for (let round = 0; round < count; round += 1) {
    const first = round % taking.length;
    const order = [...taking.slice(first), ...taking.slice(0, first)];
    const runs = await runRound(mode, workload, order, receiving, sent);
    sent = runs.values().next().value?.sent;
    rounds.push(runs);
  }
  return rounds;
}

async function runRound(
  mode: ModeName,
  workload: Workload,
  order: readonly Contestant[],
  receiving: Receiving,
  before: Sent | undefined,
): Promise<Round> {
  const runs = new Map<ContestantName, Run>();
  let sent = before;
  for (const contestant of order) {
    const one = await run(contestant, mode, workload, receiving, sent);
    sent = one.sent;
    runs.set(contestant.name, one);
  }
  return runs;
}
