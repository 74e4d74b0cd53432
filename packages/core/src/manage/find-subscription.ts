import type { Subscription, WhichSubscriptions } from '../model/subscription.ts';
import type { StorageAdapter } from '../storage-adapter.ts';

/** The account's own subscription of that id, also one that has ended unless told otherwise; null when there is none. */
export async function findSubscription(
  accountId: string,
  id: number,
  storage: Pick<StorageAdapter, 'listSubscriptions'>,
  which: WhichSubscriptions = 'all',
): Promise<Subscription | null> {
  if (!Number.isSafeInteger(id)) return null;
  const where = { kind: 'compare', field: 'id', operator: '=', value: id } as const;
  const sort = { field: 'id', direction: 'asc' } as const;
  return (await storage.listSubscriptions(accountId, { which, where, sort, offset: 0, limit: 1 })).rows[0] ?? null;
}
