import type { PruneAges, PruneRequest } from '@hookwell/core';

/** Before when something must have happened to be forgotten, in milliseconds since the epoch; and how many lines are kept. */
interface Bounds {
  /** Lines of what was delivered. */
  readonly deliveredBefore: number;
  /** All other lines. */
  readonly othersBefore: number;
  /** All that is no line. */
  readonly restBefore: number;
  /** Lines of an account. */
  readonly keep: number;
}

/** What may be forgotten now, of which account. */
export interface Ages {
  /** Of accounts without ages of their own. */
  readonly others: Bounds;
  /** Of those that have some. */
  readonly apart: readonly (Bounds & { readonly accountId: string })[];
  readonly of: (accountId: string) => Bounds;
  /** The latest `restBefore` of any account. */
  readonly lastRestBefore: number;
  /** Whether nothing of an account is forgotten, because a replay may need it. */
  readonly isSpared: (accountId: string) => boolean;
  /** Whether an account is spared or has ages of its own. */
  readonly isApart: (accountId: string) => boolean;
}

/** What a request comes to at a time. */
export function agesAt(request: PruneRequest, now: number, spared: ReadonlySet<string>): Ages {
  const others = boundsAt(request, now);
  const apart = request.accounts.map((account) => ({ accountId: account.accountId, ...boundsAt(account, now) }));
  const byAccount = new Map(apart.map((bounds) => [bounds.accountId, bounds]));
  return {
    others,
    apart,
    of: (accountId) => byAccount.get(accountId) ?? others,
    lastRestBefore: Math.max(...[others, ...apart].map(({ restBefore }) => restBefore)),
    isSpared: (accountId) => spared.has(accountId),
    isApart: (accountId) => spared.has(accountId) || byAccount.has(accountId),
  };
}

function boundsAt({ deliveredAfterMs, failedAfterMs, maxAttemptsPerAccount: keep }: PruneAges, now: number): Bounds {
  const [deliveredBefore, othersBefore] = [now - deliveredAfterMs, now - failedAfterMs];
  return { deliveredBefore, othersBefore, restBefore: Math.min(deliveredBefore, othersBefore), keep };
}
