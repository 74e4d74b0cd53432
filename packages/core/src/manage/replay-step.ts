import { HookwellError, messageOf } from '../errors.ts';
import { inWords } from '../model/health.ts';
import type { ReplayClaim, ReplayPlace, ReplayRow, ReplayStep } from '../model/replay.ts';
import { findReplayed, type FindReplayedContext } from './find-replayed.ts';

/** What planning a step works with. */
export interface ReplayStepContext extends FindReplayedContext {
  readonly newId: () => string;
  readonly maxUnfinished: number;
  readonly giveUpAfterMs: number;
}

/** How much of a second's worth a step makes due, so that a pace is one and not a burst; and the most at once. */
const partOfSecond = 0.25;
const mostAtOnce = 500;
/** The least that may wait to be sent, where a pace is slow. */
const leastAhead = 10;
/** Parts looked at in one step while nothing is found, and rows in each. */
const partsPerStep = 20;
const rowsPerPart = 1_000;
/** How long a replay that can do nothing waits to look again, in milliseconds. */
const idleMs = { least: 100, most: 30_000 };

/**
 * Says what the next step of a replay is. It makes no more due than its pace allows, no more than are sent in a second at
 * that pace while others of it wait to be sent, and leaves no more unfinished than it may: so neither the queue nor the
 * lanes fill up with it.
 *
 * @param now the storage's time, in milliseconds since the epoch
 */
export async function planReplayStep(claim: ReplayClaim, now: number, context: ReplayStepContext): Promise<ReplayStep> {
  const { replay, fence, unsent } = claim;
  const { id, steps, pacePerSecond, waiting, changedAt } = replay;
  const place: ReplayPlace = { looksAt: replay.looksAt, after: replay.after };
  const step: ReplayStep = { id, fence, steps, place, again: [], anew: [], waitMs: 0, end: null };
  const isThrough = place.looksAt === 'nothing';
  if (isThrough && waiting === 0) return { ...step, end: { state: 'done', reason: '' } };
  if (now - replay.createdAt >= context.giveUpAfterMs) return { ...step, end: giveUp(isThrough, waiting, context) };
  const idle = { ...step, waitMs: Math.min(idleMs.most, Math.max(idleMs.least, Math.ceil((now - changedAt) / 2))) };
  const ahead = Math.min(context.maxUnfinished, Math.max(leastAhead, pacePerSecond));
  const atOnce = Math.min(mostAtOnce, Math.max(1, Math.floor(partOfSecond * pacePerSecond)));
  const room = Math.min(atOnce, ahead - unsent, context.maxUnfinished - waiting);
  if (isThrough || room <= 0) return idle;
  try {
    const found = await find(claim, room, context);
    return {
      ...step,
      place: found.place,
      again: found.rows.flatMap(({ deliveryId }) => deliveryId ?? []),
      anew: found.rows
        .filter(({ deliveryId }) => deliveryId === null)
        .map(({ subscriptionId, eventId }) => ({ id: context.newId(), subscriptionId, eventId })),
      waitMs: Math.ceil((1_000 * found.rows.length) / pacePerSecond),
    };
  } catch (error) {
    if (!HookwellError.is(error, 'plugin_failed')) throw error;
    return { ...step, end: { state: 'failed', reason: messageOf(error) } };
  }
}

function giveUp(isThrough: boolean, waiting: number, { giveUpAfterMs }: ReplayStepContext): NonNullable<ReplayStep['end']> {
  const after = `after ${inWords(giveUpAfterMs)}`;
  if (isThrough) return { state: 'done', reason: `${waiting} of its deliveries are still to be tried again ${after}` };
  return { state: 'failed', reason: `it had not looked at everything ${after}` };
}

/** As many rows as there is room for, and where it goes on behind the last one of them. */
async function find(
  { replay }: ReplayClaim,
  room: number,
  context: ReplayStepContext,
): Promise<{ readonly rows: readonly ReplayRow[]; readonly place: ReplayPlace }> {
  const { accountId, lastLine, createdAt } = replay;
  // What is stored from now on gets its deliveries anyhow.
  const filter = { ...replay.filter, until: Math.min(replay.filter.until ?? createdAt + 1, createdAt + 1) };
  const rows: ReplayRow[] = [];
  let place: ReplayPlace = { looksAt: replay.looksAt, after: replay.after };
  for (let part = 0; part < partsPerStep && rows.length < room && place.looksAt !== 'nothing'; part += 1) {
    const limit = part === 0 ? Math.min(rowsPerPart, 2 * room) : rowsPerPart;
    const found = await findReplayed({ accountId, filter, lastLine, place, limit }, context);
    const taken = found.rows.slice(0, room - rows.length);
    const last = taken.at(-1);
    rows.push(...taken);
    place = last && taken.length < found.rows.length ? { looksAt: place.looksAt, after: last.after } : found.place;
  }
  return { rows, place };
}
