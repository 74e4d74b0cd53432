import type { Subscription } from '@hookwell/core';
import type { Call } from './route.ts';

/** A body that is wanted: what a subscription was sent for an event. */
export interface WantedPayload {
  readonly subscription: Subscription;
  readonly eventId: string;
}

/**
 * The bodies as they were sent, in the order in which they are wanted; empty where nothing is wanted, where the event is
 * no longer stored, and where it can no longer be composed.
 */
export async function payloads(
  { engine, account }: Pick<Call, 'engine' | 'account'>,
  wanted: readonly (WantedPayload | null)[],
): Promise<readonly string[]> {
  const known = wanted.filter((one) => one !== null);
  const bodies = await engine.deliveries.bodies(account.accountId, known);
  const found = new Map(known.map((one, index) => [one, bodies[index] ?? '']));
  return wanted.map((one) => (one && found.get(one)) ?? '');
}
