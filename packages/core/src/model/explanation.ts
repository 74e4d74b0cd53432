import type { Delivery } from './delivery.ts';
import type { StoredEvent } from './event.ts';
import { deliverAtOf, expiresAtOf, inIso, whyExpired } from './event-times.ts';
import { lacksRecord } from './gone-record.ts';
import { inWords, whatHappensNext, type HealthPolicy } from './health.ts';
import { inOrderOf } from './order-key.ts';
import type { Attempt } from './outcome.ts';
import type { Subscription } from './subscription.ts';

/**
 * Where something stands. Of a delivery: `delivered`, `failed`, `cancelled` (final), `sending`, `scheduled` (its time has not come),
 * `due` (its turn comes), `retrying` (waits for its next attempt), `held` (its endpoint has asked for time), `suspended`, `paused`,
 * `ended` (its subscription has, and it is cancelled once due), `behind` (waits for an earlier one of its order). Of an event that has
 * no delivery for a subscription: `filtered` (a plugin has left it out), `not_subscribed` (another topic, or not yet or no longer
 * subscribed), `coalesced` (a later event of its record is sent in its place), `missing` (nothing stands against it now). Of a
 * subscription: its health, or `held`.
 */
export const explainedStates = [
  'delivered',
  'failed',
  'cancelled',
  'sending',
  'scheduled',
  'due',
  'retrying',
  'held',
  'suspended',
  'paused',
  'ended',
  'behind',
  'filtered',
  'not_subscribed',
  'coalesced',
  'missing',
  'healthy',
  'failing',
] as const;

/** One of {@link explainedStates}. */
export type ExplainedState = (typeof explainedStates)[number];

/** Why something was sent or was not, and what happens next, in plain words. */
export interface Explanation {
  readonly state: ExplainedState;
  /** Why, e.g. `attempt 2 failed: HTTP 503`. */
  readonly because: string;
  /** What happens next, or what its owner can do; empty when there is nothing. */
  readonly next: string;
  /** When that is, in milliseconds since the epoch; null when it depends on something else than time. */
  readonly at: number | null;
}

/** What is known of a delivery: as it waits, its last line of the log, its subscription and event; null for what is not there. */
export interface KnownDelivery {
  readonly delivery: Delivery | null;
  readonly last: Attempt | null;
  readonly subscription: Subscription | null;
  readonly event: StoredEvent | null;
}

/**
 * Says where a delivery stands.
 *
 * @param now the engine's time, in milliseconds since the epoch
 */
export function explainDelivery(known: KnownDelivery, policy: HealthPolicy, now: number): Explanation {
  const { delivery, event } = known;
  const expired = event && whyExpired(event, now);
  if (!delivery) return explainEnd(known, expired);
  const explained = explainWaiting(delivery, known, policy, now);
  const expiresAt = event && expiresAtOf(event);
  if (expiresAt === null || explained.state === 'sending' || explained.state === 'ended') return explained;
  if (expired !== null) return { ...explained, because: expired, next: 'it is cancelled when its turn comes' };
  return { ...explained, next: `${explained.next}; it expires at ${inIso(expiresAt)}` };
}

function explainWaiting(
  delivery: Delivery,
  { last, subscription, event }: KnownDelivery,
  policy: HealthPolicy,
  now: number,
): Explanation {
  if (delivery.fence !== null && delivery.dueAt > now) {
    return {
      state: 'sending',
      because: `attempt ${delivery.attempts + 1} is under way`,
      next: 'its outcome is recorded',
      at: null,
    };
  }
  const tried = last && last.number > 0 ? `attempt ${last.number} failed: ${last.reason}` : 'it was not tried yet';
  if (!subscription || subscription.health === 'unsubscribed') {
    const why = subscription ? `its subscription has ended: ${subscription.healthReason}` : 'its subscription is gone';
    return { state: 'ended', because: why, next: 'it is cancelled once it is due', at: delivery.dueAt };
  }
  if (delivery.dueAt > now && delivery.attempts === 0 && !delivery.waitsForEarlier) {
    const hasTime = event !== null && (deliverAtOf(event) ?? 0) > now;
    const because = hasTime
      ? 'it is not to be sent before its time'
      : 'updates of its record are gathered, and the newest is sent';
    return { state: 'scheduled', because, next: 'it is sent then', at: delivery.dueAt };
  }
  const closed = explainLane(subscription, policy, now);
  if (closed) return closed;
  if (delivery.waitsForEarlier) {
    return {
      state: 'behind',
      because: `an earlier delivery ${inOrderOf(delivery.orderKey)} is not finished`,
      next: 'it is due once that one is delivered, has failed for good or is cancelled',
      at: null,
    };
  }
  if (delivery.dueAt > now) {
    return { state: 'retrying', because: tried, next: `attempt ${delivery.attempts + 1} follows`, at: delivery.dueAt };
  }
  return {
    state: 'due',
    because: tried,
    next: 'it is sent when its turn comes: others of its subscription may be before it',
    at: delivery.dueAt,
  };
}

/**
 * Says where a subscription stands.
 *
 * @param now the engine's time, in milliseconds since the epoch
 */
export function explainSubscription(subscription: Subscription, policy: HealthPolicy, now: number): Explanation {
  const closed = explainLane(subscription, policy, now);
  if (closed) return closed;
  const next = whatHappensNext(subscription, policy);
  const { health, healthReason } = subscription;
  if (health === 'unsubscribed') return { state: 'ended', because: healthReason, next, at: null };
  if (health === 'failing') return { state: 'failing', because: healthReason, next, at: null };
  return { state: 'healthy', because: 'its endpoint answers', next: 'its events are sent as they happen', at: null };
}

/** Why nothing, or only a probe, is sent to a subscription; null when its lane is open. */
function explainLane(subscription: Subscription, policy: HealthPolicy, now: number): Explanation | null {
  const { health, healthReason, pausedUntil } = subscription;
  const next = whatHappensNext(subscription, policy);
  if (health === 'paused') return { state: 'paused', because: healthReason, next, at: null };
  if (health === 'suspended') return { state: 'suspended', because: healthReason, next, at: pausedUntil };
  if (health === 'unsubscribed' || pausedUntil === null || pausedUntil <= now) return null;
  const because = `its endpoint has asked for time: ${inWords(pausedUntil - now)} more`;
  return { state: 'held', because, next: 'what waits is sent then', at: pausedUntil };
}

/** What can be done for a delivery that has ended, by whether what it would send is still there. */
function againWhile(event: StoredEvent | null): string {
  if (event && lacksRecord(event)) return 'it cannot be sent again: the record of its event is no longer kept';
  return 'it can be sent again while it is kept';
}

function explainEnd({ last, subscription, event }: KnownDelivery, expired: string | null): Explanation {
  const canAgain = expired === null && subscription && subscription.health !== 'unsubscribed';
  const again = canAgain ? againWhile(event) : '';
  if (last?.outcome === 'delivered') {
    return { state: 'delivered', because: `attempt ${last.number} was answered HTTP ${last.status}`, next: '', at: null };
  }
  if (last?.outcome === 'cancelled') return { state: 'cancelled', because: last.reason, next: again, at: null };
  const because = last ? `attempt ${last.number}, its last one, failed: ${last.reason}` : 'its log is no longer kept';
  return { state: 'failed', because, next: again, at: null };
}
