import {
  withChanges,
  withMove,
  type HealthMove,
  type NewSubscription,
  type Subscription,
  type SubscriptionChanges,
  type TopicKey,
} from '@hookwell/core';
import { sql } from 'kysely';
import { readSubscription } from '../sql/read-rows.ts';
import type { Connection } from './connection.ts';
import { bound, boundUnseen, queries } from './queries.ts';

/** Makes the calls that make, change, end, find and move subscriptions. */
export function prepareSubscriptions(connection: Connection) {
  const insert = connection.prepare(
    queries
      .insertInto('hookwell_subscriptions')
      .values({
        account_id: bound<string>(),
        url: bound<string>(),
        topic: bound<string>(),
        format: bound<string>(),
        encoding: bound<string>(),
        data: bound<string>(),
        created_at: bound<number>(),
        health: sql.lit('healthy'),
        health_reason: sql.lit(''),
        health_since: bound<number>(),
        health_version: sql.lit(0),
        consecutive_failures: sql.lit(0),
        last_status: sql.lit(0),
        attributes: bound<string>(),
        ordering: bound<string>(),
        coalesce_ms: bound<number>(),
      })
      .returningAll(),
  );
  const find = connection.prepare(
    queries
      .selectFrom('hookwell_subscriptions')
      .selectAll()
      .where('account_id', '=', boundUnseen<string>())
      .where('topic', '=', boundUnseen<string>())
      .where('health', '<>', sql.lit('unsubscribed'))
      .orderBy('id'),
  );
  const end = connection.prepare(
    queries
      .updateTable('hookwell_subscriptions')
      .set({
        health: sql.lit('unsubscribed'),
        health_reason: bound<string>(),
        health_since: bound<number>(),
        health_version: sql<number>`health_version + 1`,
        paused_until: sql.lit(null),
      })
      .where('account_id', '=', bound<string>())
      .where('id', '=', bound<number>())
      .where('health', '<>', sql.lit('unsubscribed'))
      .returningAll(),
  );
  const update = connection.prepare(
    queries
      .updateTable('hookwell_subscriptions')
      .set({
        url: bound<string>(),
        topic: bound<string>(),
        format: bound<string>(),
        encoding: bound<string>(),
        data: bound<string>(),
        attributes: bound<string>(),
        ordering: bound<string>(),
        coalesce_ms: bound<number>(),
      })
      .where('id', '=', bound<number>()),
  );
  const findById = connection.prepare(queries.selectFrom('hookwell_subscriptions').selectAll().where('id', '=', bound<number>()));
  const updateHealth = connection.prepare(
    queries
      .updateTable('hookwell_subscriptions')
      .set({
        health: bound<string>(),
        health_reason: bound<string>(),
        health_since: bound<number>(),
        health_version: bound<number>(),
        paused_until: bound<number | null>(),
        reopened_at: bound<number | null>(),
      })
      .where('id', '=', bound<number>()),
  );

  function moveOne(move: HealthMove, now: number): Subscription | null {
    const row = findById.get(move.subscriptionId);
    const moved = row ? withMove(readSubscription(row), move, now) : null;
    if (!moved) return null;
    const { health, healthReason, healthSince, healthVersion, pausedUntil, reopenedAt, id } = moved;
    updateHealth.run(health, healthReason, healthSince, healthVersion, pausedUntil, reopenedAt, id);
    return moved;
  }

  return {
    create(given: NewSubscription, now: number): Subscription {
      const { accountId, url, topic, format, encoding, data, attributes, ordering = 'none', coalesceMs = 0 } = given;
      const kept = JSON.stringify(attributes);
      const row = insert.get(accountId, url, topic, format, encoding, data, now, now, kept, ordering, coalesceMs);
      if (!row) throw new Error('the new subscription was not answered');
      return readSubscription(row);
    },

    update(accountId: string, id: number, changes: SubscriptionChanges): Subscription | null {
      const row = findById.get(id);
      if (row?.account_id !== accountId || row.health === 'unsubscribed') return null;
      const changed = withChanges(readSubscription(row), changes);
      const { url, topic, format, encoding, data, attributes, ordering, coalesceMs } = changed;
      update.run(url, topic, format, encoding, data, JSON.stringify(attributes), ordering, coalesceMs, id);
      return changed;
    },

    end(accountId: string, id: number, reason: string, now: number): Subscription | null {
      const row = end.get(reason, now, accountId, id);
      return row ? readSubscription(row) : null;
    },

    find(keys: readonly TopicKey[]): readonly Subscription[] {
      const found = new Map<number, Subscription>();
      for (const { accountId, topic } of keys) {
        for (const row of find.all(accountId, topic)) found.set(row.id, readSubscription(row));
      }
      return [...found.values()];
    },

    move: (moves: readonly HealthMove[], now: number): readonly (Subscription | null)[] =>
      moves.map((wanted) => moveOne(wanted, now)),
  };
}
