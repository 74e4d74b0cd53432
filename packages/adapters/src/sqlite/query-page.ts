import { attemptFields, checkQuery, deliveryFields, subscriptionFields, type Page, type Query } from '@hookwell/core';
import type { Attempt, AttemptField, Delivery, DeliveryField, Subscription, SubscriptionField } from '@hookwell/core';
import { sql, type Expression, type SqlBool } from 'kysely';
import { columnSql, conditionSql, type QueryFields } from '../sql/condition-sql.ts';
import { readAttempt, readDelivery, readSubscription } from '../sql/read-rows.ts';
import { attemptColumns, deliveryColumns, subscriptionColumns, type Tables } from '../sql/tables.ts';
import type { Connection } from './connection.ts';
import { likeInSqlite, queries } from './queries.ts';

/** A kind of row that can be listed. */
interface Listing<Row, Model, Field extends string> {
  readonly table: keyof Tables;
  readonly fields: QueryFields<Field>;
  /** Which rows are an account's at all. */
  readonly own: (accountId: string) => Expression<SqlBool>;
  readonly read: (row: Row) => Model;
}

const subscriptions: Listing<Parameters<typeof readSubscription>[0], Subscription, SubscriptionField> = {
  table: 'hookwell_subscriptions',
  fields: { columns: subscriptionColumns, types: subscriptionFields },
  own: (accountId) => sql`account_id = ${accountId} and health <> 'unsubscribed'`,
  read: readSubscription,
};

/** Unfinished deliveries have no index by account: they are found lane by lane, and writing them stays cheap. */
const deliveries: Listing<Parameters<typeof readDelivery>[0], Delivery, DeliveryField> = {
  table: 'hookwell_deliveries',
  fields: { columns: deliveryColumns, types: deliveryFields },
  own: (accountId) =>
    sql`account_id = ${accountId} and subscription_id in (select id from hookwell_subscriptions where account_id = ${accountId})`,
  read: readDelivery,
};

const attempts: Listing<Parameters<typeof readAttempt>[0], Attempt, AttemptField> = {
  table: 'hookwell_attempts',
  fields: { columns: attemptColumns, types: attemptFields },
  own: (accountId) => sql`account_id = ${accountId}`,
  read: readAttempt,
};

/** Makes the calls that list an account's rows as a query says. */
export function queryPages(connection: Connection) {
  function page<Row, Model, Field extends string>(
    { table, fields, own, read }: Listing<Row, Model, Field>,
    accountId: string,
    query: Query<Field>,
  ): Page<Model> {
    checkQuery(query, fields.types);
    const { where, sort, offset, limit } = query;
    const met = queries
      .selectFrom(table)
      .where(own(accountId))
      .where(conditionSql(where, fields, likeInSqlite));
    const direction = sort.direction === 'desc' ? 'desc' : 'asc';
    const [counted] = connection.all(met.select(sql<number>`count(*)`.as('total')));
    const total = counted?.total ?? 0;
    if (limit === 0 || offset >= total) return { rows: [], total };
    const rows = connection.all(
      met
        .selectAll()
        .orderBy(columnSql(sort.field, fields), direction)
        .orderBy(sql`id`)
        .limit(limit)
        .offset(offset),
    );
    return { rows: (rows as unknown as Row[]).map(read), total };
  }

  return {
    subscriptions: (accountId: string, query: Query<SubscriptionField>): Page<Subscription> =>
      page(subscriptions, accountId, query),
    deliveries: (accountId: string, query: Query<DeliveryField>): Page<Delivery> => page(deliveries, accountId, query),
    attempts: (accountId: string, query: Query<AttemptField>): Page<Attempt> => page(attempts, accountId, query),
  };
}
