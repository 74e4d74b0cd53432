import { sql } from 'kysely';
import type { Connection } from './connection.ts';
import { bound, queries } from './queries.ts';

/** Rows looked at in one part. */
const rowsPerPart = 1_000;

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
          or exists (select 1 from hookwell_attempts where event_id = event.id)`.as('needed'),
      ])
      .where('position', '>', bound<number>())
      .orderBy('position')
      .limit(bound<number>()),
  );
  const deleteEvent = connection.prepare(queries.deleteFrom('hookwell_events').where('position', '=', bound<number>()));
  const lookAtSubscriptions = connection.prepare(
    queries
      .selectFrom('hookwell_subscriptions as subscription')
      .select([
        'id as key',
        sql<number>`exists (select 1 from hookwell_deliveries where subscription_id = subscription.id)
          or exists (select 1 from hookwell_attempts where subscription_id = subscription.id)`.as('needed'),
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
      const size = Math.min(rowsPerPart, limit);
      const rows = lookAtEvents.all(after, size);
      for (const { key, stored_at, needed } of rows) {
        if (stored_at >= storedBefore) return { deleted, looked: null };
        if (needed === 0) deleted += deleteEvent.run(key).changes;
      }
      return { deleted, looked: rows.length < size ? null : (rows.at(-1)?.key ?? null) };
    },

    /** Deletes subscriptions that ended long ago. */
    deleteSubscriptions({ after, endedBefore, limit }: { after: number | null; endedBefore: number; limit: number }): Unneeded {
      if (after === null) return { deleted: 0, looked: null };
      let deleted = 0;
      const size = Math.min(rowsPerPart, limit);
      const rows = lookAtSubscriptions.all(after, endedBefore, size);
      for (const { key, needed } of rows) {
        if (needed === 0) deleted += deleteSubscription.run(key).changes;
      }
      return { deleted, looked: rows.length < size ? null : (rows.at(-1)?.key ?? null) };
    },
  };
}
