import type { ClaimRequest, ClaimResult } from './model/claims.ts';
import type { CutRequest, CutResult } from './model/cut.ts';
import type { Delivery, deliveryFields, Lease, NewDelivery } from './model/delivery.ts';
import type { AttemptCount, AttemptCountQuery, DeliveryCount } from './model/counts.ts';
import type { EraseRequest, EraseResult } from './model/erasure.ts';
import type { StoredEvent, TopicKey } from './model/event.ts';
import type { EventPage, EventSearch } from './model/event-search.ts';
import type { HealthMove } from './model/health.ts';
import type { Attempt, attemptFields, Outcome } from './model/outcome.ts';
import type { Page, Query } from './model/query.ts';
import type {
  NewReplay,
  Replay,
  ReplayClaimRequest,
  ReplayClaims,
  replayFields,
  ReplayPage,
  ReplaySearch,
  ReplayStep,
} from './model/replay.ts';
import type { ExpireRequest, ExpireResult, PruneRequest, PruneResult } from './model/retention.ts';
import type { KeyUse, NewKey, StoredKey } from './model/stored-key.ts';
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

/** What became of a batch of outcomes. */
export interface RecordResult {
  /** For each outcome, whether it was written; false when its fence no longer held the lease. */
  readonly written: readonly boolean[];
  /** The rows, after the change, of subscriptions that failed, or that answered while not healthy. */
  readonly subscriptions: readonly Subscription[];
  /** The storage's time, in milliseconds since the epoch. */
  readonly now: number;
}

/** A field by which subscriptions can be found. */
export type SubscriptionField = keyof typeof subscriptionFields;
/** A field by which unfinished deliveries can be found. */
export type DeliveryField = keyof typeof deliveryFields;
/** A field by which attempts can be found. */
export type AttemptField = keyof typeof attemptFields;
/** A field by which replays can be found. */
export type ReplayField = keyof typeof replayFields;

/** Which subscriptions of an account, in which order, from where and how many. */
export interface SubscriptionQuery extends Query<SubscriptionField> {
  readonly which: WhichSubscriptions;
}

/**
 * Where subscriptions, events, deliveries and keys live: the port that a storage adapter fills. Members stand in the order
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
   * left out with its deliveries. Answers one event for each given one, in order: itself, or the earlier one. Where a
   * delivery of the subscription waits under the same `coalesceKey`, that is given the event instead, also one of the same batch.
   * Deliveries with an `orderKey` stand in the order in which they are stored, within a batch in that of the batch.
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
   * until it is cancelled, its fence still holds. What is claimed loses its `coalesceKey`. Of an order, the deliveries of a
   * subscription with the same `orderKey`, it takes the first unfinished one alone, but any number of one that is unsubscribed.
   */
  readonly claimDeliveries: (request: ClaimRequest) => Promise<ClaimResult>;

  /**
   * Writes the outcomes whose fence still holds the lease, each as a line of the log, and nothing of the others. A final
   * outcome ends the delivery and, as whatever ends one, makes the next of its order due; `retry` gives it back with its new
   * due time. Adds what `observe` says of the written ones to their subscriptions' health facts. Made again with the same
   * outcomes, because its answer was lost, it answers that they were written and changes nothing.
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

  /** Answers the account's own stored events, newest first, from a place on and as far as it is told to look. */
  readonly listEvents: (accountId: string, search: EventSearch) => Promise<EventPage>;

  /**
   * Makes a finished delivery of the account due again under its old id, its schedule begun anew and its attempts
   * counted on. Answers false, and does nothing, when it is unfinished or unknown, or its event, the event's record or its
   * subscription is gone.
   */
  readonly replayDelivery: (accountId: string, deliveryId: string) => Promise<boolean>;

  /**
   * Ends the account's own delivery as cancelled, unless it is unknown or somebody holds it, by a lease that has not run
   * out; where an event is named, only while it is the delivery of that event. Answers whether it did.
   */
  readonly cancelDelivery: (accountId: string, deliveryId: string, reason: string, eventId?: string) => Promise<boolean>;

  /**
   * Ends as cancelled, with a line of the log each, what lanes of suspended and paused subscriptions hold beyond the bounds:
   * all but the `maxPerLane` that are due last and, of suspended ones, what has been due for longer than `maxAgeMs`. Never what somebody holds by
   * a lease that has not run out, and nothing of an open lane.
   */
  readonly cutClosedLanes: (request: CutRequest) => Promise<CutResult>;

  /**
   * Erases the account's own events about a record, as many as it looks at in one call, with their idempotency keys, their
   * deliveries, whoever holds them, and their lines of the log. What is stored meanwhile is erased as well.
   */
  readonly eraseRecord: (accountId: string, request: EraseRequest) => Promise<EraseResult>;

  /**
   * Stores a replay that runs and whose first step is due, with the newest line of its account's log; answers it, and the
   * one that is stored already under its id.
   */
  readonly createReplay: (replay: NewReplay) => Promise<Replay>;

  /** Answers an account's own replays, as the query says. */
  readonly listReplays: (accountId: string, query: Query<ReplayField>) => Promise<Page<Replay>>;

  /**
   * Answers what a replay of the account would send, in an order that stays, from a place on: its own finished deliveries by
   * their last line; or its own events and subscriptions that are missing one, by the age of the events. Nothing that is
   * unfinished, nothing whose event, or the event's record, is gone or whose subscription is unsubscribed. It looks at a bounded number of rows.
   */
  readonly findReplayable: (accountId: string, search: ReplaySearch) => Promise<ReplayPage>;

  /** Cancels the account's own replay; answers the row, and null when it has no such one that runs. */
  readonly cancelReplay: (accountId: string, id: string, reason: string) => Promise<Replay | null>;

  /**
   * Leases replays whose next step is due to this caller alone, longest due first, and takes note of what became of the
   * deliveries that they have made due. A lease that ran out is due like any other step.
   */
  readonly claimReplays: (request: ReplayClaimRequest) => Promise<ReplayClaims>;

  /**
   * Makes each step whose fence still holds, all of it or nothing: makes deliveries of the replay's account due, counts
   * them, moves on and gives the lease back. A delivery that is unfinished, or there already for its event and
   * subscription, is left as it is. Answers the rows, and null for a replay that has ended or is somebody else's by now. A
   * step made again, because its answer was lost, changes nothing and answers the row.
   */
  readonly advanceReplays: (steps: readonly ReplayStep[]) => Promise<readonly (Replay | null)[]>;

  /** Stores keys, all or nothing, as of now and without an end. One whose id is stored already is left as it is. */
  readonly createKeys: (keys: readonly NewKey[]) => Promise<void>;

  /** Answers the keys that go by these App IDs and have not ended, whosever they are: who asks is not known before. */
  readonly findKeys: (appIds: readonly string[]) => Promise<readonly StoredKey[]>;

  /** Answers an account's own keys that have not ended, the newest first. */
  readonly listKeys: (accountId: string) => Promise<readonly StoredKey[]>;

  /** Ends the account's own keys in so many milliseconds, none of them later than it ends already; 0 is at once. */
  readonly endKeys: (accountId: string, ids: readonly string[], inMs: number) => Promise<void>;

  /** Writes down when keys were used; none of them was used earlier than is known. */
  readonly touchKeys: (uses: readonly KeyUse[]) => Promise<void>;

  /**
   * Forgets old log lines, then events that no delivery and no log line needs, then unsubscribed subscriptions that
   * nothing refers to; events and subscriptions only when they were stored, or ended, longer ago than both ages. Where the
   * request names an account, its own ages and number of lines go instead. Never an
   * unfinished delivery, nor what a replay that still looks may need: lines and events of its account. Replays that ended
   * longer ago than both ages go as well, uncounted.
   */
  readonly prune: (request: PruneRequest) => Promise<PruneResult>;

  /**
   * Empties answers of lines that began longer ago than their age; and, of events stored longer ago than theirs, records but
   * for the id, marked as `withoutRecord` does. Never the record of an event that an unfinished delivery needs, or a replay
   * that still looks may need: it goes when its last delivery ended that long ago. What is written late, with a beginning
   * before what was looked at already, may be left.
   */
  readonly expireBodies: (request: ExpireRequest) => Promise<ExpireResult>;

  /** Closes what it opened itself; a second call changes nothing, nor does one without a start. */
  readonly stop: () => Promise<void>;
}

/** The calls of a storage that can be part of a transaction of the host's. */
export type JoinedStorage = Pick<StorageAdapter, 'createSubscription' | 'endSubscription' | 'findSubscriptions' | 'storeEvents'>;
