import type { EraseRequest, EraseResult } from '@hookwell/core';
import type { Contents } from './contents.ts';
import { makeNextDue } from './orders.ts';

/** Erases an account's events about a record, with their deliveries and lines of the log. */
export function eraseRecord(
  contents: Contents,
  accountId: string,
  { objectType, recordId }: EraseRequest,
  now: number,
): EraseResult {
  const ids = contents.events.about(accountId, objectType, recordId);
  const isAbout = ({ eventId }: { readonly eventId: string }): boolean => ids.has(eventId);
  const subscriptions = [...contents.subscriptions.ofAccount(accountId)];
  const deliveries = subscriptions.flatMap(({ id }) => [...contents.queue.ofLane(id)].filter(isAbout));
  const attempts = [...contents.log.ofAccount(accountId)].filter(isAbout);
  for (const delivery of deliveries) contents.removeDelivery(delivery);
  for (const attempt of attempts) contents.removeAttempt(attempt);
  for (const id of ids) contents.events.forget(id);
  makeNextDue(contents, deliveries, now);
  return { events: ids.size, deliveries: deliveries.length, attempts: attempts.length, cursor: null };
}
