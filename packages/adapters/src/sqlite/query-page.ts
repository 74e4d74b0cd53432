import type {
  Attempt,
  AttemptField,
  Delivery,
  DeliveryField,
  Page,
  Query,
  Replay,
  ReplayField,
  Subscription,
  SubscriptionQuery,
} from '@hookwell/core';
import { sql, type Compilable } from 'kysely';
import { listings, pageQueries, type Listing } from '../sql/listings.ts';
import type { Tables } from '../sql/tables.ts';
import type { Connection } from './connection.ts';
import { queries, sqliteConditions } from './queries.ts';

const attempts = listings.attempts({
  answer: sql.ref('answer'),
  record: sql`(select record from hookwell_events as event where event.id = hookwell_attempts.event_id)`,
});

/** Makes the calls that list an account's rows as a query says. */
export function queryPages(connection: Connection) {
  function page<Row, Model, Field extends string>(
    table: keyof Tables,
    listing: Listing<Row, Model, Field>,
    accountId: string,
    query: Query<Field>,
  ): Page<Model> {
    const { offset, limit } = query;
    const made = pageQueries(queries.selectFrom(table), listing, {
      accountId,
      query,
      dialect: sqliteConditions,
      subscriptionsTable: sql.table('hookwell_subscriptions'),
    });
    const rowsOf = (select: Compilable): Model[] => (connection.all(select) as Row[]).map(listing.read);
    if ('ids' in made) {
      const ids = connection.all(made.ids).map(({ id }) => id);
      const wanted = JSON.stringify(ids.slice(offset, offset + limit));
      return { rows: rowsOf(made.rowsWhere(sql`id in (select value from json_each(${wanted}))`)), total: ids.length };
    }
    const total = connection.all(made.total)[0]?.total ?? 0;
    return { rows: limit === 0 || offset >= total ? [] : rowsOf(made.rows), total };
  }

  return {
    subscriptions: (accountId: string, query: SubscriptionQuery): Page<Subscription> =>
      page('hookwell_subscriptions', listings.subscriptions(query.which), accountId, query),
    deliveries: (accountId: string, query: Query<DeliveryField>): Page<Delivery> =>
      page('hookwell_deliveries', listings.deliveries, accountId, query),
    replays: (accountId: string, query: Query<ReplayField>): Page<Replay> =>
      page('hookwell_replays', listings.replays, accountId, query),
    attempts: (accountId: string, query: Query<AttemptField>): Page<Attempt> =>
      page('hookwell_attempts', attempts, accountId, query),
  };
}
