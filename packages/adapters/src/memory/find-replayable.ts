import {
  lacksRecord,
  type Attempt,
  type FinalOutcome,
  type ReplayPage,
  type ReplayRow,
  type ReplaySearch,
  type Subscription,
} from '@hookwell/core';
import type { Contents } from './contents.ts';
import type { EventRow } from './event-rows.ts';

/** What a replay would send, from a place on. */
export function findReplayable(contents: Contents, accountId: string, search: ReplaySearch): ReplayPage {
  return search.looksAt === 'finished' ? findFinished(contents, accountId, search) : findMissing(contents, accountId, search);
}

function findFinished(contents: Contents, accountId: string, search: ReplaySearch): ReplayPage {
  const { filter, lastLine, after, limit } = search;
  const [afterLine = 0] = placeOf(after);
  const newest = new Map<string, number>();
  for (const { id, deliveryId } of contents.log.ofAccount(accountId)) newest.set(deliveryId, id);
  const rows: ReplayRow[] = [];
  let looked = 0;
  for (const line of contents.log.ofAccount(accountId)) {
    if (line.id <= afterLine) continue;
    if (lastLine !== null && line.id > lastLine) break;
    const { deliveryId, subscriptionId, eventId, topic } = line;
    const place = JSON.stringify([line.id]);
    const isLast = newest.get(deliveryId) === line.id && !contents.queue.get(deliveryId);
    if (isLast && isWanted(contents, line, filter)) rows.push({ deliveryId, subscriptionId, eventId, topic, after: place });
    looked += 1;
    if (looked === limit) return { rows, after: place };
  }
  return { rows, after: null };
}

function isWanted(contents: Contents, line: Attempt, filter: ReplaySearch['filter']): boolean {
  const { from, until, outcomes } = filter;
  return (
    outcomes.includes(line.outcome as FinalOutcome) &&
    line.startedAt >= from &&
    (until === null || line.startedAt < until) &&
    (filter.topic === null || line.topic === filter.topic) &&
    isLane(contents.subscriptions.get(line.subscriptionId), filter) &&
    isKept(contents.events.get(line.eventId))
  );
}

function findMissing(contents: Contents, accountId: string, search: ReplaySearch): ReplayPage {
  const { filter, after, limit } = search;
  const [afterEvent = 0, afterLane = 0] = placeOf(after);
  const reached = pairsOf(contents, accountId);
  const rows: ReplayRow[] = [];
  let looked = 0;
  for (const { position, storedAt, event } of contents.events.ofAccount(accountId)) {
    if (position < afterEvent || (position === afterEvent && afterLane === Number.MAX_SAFE_INTEGER)) continue;
    const isDue = storedAt >= filter.from && (filter.until === null || storedAt < filter.until);
    if (isDue && !lacksRecord(event) && (filter.topic === null || filter.topic === event.topic)) {
      for (const lane of [...contents.subscriptions.ofTopic(event)].toSorted((a, b) => a.id - b.id)) {
        if (!isLane(lane, filter) || (position === afterEvent && lane.id <= afterLane)) continue;
        if (reached.has(pairOf(event.id, lane.id))) continue;
        const place = JSON.stringify([position, lane.id]);
        rows.push({ deliveryId: null, subscriptionId: lane.id, eventId: event.id, topic: event.topic, after: place });
        if (rows.length === limit) return { rows, after: place };
      }
    }
    looked += 1;
    if (looked === limit) return { rows, after: JSON.stringify([position, Number.MAX_SAFE_INTEGER]) };
  }
  return { rows, after: null };
}

/** What has a delivery or a line of the log. */
function pairsOf({ log, queue, subscriptions }: Contents, accountId: string): ReadonlySet<string> {
  const pairs = new Set<string>();
  for (const { eventId, subscriptionId } of log.ofAccount(accountId)) pairs.add(pairOf(eventId, subscriptionId));
  for (const { id } of subscriptions.ofAccount(accountId)) {
    for (const { eventId } of queue.ofLane(id)) pairs.add(pairOf(eventId, id));
  }
  return pairs;
}

function pairOf(eventId: string, subscriptionId: number): string {
  return `${subscriptionId} ${eventId}`;
}

/** Whether an event is there with its record. */
function isKept(row: EventRow | undefined): boolean {
  return row !== undefined && !lacksRecord(row.event);
}

function isLane(lane: Subscription | undefined, { subscriptionId }: ReplaySearch['filter']): boolean {
  return lane !== undefined && lane.health !== 'unsubscribed' && (subscriptionId === null || lane.id === subscriptionId);
}

function placeOf(after: string): readonly number[] {
  return after === '' ? [] : (JSON.parse(after) as readonly number[]);
}
