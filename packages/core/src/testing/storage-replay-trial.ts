import { fail } from 'node:assert/strict';
import type { Claim } from '../model/delivery.ts';
import type { OutcomeKind } from '../model/outcome.ts';
import type { NewReplay, Replay, ReplayClaim, ReplayFilter, ReplayRow, ReplaySearch, ReplayStep } from '../model/replay.ts';
import type { Subscription } from '../model/subscription.ts';
import { everything } from './storage-checks.ts';
import type { StorageTrial } from './storage-trial.ts';

/** A filter for everything that has ended. */
export function replayFilter(given: Partial<ReplayFilter> = {}): ReplayFilter {
  const outcomes = ['delivered', 'failed', 'cancelled'] as const;
  return { subscriptionId: null, topic: null, record: null, from: 0, until: null, outcomes, missing: false, ...given };
}

export function newReplay(trial: StorageTrial, given: Partial<NewReplay> = {}): NewReplay {
  return { id: trial.newId(), accountId: 'a', filter: replayFilter(), pacePerSecond: 50, ...given };
}

/** Sends a delivery that ends so; answers its claim. */
export async function finish(
  trial: StorageTrial,
  lane: Subscription,
  outcome: OutcomeKind = 'delivered',
  startedAt?: number,
): Promise<Claim> {
  const claim = await trial.claimOne(lane);
  const { accountId, topic } = lane;
  await trial.record(
    trial.outcome(claim, { accountId, topic, outcome, retryInMs: null, startedAt: startedAt ?? (await trial.now()) }),
  );
  return claim;
}

/** All that a search finds, part by part. */
export async function findAll(
  trial: StorageTrial,
  { accountId = 'a', ...search }: Partial<ReplaySearch> & { readonly accountId?: string },
): Promise<readonly ReplayRow[]> {
  const { record: _record, missing: _missing, ...filter } = replayFilter();
  const rows: ReplayRow[] = [];
  let after: string | null = search.after ?? '';
  for (let parts = 0; after !== null; parts += 1) {
    if (parts === 100) fail('a search does not come to an end');
    const wanted: ReplaySearch = { looksAt: 'finished', filter, lastLine: null, limit: 100, ...search, after };
    const page = await trial.storage.findReplayable(accountId, wanted);
    if (page.rows.length > wanted.limit) fail(`a search for ${wanted.limit} rows answers ${page.rows.length}`);
    rows.push(...page.rows);
    ({ after } = page);
  }
  return rows;
}

/** Makes a replay, and claims its first step. */
export async function claimFirst(trial: StorageTrial, given: Partial<NewReplay> = {}): Promise<ReplayClaim> {
  const { id } = await trial.storage.createReplay(newReplay(trial, given));
  return claimStep(trial, id);
}

/** Claims the next step of a replay. */
export async function claimStep(trial: StorageTrial, id: string): Promise<ReplayClaim> {
  const { claims } = await trial.storage.claimReplays({ fence: trial.newId(), leaseMs: trial.spanMs, limit: 100 });
  return claims.find(({ replay }) => replay.id === id) ?? fail('a replay whose step is due was not claimed');
}

/** A step that makes nothing due, goes on at once and is not the last, unless told otherwise. */
export function stepOf({ replay, fence }: ReplayClaim, given: Partial<ReplayStep> = {}): ReplayStep {
  const place = { looksAt: 'finished', after: '[1]' } as const;
  return { id: replay.id, fence, steps: replay.steps, place, again: [], anew: [], waitMs: 0, end: null, ...given };
}

/** A replay as it is now. */
export async function replayOf(trial: StorageTrial, id: string, accountId = 'a'): Promise<Replay> {
  const { rows } = await trial.storage.listReplays(accountId, everything);
  return rows.find((row) => row.id === id) ?? fail('a replay is not listed any more');
}
