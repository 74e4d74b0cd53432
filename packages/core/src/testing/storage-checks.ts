import { fail } from 'node:assert/strict';
import { HookwellError } from '../errors.ts';
import type { Delivery } from '../model/delivery.ts';
import type { Attempt } from '../model/outcome.ts';
import type { Page } from '../model/query.ts';
import type { Subscription } from '../model/subscription.ts';
import type { StorageAdapter } from '../storage-adapter.ts';
import type { ConformanceCase } from './conformance-case.ts';
import type { StorageAbility, StorageHarness } from './storage-harness.ts';
import { StorageTrial } from './storage-trial.ts';

/** A case, and the abilities that it cannot do without. */
export type StorageConformanceCase = ConformanceCase<StorageHarness, StorageAbility>;

/** A case that is run with a storage which has been started for an empty place. */
export function storageCase(
  name: string,
  check: (trial: StorageTrial) => Promise<void>,
  needs: readonly StorageAbility[] = [],
): StorageConformanceCase {
  return { name, needs, run: async (harness) => StorageTrial.run(harness, check) };
}

/** The query for everything, of subscriptions only active ones, in the order of ids. */
export const everything = {
  which: 'active',
  where: null,
  sort: { field: 'id', direction: 'asc' },
  offset: 0,
  limit: 10_000,
} as const;

/** All that an account can list. */
export async function listAll(
  storage: StorageAdapter,
  accountId = 'a',
): Promise<{ subscriptions: Page<Subscription>; deliveries: Page<Delivery>; attempts: Page<Attempt> }> {
  return {
    subscriptions: await storage.listSubscriptions(accountId, { ...everything, which: 'all' }),
    deliveries: await storage.listDeliveries(accountId, everything),
    attempts: await storage.listAttempts(accountId, everything),
  };
}

/** An account's own subscription as it is now. */
export async function rowOf(storage: StorageAdapter, { accountId, id }: Subscription): Promise<Subscription> {
  const { rows } = await storage.listSubscriptions(accountId, everything);
  return rows.find((row) => row.id === id) ?? fail('a subscription is not listed any more');
}

/** An account's unfinished delivery as it is now. */
export async function deliveryOf(storage: StorageAdapter, id: string, accountId = 'a'): Promise<Delivery> {
  const { rows } = await storage.listDeliveries(accountId, everything);
  return rows.find((row) => row.id === id) ?? fail('an unfinished delivery is not listed any more');
}

/** The ids of rows, sorted, for where their order is not promised. */
export function idsOf(rows: readonly { readonly id: string | number }[]): (string | number)[] {
  return rows.map(({ id }) => id).toSorted((a, b) => (a < b ? -1 : 1));
}

/** Fails with the sentence, and with what the call rejects with, unless it resolves. */
export async function resolution<Value>(call: () => Promise<Value>, sentence: string): Promise<Value> {
  try {
    return await call();
  } catch (error) {
    return fail(`${sentence}: ${String(error)}`);
  }
}

/** Fails with the sentence unless the call rejects; answers what it rejects with. */
export async function rejection(call: () => Promise<unknown>, sentence: string): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  return fail(sentence);
}

/** Fails with the sentence unless the call rejects with a HookwellError of that code. */
export async function refusal(call: () => Promise<unknown>, code: HookwellError['code'], sentence: string): Promise<void> {
  const error = await rejection(call, sentence);
  if (!HookwellError.is(error, code)) fail(`${sentence}: it rejected with ${String(error)} instead of ${code}`);
}

/** The same object, with a property that throws when it is read: what no storage can write. */
export function unreadable<Row extends object>(row: Row, property: keyof Row): Row {
  return Object.defineProperty({ ...row }, property, {
    enumerable: true,
    get() {
      throw new Error('this cannot be read');
    },
  });
}
