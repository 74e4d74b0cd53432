import type { StoredEvent } from './model/event.ts';
import type { Outcome } from './model/outcome.ts';
import type { Subscription } from './model/subscription.ts';

/** What is told about an outcome once it is stored. */
export interface DeliveryNotice {
  readonly outcome: Outcome;
  readonly subscription: Subscription;
}

/** What is told about a change of a subscription's health. */
export interface HealthNotice {
  /** The subscription after the change. */
  readonly subscription: Subscription;
  /** Why, in plain words. */
  readonly reason: string;
  /** What happens next, in plain words; empty when it is healthy again. */
  readonly next: string;
}

/** What `engine.events` tells, by name. A listener that throws is reported as `error` and stops nothing. */
export interface EngineEvents {
  /** An event and its deliveries are stored. */
  'event:stored': (notice: { readonly event: StoredEvent; readonly deliveries: number }) => void;
  'subscription:created': (notice: { readonly subscription: Subscription }) => void;
  /** What its owner chose, or what plugins keep with it, has changed. */
  'subscription:updated': (notice: { readonly subscription: Subscription }) => void;
  /** It failed once; nothing is held back yet. */
  'subscription:failing': (notice: HealthNotice) => void;
  /** Too many errors: nothing is sent but one probe at a time. */
  'subscription:suspended': (notice: HealthNotice) => void;
  /** It answered again; what was held flows. */
  'subscription:recovered': (notice: HealthNotice) => void;
  /** By its owner: nothing is sent, and its events are kept. */
  'subscription:paused': (notice: HealthNotice) => void;
  /** By its owner, from a pause or a suspension; what was held flows. */
  'subscription:resumed': (notice: HealthNotice) => void;
  /** By its owner, by its endpoint (410), or after a long suspension. */
  'subscription:unsubscribed': (notice: HealthNotice) => void;
  'delivery:delivered': (notice: DeliveryNotice) => void;
  'delivery:retrying': (notice: DeliveryNotice) => void;
  'delivery:failed': (notice: DeliveryNotice) => void;
  'delivery:cancelled': (notice: DeliveryNotice) => void;
  /**
   * An attempt ended after its lease had run out and somebody else had taken the delivery over: nothing of its outcome
   * was recorded, and the receiver may get the payload twice.
   */
  'delivery:superseded': (notice: DeliveryNotice) => void;
  /** Something went wrong that no caller was there to be told: a listener, a plugin, the storage in the background. */
  error: (error: Error) => void;
}
