import { withoutRecord, type ExpireRequest, type ExpireResult } from '@hookwell/core';
import type { Contents } from './contents.ts';

/** Empties answers of old lines, and records of old events that nothing needs any more. */
export function expireBodies(contents: Contents, request: ExpireRequest, now: number): ExpireResult {
  const { answersAfterMs, recordsAfterMs, limit } = request;
  return {
    answers: answersAfterMs === null ? 0 : contents.log.emptyAnswers(now - answersAfterMs, limit),
    records: recordsAfterMs === null ? 0 : emptyRecords(contents, now - recordsAfterMs, limit),
  };
}

function emptyRecords({ events, queue, log, subscriptions, replays }: Contents, before: number, limit: number): number {
  const spared = replays.lookingAt();
  const needed = new Set<string>();
  const accounts = new Set<string>();
  let emptied = 0;
  const old = events.storedBefore(before);
  for (const { event } of old) accounts.add(event.accountId);
  for (const accountId of accounts) {
    for (const { id } of subscriptions.ofAccount(accountId)) for (const { eventId } of queue.ofLane(id)) needed.add(eventId);
    for (const { eventId, startedAt } of log.ofAccount(accountId)) if (startedAt >= before) needed.add(eventId);
  }
  for (const { event } of old) {
    if (emptied === limit) break;
    if (spared.has(event.accountId) || needed.has(event.id)) continue;
    const left = withoutRecord(event);
    if (left === event) continue;
    events.replace(left);
    emptied += 1;
  }
  return emptied;
}
