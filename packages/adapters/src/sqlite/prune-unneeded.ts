import type { PruneRequest } from '@hookwell/core';
import { sql } from 'kysely';
import type { Ages } from '../sql/ages.ts';
import type { Connection } from './connection.ts';
import { findSpared, sparedAccounts, sparedSet } from './prune-attempts.ts';
import { bound, queries } from './queries.ts';

/** Events looked at in one part. */
const eventsPerPart = 250;
/**
 * Subscriptions looked at in one part: each costs a walk over the index of its account's log. One by subscription would be
 * the only index of the log that is written all over the place, for the sake of few rows that are looked at once.
 */
const subscriptionsPerPart = 5;

/** What one part came to: how many rows were deleted, and the last one looked at; null when none is left. */
export interface Unneeded {
  readonly deleted: number;
  readonly looked: number | null;
}

/** Makes the parts of `prune` that forget what nothing refers to any more. */
export function preparePruneUnneeded(connection: Connection) {
  const lookAtSpared = connection.prepareSql<{ readonly account_id: string }>(findSpared);
  const lookAtEvents = connection.prepare(
    queries
      .selectFrom('hookwell_events as event')
      .select([
        'position as key',
        'account_id',
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
  const deleteReplays = connection.prepareSql(`
    delete from hookwell_replays where id in (
      select id from hookwell_replays as replay where state <> 'running' and ended_at < $now - coalesce((
        select max(json_extract(value, '$.deliveredAfterMs'), json_extract(value, '$.failedAfterMs'))
        from json_each($accounts) where json_extract(value, '$.accountId') = replay.account_id
      ), $afterMs) limit (select $limit)
    )`);
  const lookAtSubscriptions = connection.prepare(
    queries
      .selectFrom('hookwell_subscriptions as subscription')
      .select([
        'id as key',
        'account_id',
        'health_since',
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
    /** The accounts of which nothing is forgotten, because a replay may still need it. */
    spared: (): ReadonlySet<string> => sparedSet(lookAtSpared.all()),

    /** Deletes old events in the order in which they were stored, up to the first that is too young for any account. */
    deleteEvents(after: number, { of, lastRestBefore }: Ages, limit: number): Unneeded {
      let deleted = 0;
      const size = Math.min(eventsPerPart, limit);
      const rows = lookAtEvents.all(after, size);
      for (const { key, account_id: account, stored_at: storedAt, needed } of rows) {
        if (storedAt >= lastRestBefore) return { deleted, looked: null };
        if (needed === 0 && storedAt < of(account).restBefore) deleted += deleteEvent.run(key).changes;
      }
      return { deleted, looked: rows.length < size ? null : (rows.at(-1)?.key ?? null) };
    },

    /** Deletes replays that ended long ago. */
    deleteReplays({ accounts, deliveredAfterMs, failedAfterMs }: PruneRequest, now: number, limit: number): void {
      deleteReplays.run({ now, accounts: JSON.stringify(accounts), afterMs: Math.max(deliveredAfterMs, failedAfterMs), limit });
    },

    /** Deletes subscriptions that ended long ago. */
    deleteSubscriptions(after: number | null, { of, lastRestBefore }: Ages, limit: number): Unneeded {
      if (after === null) return { deleted: 0, looked: null };
      let deleted = 0;
      const size = Math.min(subscriptionsPerPart, limit);
      const rows = lookAtSubscriptions.all(after, lastRestBefore, size);
      for (const { key, account_id: account, health_since: endedAt, needed } of rows) {
        if (needed === 0 && endedAt < of(account).restBefore) deleted += deleteSubscription.run(key).changes;
      }
      return { deleted, looked: rows.length < size ? null : (rows.at(-1)?.key ?? null) };
    },
  };
}
