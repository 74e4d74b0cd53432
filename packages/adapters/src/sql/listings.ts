import {
  attemptFields,
  checkQuery,
  checkWhich,
  deliveryFields,
  replayFields,
  subscriptionFields,
  type Condition,
  type Query,
} from '@hookwell/core';
import type {
  Attempt,
  AttemptField,
  Delivery,
  DeliveryField,
  Replay,
  ReplayField,
  Subscription,
  SubscriptionField,
  WhichSubscriptions,
} from '@hookwell/core';
import { sql, type Compilable, type Expression, type SelectQueryBuilder, type SqlBool } from 'kysely';
import { columnSql, conditionSql, type ConditionDialect, type QueryFields } from './condition-sql.ts';
import { readAttempt, readDelivery, readReplay, readSubscription } from './read-rows.ts';
import { attemptColumns, deliveryColumns, replayColumns, subscriptionColumns } from './tables.ts';

/** Columns by the fields that they are for. */
function columnsOf<Field extends string>(names: Readonly<Record<Field, string>>): Readonly<Record<Field, Expression<unknown>>> {
  const columns = Object.entries<string>(names).map(([field, name]) => [field, sql.ref(name)]);
  return Object.fromEntries(columns) as Record<Field, Expression<unknown>>;
}

/** The long texts of the log as a database has them: comparable by code points. */
export interface LogTexts {
  readonly answer: Expression<unknown>;
  /** The record of the line's event. */
  readonly record: Expression<unknown>;
}

/** A kind of row that can be listed. */
export interface Listing<Row, Model, Field extends string> {
  readonly fields: QueryFields<Field>;
  /** Which rows are an account's at all; `subscriptions` is the name of that table. */
  readonly own: (accountId: string, subscriptions: Expression<unknown>) => Expression<SqlBool>;
  readonly read: (row: Row) => Model;
}

/** @throws {HookwellError} `invalid_query` */
function subscriptions(
  which: WhichSubscriptions,
): Listing<Parameters<typeof readSubscription>[0], Subscription, SubscriptionField> {
  checkWhich(which);
  const isOne = { active: sql` and health <> 'unsubscribed'`, ended: sql` and health = 'unsubscribed'`, all: sql`` }[which];
  return {
    fields: { columns: columnsOf(subscriptionColumns), types: subscriptionFields },
    own: (accountId) => sql`account_id = ${accountId}${isOne}`,
    read: readSubscription,
  };
}

/**
 * Unfinished deliveries have no index by account: they are found lane by lane, and writing them stays cheap. That a lane is
 * an account's own says so of all that is in it, so that a backlog is counted in the index of lanes alone.
 */
const deliveries: Listing<Parameters<typeof readDelivery>[0], Delivery, DeliveryField> = {
  fields: { columns: columnsOf(deliveryColumns), types: deliveryFields },
  own: (accountId, table) => sql`subscription_id in (select id from ${table} where account_id = ${accountId})`,
  read: readDelivery,
};

const attempts = (texts: LogTexts): Listing<Parameters<typeof readAttempt>[0], Attempt, AttemptField> => ({
  fields: { columns: { ...columnsOf(attemptColumns), ...texts }, types: attemptFields },
  own: (accountId) => sql`account_id = ${accountId}`,
  read: readAttempt,
});

const replays: Listing<Parameters<typeof readReplay>[0], Replay, ReplayField> = {
  fields: { columns: columnsOf(replayColumns), types: replayFields },
  own: (accountId) => sql`account_id = ${accountId}`,
  read: readReplay,
};

/** Every kind of row that can be listed. */
export const listings = { subscriptions, deliveries, attempts, replays } as const;

/** What a page is made of. */
export type PageQueries = QuickPage | DearPage;

/** Two looks: how many rows there are in all, and the rows that are wanted. */
export interface QuickPage {
  readonly total: Compilable<{ readonly total: number }> & Expression<unknown>;
  readonly rows: Compilable & Expression<unknown>;
}

/** One look, because the condition looks into long texts: all ids in their order, and the rows of those that are wanted. */
export interface DearPage {
  readonly ids: Compilable<{ readonly id: number | string }> & Expression<unknown>;
  readonly rowsWhere: (isWanted: Expression<SqlBool>) => Compilable & Expression<unknown>;
}

/**
 * The queries for an account's rows as a query says.
 *
 * @param table the table, selected from
 * @throws {HookwellError} `invalid_query`
 */
export function pageQueries<Tables, Table extends keyof Tables, Field extends string>(
  table: SelectQueryBuilder<Tables, Table, object>,
  { fields, own }: Listing<never, unknown, Field>,
  {
    accountId,
    query,
    dialect,
    subscriptionsTable,
  }: {
    readonly accountId: string;
    readonly query: Query<Field>;
    readonly dialect: ConditionDialect;
    readonly subscriptionsTable: Expression<unknown>;
  },
): PageQueries {
  checkQuery(query, fields.types);
  const { where, sort, offset, limit } = query;
  const owned = table.where(own(accountId, subscriptionsTable));
  const met = owned.where(conditionSql(where, fields, dialect));
  const column = columnSql(sort.field, fields);
  const order = sort.direction === 'desc' ? sql`${column} desc nulls last` : sql`${column} asc nulls first`;
  if (where !== null && namesText(where, fields)) {
    return {
      ids: met
        .select(sql<number | string>`id`.as('id'))
        .orderBy(order)
        .orderBy(sql`id`),
      rowsWhere: (isWanted) =>
        owned
          .where(isWanted)
          .selectAll()
          .orderBy(order)
          .orderBy(sql`id`),
    };
  }
  return {
    total: met.select(sql<number>`count(*)`.as('total')),
    rows: met
      .selectAll()
      .orderBy(order)
      .orderBy(sql`id`)
      .limit(limit)
      .offset(offset),
  };
}

function namesText<Field extends string>(condition: Condition<Field>, fields: QueryFields<Field>): boolean {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.of.some((part) => namesText(part, fields));
    default:
      return fields.types[condition.field] === 'text';
  }
}
