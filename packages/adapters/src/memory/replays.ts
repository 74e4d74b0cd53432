import {
  firstReplay,
  lacksRecord,
  orderKeyOf,
  standingOf,
  withReplayCancelled,
  withReplayEnds,
  withReplayStep,
  type NewReplay,
  type OutcomeKind,
  type Replay,
  type ReplayClaim,
  type ReplayClaimRequest,
  type ReplayClaims,
  type ReplayStep,
  type StoredEvent,
  type Subscription,
} from '@hookwell/core';
import type { Contents } from './contents.ts';
import { replayDelivery } from './manage-deliveries.ts';
import { createdInOrder } from './orders.ts';

/** Makes a replay that runs. */
export function createReplay({ replays, log }: Contents, given: NewReplay, now: number): Replay {
  const known = replays.get(given.id);
  if (known) return copyReplay(known.replay);
  const replay = firstReplay(copyReplay(given), { now, lastLine: log.lastIdOf(given.accountId) });
  replays.replace({ replay, fence: '', dueAt: now, unfinished: [] });
  return copyReplay(replay);
}

/** Cancels one that runs. */
export function cancelReplay(
  { replays }: Contents,
  { accountId, id, reason }: Pick<Replay, 'accountId' | 'id' | 'reason'>,
  now: number,
): Replay | null {
  const row = replays.get(id);
  if (row?.replay.accountId !== accountId || row.replay.state !== 'running') return null;
  const replay = withReplayCancelled(row.replay, reason, now);
  replays.replace({ ...row, replay });
  return copyReplay(replay);
}

/** Leases replays for a step. */
export function claimReplays(contents: Contents, { fence, leaseMs, limit }: ReplayClaimRequest, now: number): ReplayClaims {
  const { replays, queue } = contents;
  const claims: ReplayClaim[] = [];
  for (const row of replays.running()) {
    if (row.dueAt > now || claims.length >= limit) break;
    const unfinished = row.unfinished.filter((id) => queue.get(id));
    const ended = row.unfinished.filter((id) => !queue.get(id)).map((id) => fateOf(contents, row.replay.accountId, id));
    const replay = withReplayEnds(row.replay, ended, now);
    replays.replace({ replay, unfinished, fence, dueAt: now + leaseMs });
    claims.push({ replay: copyReplay(replay), fence, unsent: unfinished.filter((id) => queue.get(id)?.failures === 0).length });
  }
  const mine = new Set(claims.map(({ replay }) => replay.id));
  const next = replays.running().find(({ replay }) => !mine.has(replay.id));
  return { claims, nextInMs: next ? Math.max(0, next.dueAt - now) : null, now };
}

/** How a delivery ended, by its newest line. */
function fateOf({ log }: Contents, accountId: string, deliveryId: string): OutcomeKind | null {
  let fate: OutcomeKind | null = null;
  for (const line of log.ofAccount(accountId)) if (line.deliveryId === deliveryId) fate = line.outcome;
  return fate;
}

/** Makes a step, all of it or nothing; null when it is not the caller's any more. */
export function advanceReplay(contents: Contents, step: ReplayStep, now: number): Replay | null {
  const row = contents.replays.get(step.id);
  const standing = row && standingOf(step, row);
  if (!row || standing === 'late') return null;
  if (standing === 'made') return copyReplay(row.replay);
  const { accountId } = row.replay;
  const queued: string[] = [];
  for (const id of step.again) {
    if (replayDelivery(contents, accountId, id, now)) queued.push(id);
  }
  for (const { id, subscriptionId, eventId } of step.anew) {
    const missing = findMissing(contents, accountId, { id, subscriptionId, eventId });
    if (!missing) continue;
    const orderKey = orderKeyOf(missing.lane, missing.event);
    const createdAt = createdInOrder(contents, { subscriptionId, orderKey }, now);
    const fresh = { attempts: 0, failures: 0, abandonments: 0, createdAt, dueAt: now, fence: null };
    contents.addDelivery({
      id,
      accountId,
      subscriptionId,
      eventId,
      ...fresh,
      ...(orderKey === undefined ? {} : { orderKey }),
    });
    queued.push(id);
  }
  for (const id of queued) {
    const delivery = contents.queue.get(id);
    if (delivery) contents.queue.replace(delivery, { ...delivery, replayed: true });
  }
  const replay = withReplayStep(row.replay, step, queued.length, now);
  const unfinished = [...row.unfinished, ...queued];
  contents.replays.replace({ replay, unfinished, fence: step.fence, dueAt: now + step.waitMs });
  return copyReplay(replay);
}

/** The subscription and the event that have no delivery; null when they have, or are not there. */
function findMissing(
  { subscriptions, events, queue, log }: Contents,
  accountId: string,
  { id, subscriptionId, eventId }: ReplayStep['anew'][number],
): { readonly lane: Subscription; readonly event: StoredEvent } | null {
  const lane = subscriptions.get(subscriptionId);
  if (lane?.accountId !== accountId || lane.health === 'unsubscribed') return null;
  const event = events.get(eventId)?.event;
  if (event?.accountId !== accountId || lacksRecord(event) || queue.get(id)) return null;
  for (const delivery of queue.ofLane(subscriptionId)) if (delivery.eventId === eventId) return null;
  for (const line of log.ofAccount(accountId)) {
    if (line.eventId === eventId && line.subscriptionId === subscriptionId) return null;
  }
  return { lane, event };
}

/** A replay of which nobody else holds a part. */
export function copyReplay<Row extends Pick<Replay, 'filter'>>(replay: Row): Row {
  const { filter } = replay;
  return { ...replay, filter: { ...filter, record: filter.record && { ...filter.record }, outcomes: [...filter.outcomes] } };
}

/** A step that has been read from end to end. */
export function copyStep(step: ReplayStep): ReplayStep {
  return { ...step, again: [...step.again], anew: step.anew.map((delivery) => ({ ...delivery })) };
}
