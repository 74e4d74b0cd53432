import type { Cut } from './model/cut.ts';
import type { StoredEvent } from './model/event.ts';
import type { HealthState } from './model/health.ts';
import type { WarningStage } from './model/health-warning.ts';
import type { LaneState } from './model/lane-state.ts';
import type { Outcome } from './model/outcome.ts';
import type { Replay } from './model/replay.ts';
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

/** What is told of a replay that has ended. */
export interface ReplayNotice {
  /** With its counts, and with `reason` where there is one. Of one that was cancelled, the counts as of its last step. */
  readonly replay: Replay;
}

/** What is told of an event that was stored and goes to nobody, because too many deliveries have led to it. */
export interface CutNotice {
  readonly event: StoredEvent;
  /** The ids of the deliveries that have led to it, the oldest first. */
  readonly causes: readonly string[];
  /** How many they are. */
  readonly depth: number;
  /** How many they may be. */
  readonly maxDepth: number;
  /** How many subscriptions would have got it. */
  readonly subscriptions: number;
  /** Whether it is part of a transaction of the host's, which may still be rolled back. */
  readonly within: boolean;
}

/** What `engine.events` tells, by name. A listener that throws is reported as `error` and stops nothing. */
export interface EngineEvents {
  /** An event and its deliveries are stored. */
  'event:stored': (notice: { readonly event: StoredEvent; readonly deliveries: number }) => void;
  /** A loop between systems was cut here (by the plugin `causality`): the event is stored, and delivered to nobody. */
  'event:cut': (notice: CutNotice) => void;
  'subscription:created': (notice: { readonly subscription: Subscription }) => void;
  /** What its owner chose, or what plugins keep with it, has changed. */
  'subscription:updated': (notice: { readonly subscription: Subscription }) => void;
  /** It failed once; nothing is held back yet. */
  'subscription:failing': (notice: HealthNotice) => void;
  /**
   * It is half-way to being suspended or, while suspended, to being unsubscribed; or nine tenths of the way. Each is told
   * once, as of its last attempt: where attempts are rare, the step itself may be told first.
   */
  'subscription:warning': (notice: HealthNotice & { readonly stage: WarningStage }) => void;
  /** While it was suspended or paused it held more than it may, and the oldest of it was cancelled: the bounds are the option `held`. */
  'subscription:cut': (notice: Cut) => void;
  /** Too many errors: nothing is sent but one probe at a time. */
  'subscription:suspended': (notice: HealthNotice) => void;
  /** It answered again; what was held flows. `from` is the state that it was in. */
  'subscription:recovered': (notice: HealthNotice & { readonly from: HealthState }) => void;
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
  /** A replay has looked at everything, and all that it made due has ended or has been waited for long enough. Told by one process, once. */
  'replay:completed': (notice: ReplayNotice) => void;
  /** A replay was given up before it had looked at everything; its `reason` says why. Told by one process, once. */
  'replay:failed': (notice: ReplayNotice) => void;
  /** By its account. */
  'replay:cancelled': (notice: ReplayNotice) => void;
  /** A lane has become slow or is so no longer, or a failure has cut its limit: what `engine.lanes` says of it now. */
  'lane:changed': (notice: { readonly lane: LaneState }) => void;
  /** Something went wrong that no caller was there to be told: a listener, a plugin, the storage in the background. */
  error: (error: Error) => void;
}
