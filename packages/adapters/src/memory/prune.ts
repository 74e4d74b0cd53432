import { agesOf, type PruneAges, type PruneRequest, type PruneResult } from '@hookwell/core';
import type { Contents } from './contents.ts';

/** Forgets what is old and what nothing needs any more. */
export function prune(contents: Contents, request: PruneRequest, now: number): PruneResult {
  const { deliveredAfterMs, failedAfterMs, accounts, limit } = request;
  const spared = contents.replays.lookingAt();
  const apart = new Set([...spared, ...accounts.map(({ accountId }) => accountId)]);
  let attempts = 0;
  const forget = (lines: ReturnType<typeof contents.log.beyond>): void => {
    for (const line of lines) contents.removeAttempt(line);
    attempts += lines.length;
  };
  forget(contents.log.olderThan('delivered', now - deliveredAfterMs, limit, apart));
  forget(contents.log.olderThan('failed', now - failedAfterMs, limit - attempts, apart));
  for (const { accountId, ...ages } of accounts) {
    if (spared.has(accountId)) continue;
    const before = { delivered: now - ages.deliveredAfterMs, others: now - ages.failedAfterMs };
    forget(contents.log.ofAccountBefore(accountId, before, limit - attempts));
  }
  forget(contents.log.beyond((accountId) => agesOf(accountId, request).maxAttemptsPerAccount, limit - attempts, spared));
  const before = (accountId: string): number => now - oldestKept(agesOf(accountId, request));
  const last = now - Math.min(...[request, ...accounts].map(oldestKept));
  contents.replays.forgetEnded(before);
  return {
    attempts,
    events: contents.events.forgetUnneeded({ before, last }, limit, spared),
    subscriptions: contents.subscriptions.forgetEnded(before, limit),
  };
}

/** How old what is not a line of the log may become. */
function oldestKept({ deliveredAfterMs, failedAfterMs }: PruneAges): number {
  return Math.max(deliveredAfterMs, failedAfterMs);
}
