import { createHash } from 'node:crypto';
import type { StoredEvent } from './event.ts';
import type { Subscription } from './subscription.ts';

/** The key of a subscription whose deliveries are all in one order. */
const whole = 'all';
/** How long a key may be: databases keep them in an index. A longer one is told by its digest. */
const longest = 200;

/**
 * Among which deliveries of its subscription that of an event is sent in order: those of the same key, one after the other.
 * Undefined where there is no order.
 */
export function orderKeyOf(
  { ordering }: Pick<Subscription, 'ordering'>,
  { objectType, record }: Pick<StoredEvent, 'objectType' | 'record'>,
): string | undefined {
  if (ordering === 'subscription') return whole;
  if (ordering !== 'record') return undefined;
  const key = `${objectType}:${String(record['id'])}`;
  return key.length <= longest ? key : `${objectType}:sha256:${createHash('sha256').update(key).digest('hex')}`;
}

/** What a delivery of that key waits for, in words. */
export function inOrderOf(orderKey: string | undefined): string {
  return orderKey === whole ? 'of its subscription' : 'about the same record';
}
