import type { Claim, Delivery, deliveryFields, Lease, NewDelivery } from './model/delivery.ts';
import type { AttemptCount, AttemptCountQuery, DeliveryCount } from './model/counts.ts';
import type { StoredEvent, TopicKey } from './model/event.ts';
import type { HealthMove } from './model/health.ts';
import type { Attempt, attemptFields, Outcome } from './model/outcome.ts';
import type { Page, Query } from './model/query.ts';
import type {
  NewSubscription,
  Subscription,
  SubscriptionChanges,
  subscriptionFields,
  WhichSubscriptions,
} from './model/subscription.ts';

/** What the engine hands a storage when it starts. */
export interface StorageContext {
  /**
   * The engine's clock, in milliseconds since the epoch. A storage inside this process goes by it; one on a database
   * server goes by the server's clock, so that all processes agree.
   */
  readonly now: () => number;
  /**
   * To be called whenever another process has announced that something may be due. Left out where nobody would claim it;
   * a storage that cannot hear of others never calls it.
   */
  readonly onDue?: () => void;
}

/** What is stored in one go: events and all their deliveries. */
export interface StoreBatch {
  readonly events: readonly StoredEvent[];
  readonly deliveries: readonly NewDelivery[];
  /** The fence of the deliveries that are stored already leased. */
  readonly fence: string;
  /** How long these leases last from now on, in milliseconds. */
  readonly leaseMs: number;
}

/** Which deliveries a process would like to send next. */
export interface ClaimRequest {
  readonly fence: string;
  readonly leaseMs: number;
  /** At most how many deliveries in all. */
  readonly limit: number;
  /** At most how many from one lane that `lanes` does not name. A suspended lane yields one at most. */
  readonly perLane: number;
  /** At most how many from these lanes (by subscription id); 0 passes a lane over. */
  readonly lanes: ReadonlyMap<number, number>;
  /** The lane after which to begin, in the order of lane ids and round again: the `cursor` of the last answer, or 0. */
  readonly after: number;
}

/** Deliveries leased to this process, with the subscriptions and events that they need, each once. */
export interface ClaimResult {
  readonly claims: readonly Claim[];
  readonly subscriptions: readonly Subscription[];
  readonly events: readonly StoredEvent[];
  /** The last lane that was visited. */
  readonly cursor: number;
  /** Whether there may be more to claim right now within the same bounds; false only when every lane was visited. */
  readonly more: boolean;
}

/** What became of a batch of outcomes. */
export interface RecordResult {
  /** For each outcome, whether it was written; false when its fence no longer held the lease. */
  readonly written: readonly boolean[];
  /** The rows, after the change, of subscriptions that failed, or that answered while not healthy. */
  readonly subscriptions: readonly Subscription[];
  /** The storage's time, in milliseconds since the epoch. */
  readonly now: number;
}

/** What may be forgotten. Ages in milliseconds. */
export interface PruneRequest {
  readonly deliveredAfterMs: number;
  readonly failedAfterMs: number;
  readonly maxAttemptsPerAccount: number;
  /** At most how many rows of each kind to delete in this call; where whole days can be dropped at once, they may hold more. */
  readonly limit: number;
}

/** How many rows a call of `prune` deleted; none at all means that nothing is left to forget. */
export interface PruneResult {
  readonly attempts: number;
  readonly events: number;
  readonly subscriptions: number;
}

/** A field by which subscriptions can be found. */
export type SubscriptionField = keyof typeof subscriptionFields;
/** A field by which unfinished deliveries can be found. */
export type DeliveryField = keyof typeof deliveryFields;
/** A field by which attempts can be found. */
export type AttemptField = keyof typeof attemptFields;

/** Which subscriptions of an account, in which order, from where and how many. */
export interface SubscriptionQuery extends Query<SubscriptionField> {
  readonly which: WhichSubscriptions;
}

/**
 * Where subscriptions, events and deliveries live: the port that a storage adapter fills. Members stand in the order
 * in which a delivery meets them. Each promise is a case of the conformance suite (`storageConformance` in
 * `@hookwell/core/testing`) whose title begins with the member's name.
 *
 * Every call is all or nothing, and keeps no hold of the objects that it is given or answers. A call that cannot be made
 * now but may succeed later (locked, connection lost) rejects with a `HookwellError` `storage_busy`; the engine tries it
 * again. Before `start` and after `stop` every call rejects. A list refuses what `checkQuery` refuses.
 */
export interface StorageAdapter {
  /** What messages call it, e.g. `sqlite`. */
  readonly name: string;

  /**
   * Opens it, for the first time or again after a stop, and brings its tables up to date, keeping what is in them; a
   * second call changes nothing.
   */
  readonly start: (context: StorageContext) => Promise<void>;

  /** Stores a subscription as healthy, under an id larger than any before. */
  readonly createSubscription: (subscription: NewSubscription) => Promise<Subscription>;

  /**
   * Answers an account's own subscriptions, as the query says: those that are not unsubscribed, those that are and have not
   * been forgotten, or all of them.
   */
  readonly listSubscriptions: (accountId: string, query: SubscriptionQuery) => Promise<Page<Subscription>>;

  /**
   * Changes the account's own subscription, and nothing that the changes do not name; attributes one by one, also when
   * several calls change others at once. Null when the account has no such one, or it is unsubscribed.
   */
  readonly updateSubscription: (accountId: string, id: number, changes: SubscriptionChanges) => Promise<Subscription | null>;

  /**
   * Unsubscribes the account's own subscription, raising the version of its health; null when it has no such one, or no
   * longer.
   */
  readonly endSubscription: (accountId: string, id: number, reason: string) => Promise<Subscription | null>;

  /** Answers the subscriptions of all these keys that are not unsubscribed, suspended ones too, each once. */
  readonly findSubscriptions: (keys: readonly TopicKey[]) => Promise<readonly Subscription[]>;

  /**
   * Stores events and their deliveries, all or nothing and durable when it resolves; rejects when an id is not new. An
   * event whose idempotency key its account has used, for one that is still stored or stands before it in the batch, is
   * left out with its deliveries. Answers one event for each given one, in order: itself, or the earlier one.
   */
  readonly storeEvents: (batch: StoreBatch) => Promise<readonly StoredEvent[]>;

  /**
   * Answers the calls that can be part of a transaction that the host has open, bound to it: what they write is there once
   * the host commits, and never was once it rolls back. They see what the transaction has written, and neither commit nor
   * roll back. Rejects with `invalid_input` what is no open transaction of this storage's database.
   */
  readonly join: (transaction: unknown) => Promise<JoinedStorage>;

  /**
   * Leases due deliveries to one caller only, lanes in turn from `after` on and oldest due first within a lane, whatever
   * the length of any lane. Passes lanes over that are paused; a lane whose subscription is unsubscribed is never paused.
   * A lease that ran out is due like any other delivery, and counts as abandoned once it is claimed again; until then, or
   * until it is cancelled, its fence still holds.
   */
  readonly claimDeliveries: (request: ClaimRequest) => Promise<ClaimResult>;

  /**
   * Writes the outcomes whose fence still holds the lease, each as a line of the log, and nothing of the others. A final
   * outcome ends the delivery; `retry` gives it back with its new due time. Adds what `observe` says of the written ones
   * to their subscriptions' health facts. Made again with the same outcomes, because its answer was lost, it answers that
   * they were written and changes nothing.
   */
  readonly recordOutcomes: (outcomes: readonly Outcome[]) => Promise<RecordResult>;

  /**
   * Makes each change of health whose version is still the row's, raising the version. `healthSince` moves only when the
   * state does. Answers the changed rows, and null for a move that came too late.
   */
  readonly moveHealth: (moves: readonly HealthMove[]) => Promise<readonly (Subscription | null)[]>;

  /**
   * Hands claims back unsent: due at once, and otherwise as if they had not been claimed. A fence that no longer holds
   * does nothing.
   */
  readonly releaseDeliveries: (leases: readonly Lease[]) => Promise<void>;

  /** Answers in how many milliseconds the next delivery can be claimed (0: now), pauses of lanes counted in; null when none waits. */
  readonly nextDueInMs: () => Promise<number | null>;

  /**
   * Tells the other processes on the same storage that something may be due, where it has a way to; each then calls its
   * `onDue`. It may be lost without harm: they look for themselves, too, only later.
   */
  readonly announceDue: () => Promise<void>;

  /** Answers an account's own unfinished deliveries, as the query says. */
  readonly listDeliveries: (accountId: string, query: Query<DeliveryField>) => Promise<Page<Delivery>>;

  /**
   * Answers how many unfinished deliveries each subscription of the account has, of those that have any, by the id of the
   * subscription. Counts no more than `perLane` of each, those that are due first, so that no backlog makes it slow.
   */
  readonly countDeliveries: (accountId: string, perLane: number) => Promise<readonly DeliveryCount[]>;

  /** Answers an account's own log lines, as the query says. */
  readonly listAttempts: (accountId: string, query: Query<AttemptField>) => Promise<Page<Attempt>>;

  /**
   * Answers how many of an account's own log lines began in each span, by what they led to and how long they took; nothing
   * where there are none. By span, then outcome, then class of duration. Refuses what `checkCountQuery` refuses.
   */
  readonly countAttempts: (accountId: string, query: AttemptCountQuery) => Promise<readonly AttemptCount[]>;

  /** Answers those of the account's own events that are stored, whether or not anybody subscribed to them. */
  readonly findEvents: (accountId: string, ids: readonly string[]) => Promise<readonly StoredEvent[]>;

  /**
   * Makes a finished delivery of the account due again under its old id, its schedule begun anew and its attempts
   * counted on. Answers false, and does nothing, when it is unfinished or unknown, or its event or subscription is gone.
   */
  readonly replayDelivery: (accountId: string, deliveryId: string) => Promise<boolean>;

  /**
   * Ends the account's own delivery as cancelled, unless it is unknown or somebody holds it, by a lease that has not run
   * out; answers whether it did.
   */
  readonly cancelDelivery: (accountId: string, deliveryId: string, reason: string) => Promise<boolean>;

  /**
   * Forgets old log lines, then events that no delivery and no log line needs, then unsubscribed subscriptions that
   * nothing refers to; events and subscriptions only when they were stored, or ended, longer ago than both ages. Never an
   * unfinished delivery.
   */
  readonly prune: (request: PruneRequest) => Promise<PruneResult>;

  /** Closes what it opened itself; a second call changes nothing, nor does one without a start. */
  readonly stop: () => Promise<void>;
}

/** The calls of a storage that can be part of a transaction of the host's. */
export type JoinedStorage = Pick<StorageAdapter, 'createSubscription' | 'endSubscription' | 'findSubscriptions' | 'storeEvents'>;

/** Every member of the port and its type, for checks at run time. */
export const storageMembers = {
  name: 'string',
  start: 'function',
  createSubscription: 'function',
  listSubscriptions: 'function',
  updateSubscription: 'function',
  endSubscription: 'function',
  findSubscriptions: 'function',
  storeEvents: 'function',
  join: 'function',
  claimDeliveries: 'function',
  recordOutcomes: 'function',
  moveHealth: 'function',
  releaseDeliveries: 'function',
  nextDueInMs: 'function',
  announceDue: 'function',
  listDeliveries: 'function',
  countDeliveries: 'function',
  listAttempts: 'function',
  countAttempts: 'function',
  findEvents: 'function',
  replayDelivery: 'function',
  cancelDelivery: 'function',
  prune: 'function',
  stop: 'function',
} as const satisfies Record<keyof StorageAdapter, string>;
