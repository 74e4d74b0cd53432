import type { PruneRequest, PruneResult } from '@hookwell/core';
import type { Contents } from './contents.ts';

/** Forgets what is old and what nothing needs any more. */
export function prune(contents: Contents, request: PruneRequest, now: number): PruneResult {
  const { deliveredAfterMs, failedAfterMs, maxAttemptsPerAccount, limit } = request;
  const spared = contents.replays.lookingAt();
  let attempts = 0;
  const forget = (lines: ReturnType<typeof contents.log.beyond>): void => {
    for (const line of lines) contents.removeAttempt(line);
    attempts += lines.length;
  };
  forget(contents.log.olderThan('delivered', now - deliveredAfterMs, limit, spared));
  forget(contents.log.olderThan('failed', now - failedAfterMs, limit - attempts, spared));
  forget(contents.log.beyond(maxAttemptsPerAccount, limit - attempts, spared));
  const before = now - Math.max(deliveredAfterMs, failedAfterMs);
  contents.replays.forgetEnded(before);
  return {
    attempts,
    events: contents.events.forgetUnneeded(before, limit, spared),
    subscriptions: contents.subscriptions.forgetEnded(before, limit),
  };
}
