import { sql } from 'kysely';
import type { Connection } from './connection.ts';
import { sparedAccounts } from './prune-attempts.ts';
import { bound, queries } from './queries.ts';

/** Events looked at in one part. */
const eventsPerPart = 1_000;
/**
 * Subscriptions looked at in one part: each costs a walk over the index of its account's log. One by subscription would be
 * the only index of the log that is written all over the place, for the sake of few rows that are looked at once.
 */
const subscriptionsPerPart = 20;

/** What one part came to: how many rows were deleted, and the last one looked at; null when none is left. */
export interface Unneeded {
  readonly deleted: number;
  readonly looked: number | null;
}

/** Makes the parts of `prune` that forget what nothing refers to any more. */
export function preparePruneUnneeded(connection: Connection) {
  const lookAtEvents = connection.prepare(
    queries
      .selectFrom('hookwell_events as event')
      .select([
        'position as key',
        'stored_at',
        sql<number>`exists (select 1 from hookwell_deliveries where event_id = event.id)
          or exists (select 1 from hookwell_attempts where event_id = event.id)
          or event.account_id in ${sparedAccounts}`.as('needed'),
      ])
      .where('position', '>', bound<number>())
      .orderBy('position')
      .limit(bound<number>()),
  );
  const deleteEvent = connection.prepare(queries.deleteFrom('hookwell_events').where('position', '=', bound<number>()));
  const deleteReplays = connection.prepareSql(
    "delete from hookwell_replays where id in (select id from hookwell_replays where state <> 'running' and ended_at < ? limit ?)",
  );
  const lookAtSubscriptions = connection.prepare(
    queries
      .selectFrom('hookwell_subscriptions as subscription')
      .select([
        'id as key',
        sql<number>`exists (select 1 from hookwell_deliveries where subscription_id = subscription.id)
          or exists (select 1 from hookwell_attempts
            where account_id = subscription.account_id and subscription_id = subscription.id)`.as('needed'),
      ])
      .where('health', '=', sql.lit('unsubscribed'))
      .where('id', '>', bound<number>())
      .where('health_since', '<', bound<number>())
      .orderBy('id')
      .limit(bound<number>()),
  );
  const deleteSubscription = connection.prepare(queries.deleteFrom('hookwell_subscriptions').where('id', '=', bound<number>()));

  return {
    /** Deletes old events in the order in which they were stored, up to the first that is too young. */
    deleteEvents({ after, storedBefore, limit }: { after: number | null; storedBefore: number; limit: number }): Unneeded {
      if (after === null) return { deleted: 0, looked: null };
      let deleted = 0;
      const size = Math.min(eventsPerPart, limit);
      const rows = lookAtEvents.all(after, size);
      for (const { key, stored_at, needed } of rows) {
        if (stored_at >= storedBefore) return { deleted, looked: null };
        if (needed === 0) deleted += deleteEvent.run(key).changes;
      }
      return { deleted, looked: rows.length < size ? null : (rows.at(-1)?.key ?? null) };
    },

    /** Deletes replays that ended long ago. */
    deleteReplays(endedBefore: number, limit: number): void {
      deleteReplays.run(endedBefore, limit);
    },

    /** Deletes subscriptions that ended long ago. */
    deleteSubscriptions({ after, endedBefore, limit }: { after: number | null; endedBefore: number; limit: number }): Unneeded {
      if (after === null) return { deleted: 0, looked: null };
      let deleted = 0;
      const size = Math.min(subscriptionsPerPart, limit);
      const rows = lookAtSubscriptions.all(after, endedBefore, size);
      for (const { key, needed } of rows) {
        if (needed === 0) deleted += deleteSubscription.run(key).changes;
      }
      return { deleted, looked: rows.length < size ? null : (rows.at(-1)?.key ?? null) };
    },
  };
}
