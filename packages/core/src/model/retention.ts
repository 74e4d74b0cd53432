import type { AccountId } from './account.ts';

/** An account whose finished work is kept for another time than that of all others; what is left out is as for them. */
export interface AccountRetention {
  readonly accountId: AccountId;
  /** In milliseconds. */
  readonly deliveredMs?: number | undefined;
  /** In milliseconds. */
  readonly failedMs?: number | undefined;
  readonly maxAttemptsPerAccount?: number | undefined;
}

/** Such accounts: a list, or what answers one, asked each time that something is to be forgotten. */
export type AccountRetentions =
  | readonly AccountRetention[]
  | (() => readonly AccountRetention[] | Promise<readonly AccountRetention[]>);

/** Such accounts at the most: each is looked at by itself. */
export const maxAccountRetentions = 1_000;

/** What may be forgotten. Ages in milliseconds. */
export interface PruneAges {
  readonly deliveredAfterMs: number;
  readonly failedAfterMs: number;
  readonly maxAttemptsPerAccount: number;
}

/** What may be forgotten of one account. */
export interface AccountPruneAges extends PruneAges {
  readonly accountId: string;
}

/** What may be forgotten in one call. */
export interface PruneRequest extends PruneAges {
  /** Accounts of which something else may be: at most 1,000, each of them once. */
  readonly accounts: readonly AccountPruneAges[];
  /** At most how many rows of each kind to delete in this call; where whole days can be dropped at once, they may hold more. */
  readonly limit: number;
}

/** How many rows a call of `prune` deleted; none at all means that nothing is left to forget. */
export interface PruneResult {
  readonly attempts: number;
  readonly events: number;
  readonly subscriptions: number;
}

/** What may be emptied in one call. Ages in milliseconds; null for what is kept for as long as its row. */
export interface ExpireRequest {
  /** Of answers, since their attempt began. */
  readonly answersAfterMs: number | null;
  /** Of records, since their event was stored, and since the last of its deliveries ended. */
  readonly recordsAfterMs: number | null;
  /** At most how many rows of each kind to empty in this call. */
  readonly limit: number;
}

/** How many rows a call of `expireBodies` emptied; none at all means that nothing is left to empty. */
export interface ExpireResult {
  readonly answers: number;
  readonly records: number;
}

/** The ages that go for an account. */
export function agesOf(accountId: string, { accounts, ...others }: PruneRequest): PruneAges {
  return accounts.find((account) => account.accountId === accountId) ?? others;
}
