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
import { sql, type RawBuilder } from 'kysely';
import { listings, pageQueries, type DearPage, type Listing, type QuickPage } from '../sql/listings.ts';
import type { PostgresValue } from './driver.ts';
import { postgresConditions, queriesIn } from './queries.ts';
import { plannedEachTime, type Runner } from './statement.ts';
import type { PostgresTables } from './tables.ts';

interface Answer<Row> {
  readonly total: number;
  readonly rows: readonly Row[];
}

function quickPage({ total, rows }: QuickPage): RawBuilder<unknown> {
  return sql`
    select json_build_object(
      'total', (${total}), 'rows', (select coalesce(json_agg(page), '[]') from (${rows}) as page)
    )::text`;
}

function dearPage({ ids, rowsWhere }: DearPage, { offset, limit }: Query): RawBuilder<unknown> {
  const wanted = sql`select id from met where turn > ${offset}::bigint and turn - ${offset}::bigint <= ${limit}::bigint`;
  return sql`
    with met as materialized (select id, row_number() over () as turn from (${ids}) as m)
    select json_build_object(
      'total', (select count(*) from met),
      'rows', (select coalesce(json_agg(page), '[]') from (${rowsWhere(sql`id = any (array(${wanted}))`)}) as page)
    )::text`;
}

/** Makes the calls that list an account's rows as a query says. */
export function queryPages(schema: string) {
  const queries = queriesIn(schema);
  const attempts = listings.attempts({
    answer: sql`(answer collate "C")`,
    record: sql`((
      select event.record from ${sql.id(schema, 'events')} as event
      where event.id = attempts.event_id and event.day = attempts.event_day
    ) collate "C")`,
  });

  async function page<Row, Model, Field extends string>(
    runner: Runner,
    { table, listing }: { readonly table: keyof PostgresTables; readonly listing: Listing<Row, Model, Field> },
    accountId: string,
    query: Query<Field>,
  ): Promise<Page<Model>> {
    const made = pageQueries(queries.selectFrom(table), listing, {
      accountId,
      query,
      dialect: postgresConditions,
      subscriptionsTable: sql.id(schema, 'subscriptions'),
    });
    const { sql: text, parameters } = ('ids' in made ? dearPage(made, query) : quickPage(made)).compile(queries);
    const answer = await runner.run(plannedEachTime<Answer<Row>>(text), parameters as readonly PostgresValue[]);
    return { rows: answer.rows.map(listing.read), total: answer.total };
  }

  return {
    subscriptions: async (runner: Runner, accountId: string, query: SubscriptionQuery): Promise<Page<Subscription>> =>
      page(runner, { table: 'subscriptions', listing: listings.subscriptions(query.which) }, accountId, query),
    deliveries: async (runner: Runner, accountId: string, query: Query<DeliveryField>): Promise<Page<Delivery>> =>
      page(runner, { table: 'deliveries', listing: listings.deliveries }, accountId, query),
    replays: async (runner: Runner, accountId: string, query: Query<ReplayField>): Promise<Page<Replay>> =>
      page(runner, { table: 'replays', listing: listings.replays }, accountId, query),
    attempts: async (runner: Runner, accountId: string, query: Query<AttemptField>): Promise<Page<Attempt>> =>
      page(runner, { table: 'attempts', listing: attempts }, accountId, query),
  };
}
