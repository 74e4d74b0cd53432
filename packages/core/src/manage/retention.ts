import type { PruneResult, StorageAdapter } from '../storage-adapter.ts';

/** How long finished work is kept. Times in milliseconds. */
export interface RetentionPolicy {
  readonly deliveredMs: number;
  readonly failedMs: number;
  readonly maxAttemptsPerAccount: number;
}

/** Rows deleted in one call: few enough that nobody waits for it. */
const rowsPerCall = 1_000;

/** Forgets one batch of what the policy no longer keeps; says whether there may be more. */
export async function retention(policy: RetentionPolicy, storage: Pick<StorageAdapter, 'prune'>): Promise<boolean> {
  const pruned: PruneResult = await storage.prune({
    deliveredAfterMs: policy.deliveredMs,
    failedAfterMs: policy.failedMs,
    maxAttemptsPerAccount: policy.maxAttemptsPerAccount,
    limit: rowsPerCall,
  });
  return pruned.attempts + pruned.events + pruned.subscriptions > 0;
}
