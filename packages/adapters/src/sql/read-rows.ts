import { dueAfterEarlier } from '@hookwell/core';
import type {
  Attempt,
  Claim,
  Delivery,
  Encoding,
  HealthState,
  Ordering,
  OutcomeKind,
  Replay,
  SmallTexts,
  StoredKey,
  StoredEvent,
  Subscription,
} from '@hookwell/core';
import type { Selectable } from 'kysely';
import type { AttemptsTable, DeliveriesTable, EventsTable, KeysTable, ReplaysTable, SubscriptionsTable } from './tables.ts';

/** A row of subscriptions as the model knows it. */
export function readSubscription(row: Selectable<SubscriptionsTable>): Subscription {
  return {
    id: row.id,
    accountId: row.account_id,
    url: row.url,
    topic: row.topic,
    format: row.format,
    encoding: row.encoding as Encoding,
    data: row.data,
    createdAt: row.created_at,
    health: row.health as HealthState,
    healthReason: row.health_reason,
    healthSince: row.health_since,
    healthVersion: row.health_version,
    consecutiveFailures: row.consecutive_failures,
    failingSince: row.failing_since,
    pausedUntil: row.paused_until,
    reopenedAt: row.reopened_at,
    lastAttemptAt: row.last_attempt_at,
    lastStatus: row.last_status,
    lastEventId: row.last_event_id,
    attributes: JSON.parse(row.attributes) as SmallTexts,
    ordering: row.ordering as Ordering,
    coalesceMs: row.coalesce_ms,
  };
}

/** A row of events as the model knows it. */
export function readEvent(row: Omit<Selectable<EventsTable>, 'position' | 'stored_at'>): StoredEvent {
  return {
    id: row.id,
    accountId: row.account_id,
    topic: row.topic,
    objectType: row.object_type,
    record: JSON.parse(row.record) as StoredEvent['record'],
    occurredAt: row.occurred_at,
    idempotencyKey: row.idempotency_key,
    metadata: JSON.parse(row.metadata) as SmallTexts,
  };
}

/** A row of deliveries as the model knows it. */
export function readDelivery(row: Selectable<DeliveriesTable>): Delivery {
  const isBehind = row.due_at >= dueAfterEarlier;
  return {
    id: row.id,
    accountId: row.account_id,
    subscriptionId: row.subscription_id,
    eventId: row.event_id,
    attempts: row.attempts,
    failures: row.failures,
    abandonments: row.abandonments,
    createdAt: row.created_at,
    dueAt: isBehind ? row.created_at : row.due_at,
    fence: row.fence,
    ...(row.replayed === null ? {} : { replayed: true }),
    ...(row.order_key === null ? {} : { orderKey: row.order_key }),
    ...(row.coalesce_key === null ? {} : { coalesceKey: row.coalesce_key }),
    ...(isBehind ? { waitsForEarlier: true } : {}),
  };
}

/** A row of deliveries, as it was before it was claimed, as a claim under a new fence. */
export function readClaim(row: Selectable<DeliveriesTable>, fence: string): Claim {
  return {
    id: row.id,
    accountId: row.account_id,
    subscriptionId: row.subscription_id,
    eventId: row.event_id,
    attempts: row.attempts,
    failures: row.failures,
    abandonments: row.abandonments + (row.fence === null ? 0 : 1),
    createdAt: row.created_at,
    fence,
    ...(row.replayed === null ? {} : { replayed: true }),
    ...(row.order_key === null ? {} : { orderKey: row.order_key }),
  };
}

/** A row of the log as the model knows it. */
export function readAttempt(row: Selectable<AttemptsTable>): Attempt {
  return {
    id: row.id,
    accountId: row.account_id,
    subscriptionId: row.subscription_id,
    deliveryId: row.delivery_id,
    eventId: row.event_id,
    topic: row.topic,
    number: row.number,
    outcome: row.outcome as OutcomeKind,
    reason: row.reason,
    status: row.status,
    answer: row.answer,
    startedAt: row.started_at,
    durationMs: row.duration_ms,
    nextAttemptAt: row.next_attempt_at,
  };
}

/** A row of replays as the model knows it. */
export function readReplay(row: Pick<Selectable<ReplaysTable>, 'replay'>): Replay {
  return JSON.parse(row.replay) as Replay;
}

/** A row of keys as the model knows it. */
export function readKey(row: Selectable<KeysTable>): StoredKey {
  return {
    id: row.id,
    accountId: row.account_id,
    appId: row.app_id,
    digest: row.digest,
    last4: row.last4,
    name: row.name,
    owner: row.owner,
    permissions: JSON.parse(row.permissions) as readonly string[],
    createdAt: row.created_at,
    endsAt: row.ends_at,
    lastUsedAt: row.last_used_at,
  };
}
