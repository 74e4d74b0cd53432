import { HookwellError, type Subscription } from '@hookwell/core';
import type { Call } from './route.ts';

/** A body that is wanted: what a subscription was sent for an event. */
export interface WantedPayload {
  readonly subscription: Subscription;
  readonly eventId: string;
}

/**
 * The bodies as they were sent, in the order in which they are wanted; empty where nothing is wanted, and where the event
 * is no longer stored. An event whose body cannot be composed (a plugin throws, its type has left the catalog) is empty too
 * and is reported, so that it does not hide all others.
 */
export async function payloads(
  { engine, account, report }: Pick<Call, 'engine' | 'account' | 'report'>,
  wanted: readonly (WantedPayload | null)[],
): Promise<readonly string[]> {
  const known = wanted.filter((one) => one !== null);
  const found = new Map<WantedPayload, string>();
  const find = async (some: readonly WantedPayload[]): Promise<void> => {
    const bodies = await engine.deliveries.bodies(account.accountId, some);
    for (const [index, one] of some.entries()) found.set(one, bodies[index] ?? '');
  };
  try {
    await find(known);
  } catch (error) {
    if (isStorageTrouble(error)) throw error;
    report(error);
    for (const one of known) {
      try {
        await find([one]);
      } catch (again) {
        if (isStorageTrouble(again)) throw again;
      }
    }
  }
  return wanted.map((one) => (one && found.get(one)) ?? '');
}

function isStorageTrouble(error: unknown): boolean {
  return HookwellError.is(error) && ['storage_busy', 'storage_failed', 'not_running'].includes(error.code);
}
