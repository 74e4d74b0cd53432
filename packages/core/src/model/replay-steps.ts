import type { OutcomeKind } from './outcome.ts';
import type { NewReplay, Replay, ReplayStep } from './replay.ts';

/*
 * What every storage makes of a replay when it is made, takes a step, or is cancelled. A storage keeps beside it whose step
 * is next, and which of its deliveries are unfinished.
 */

/** A replay as it begins. `now` is the storage's time. */
export function firstReplay(given: NewReplay, { now, lastLine }: { readonly now: number; readonly lastLine: number }): Replay {
  const { id, accountId, filter, pacePerSecond } = given;
  return {
    id,
    accountId,
    filter,
    pacePerSecond,
    state: 'running',
    reason: '',
    createdAt: now,
    endedAt: null,
    changedAt: now,
    lastLine,
    steps: 0,
    looksAt: filter.outcomes.length > 0 ? 'finished' : 'missing',
    after: '',
    matched: 0,
    queued: 0,
    waiting: 0,
    delivered: 0,
    failed: 0,
    cancelled: 0,
  };
}

/** The replay once so many of its deliveries have ended: each with its outcome, null where no line says so any more. */
export function withReplayEnds(replay: Replay, outcomes: readonly (OutcomeKind | null)[], now: number): Replay {
  if (outcomes.length === 0) return replay;
  const ended = (kind: OutcomeKind): number => outcomes.filter((outcome) => outcome === kind).length;
  return {
    ...replay,
    waiting: replay.waiting - outcomes.length,
    delivered: replay.delivered + ended('delivered'),
    failed: replay.failed + ended('failed'),
    cancelled: replay.cancelled + ended('cancelled'),
    changedAt: now,
  };
}

/** The replay after a step that has made so many deliveries due. */
export function withReplayStep(replay: Replay, step: ReplayStep, queued: number, now: number): Replay {
  const { place, again, anew, end } = step;
  const matched = again.length + anew.length;
  return {
    ...replay,
    looksAt: place.looksAt,
    after: place.after,
    steps: replay.steps + 1,
    matched: replay.matched + matched,
    queued: replay.queued + queued,
    waiting: replay.waiting + queued,
    changedAt: matched > 0 || end !== null ? now : replay.changedAt,
    ...(end && { state: end.state, reason: end.reason, endedAt: now }),
  };
}

/** The replay once it is cancelled. */
export function withReplayCancelled(replay: Replay, reason: string, now: number): Replay {
  return { ...replay, state: 'cancelled', reason, endedAt: now, changedAt: now };
}

/**
 * Whether a step is still to be made (`due`), has been made by an earlier call of the same (`made`), or is not this
 * caller's any more (`late`).
 */
export function standingOf(step: ReplayStep, row: { readonly replay: Replay; readonly fence: string }): 'due' | 'made' | 'late' {
  if (step.fence !== row.fence) return 'late';
  if (row.replay.steps === step.steps + 1) return 'made';
  return row.replay.steps === step.steps && row.replay.state === 'running' ? 'due' : 'late';
}

/** Whether prune must spare what a replay may still look at. */
export function stillLooks({ state, looksAt }: Pick<Replay, 'state' | 'looksAt'>): boolean {
  return state === 'running' && looksAt !== 'nothing';
}
