import type { AttemptField, DeliveryField, ReplayField, SubscriptionField } from '@hookwell/core';
import type { Generated } from 'kysely';

/**
 * The tables as they are in the database: columns in snake case, times in milliseconds since the epoch. Every integer
 * arrives as a JavaScript number: SQLite reads them so, and a driver that does not must be told to.
 */
export interface Tables {
  readonly hookwell_subscriptions: SubscriptionsTable;
  readonly hookwell_events: EventsTable;
  readonly hookwell_deliveries: DeliveriesTable;
  readonly hookwell_attempts: AttemptsTable;
  readonly hookwell_keys: KeysTable;
  readonly hookwell_replays: ReplaysTable;
  readonly hookwell_migrations: MigrationsTable;
}

/** Subscriptions, those that ended included while something refers to them. */
export interface SubscriptionsTable {
  readonly id: Generated<number>;
  readonly account_id: string;
  readonly url: string;
  readonly topic: string;
  readonly format: string;
  readonly encoding: string;
  readonly data: string;
  readonly created_at: number;
  readonly health: string;
  readonly health_reason: string;
  readonly health_since: number;
  readonly health_version: number;
  readonly consecutive_failures: number;
  readonly failing_since: number | null;
  readonly paused_until: number | null;
  readonly reopened_at: number | null;
  readonly last_attempt_at: number | null;
  readonly last_status: number;
  readonly last_event_id: string | null;
  /** Texts by name, as JSON. */
  readonly attributes: string;
  readonly ordering: Generated<string>;
  readonly coalesce_ms: Generated<number>;
}

/** Events, each once. */
export interface EventsTable {
  readonly position: Generated<number>;
  readonly id: string;
  readonly account_id: string;
  readonly topic: string;
  readonly object_type: number;
  readonly occurred_at: number;
  readonly stored_at: number;
  readonly idempotency_key: string | null;
  /** The record as JSON, behind what is also read without it. */
  readonly record: string;
  /** Texts by name, as JSON. */
  readonly metadata: string;
}

/** The queue: unfinished deliveries and nothing else. */
export interface DeliveriesTable {
  readonly id: string;
  readonly account_id: string;
  readonly subscription_id: number;
  readonly event_id: string;
  readonly attempts: number;
  readonly failures: number;
  readonly abandonments: number;
  readonly created_at: number;
  /** From when it may be claimed; while it is leased, when the lease ends, so that an expired lease is simply due. */
  readonly due_at: number;
  readonly fence: string | null;
  /** 1 where a replay has made it due. */
  readonly replayed: number | null;
  /** Null where it keeps no order with others of its subscription. */
  readonly order_key: string | null;
  /** Null where no later event can take its place. */
  readonly coalesce_key: string | null;
}

/** The log, and the history of finished deliveries. */
export interface AttemptsTable {
  readonly id: Generated<number>;
  readonly account_id: string;
  readonly subscription_id: number;
  readonly delivery_id: string;
  readonly event_id: string;
  readonly topic: string;
  readonly number: number;
  readonly outcome: string;
  readonly reason: string;
  readonly status: number;
  readonly started_at: number;
  readonly duration_ms: number;
  readonly next_attempt_at: number | null;
  readonly answer: string;
}

/** Replays, those that ended included until they are forgotten. */
export interface ReplaysTable {
  readonly id: string;
  readonly account_id: string;
  readonly state: string;
  readonly looks_at: string;
  readonly created_at: number;
  readonly ended_at: number | null;
  /** From when its next step may be claimed; while it is leased, when the lease ends. */
  readonly due_at: number;
  /** Whose its next step is, or was when the last one was made; empty before any. */
  readonly fence: string;
  /** The replay as the model knows it, as JSON. */
  readonly replay: string;
  /** The ids of its deliveries that are unfinished, as far as it is known, as a list in JSON. */
  readonly unfinished: string;
}

/** The keys of accounts, those that have ended included until another one is ended. */
export interface KeysTable {
  readonly id: string;
  readonly account_id: string;
  readonly app_id: string;
  readonly digest: string;
  readonly last4: string;
  readonly name: string;
  readonly owner: string;
  /** A list of texts, as JSON. */
  readonly permissions: string;
  readonly created_at: number;
  readonly ends_at: number | null;
  readonly last_used_at: number | null;
}

/** Which migrations were applied. */
export interface MigrationsTable {
  readonly version: number;
  readonly applied_at: number;
}

/** The columns of subscriptions that a query may name. */
export const subscriptionColumns = {
  id: 'id',
  url: 'url',
  topic: 'topic',
  format: 'format',
  encoding: 'encoding',
  data: 'data',
  createdAt: 'created_at',
  health: 'health',
  lastAttemptAt: 'last_attempt_at',
  lastStatus: 'last_status',
} as const satisfies Record<SubscriptionField, keyof SubscriptionsTable>;

/** The columns of unfinished deliveries that a query may name. */
export const deliveryColumns = {
  id: 'id',
  subscriptionId: 'subscription_id',
  eventId: 'event_id',
  attempts: 'attempts',
  failures: 'failures',
  createdAt: 'created_at',
  dueAt: 'due_at',
} as const satisfies Record<DeliveryField, keyof DeliveriesTable>;

/** The columns of replays that a query may name. */
export const replayColumns = {
  id: 'id',
  state: 'state',
  createdAt: 'created_at',
} as const satisfies Record<ReplayField, keyof ReplaysTable>;

/** The columns of the log that a query may name, but for its long texts. */
export const attemptColumns = {
  id: 'id',
  subscriptionId: 'subscription_id',
  deliveryId: 'delivery_id',
  eventId: 'event_id',
  topic: 'topic',
  number: 'number',
  outcome: 'outcome',
  reason: 'reason',
  status: 'status',
  startedAt: 'started_at',
  durationMs: 'duration_ms',
} as const satisfies Record<Exclude<AttemptField, 'answer' | 'record'>, keyof AttemptsTable>;
