import { createHash } from 'node:crypto';
import type { StoredEvent } from './event.ts';
import { deliverAtOf, expiresAtOf } from './event-times.ts';
import { isKeyText } from './key-text.ts';

/** For how long a subscription may have the updates of a record gathered, in milliseconds: a day. */
export const maxCoalesceMs = 86_400_000;

/**
 * What is the same for all events of which a subscription gets the newest only: their topic and record. Null for one that goes by
 * itself: because it has a time of its own, or would expire while others are gathered.
 *
 * @param now milliseconds since the epoch
 */
export function coalesceKeyOf(event: StoredEvent, coalesceMs: number, now: number): string | null {
  const { topic, objectType, record } = event;
  if ((deliverAtOf(event) ?? now) > now) return null;
  const expiresAt = expiresAtOf(event);
  if (expiresAt !== null && expiresAt <= now + coalesceMs) return null;
  const key = `${topic} ${objectType} ${String(record['id'])}`;
  // Ids of records may be longer than what a database looks up by, and have what it cannot keep.
  return isKeyText(key) ? key : createHash('sha256').update(key).digest('hex');
}

/** Whether two events are about the same record, in the same way. */
export function isAboutTheSame(a: StoredEvent, b: StoredEvent): boolean {
  return a.topic === b.topic && a.objectType === b.objectType && String(a.record['id']) === String(b.record['id']);
}
