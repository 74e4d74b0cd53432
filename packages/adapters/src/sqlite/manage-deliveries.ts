import { cancelledAttempt, type StoredEvent } from '@hookwell/core';
import { sql } from 'kysely';
import { readEvent } from '../sql/read-rows.ts';
import type { Connection } from './connection.ts';
import { prepareInsertAttempt } from './insert-attempt.ts';
import { isKept } from './kept-record.ts';
import { prepareOrders } from './orders.ts';
import { bound, queries } from './queries.ts';

/** Makes the calls about single deliveries that an account makes: find their events, replay, cancel. */
export function prepareManageDeliveries(connection: Connection) {
  const insertAttempt = prepareInsertAttempt(connection);
  const orders = prepareOrders(connection);
  const findEvents = connection.prepare(
    queries
      .selectFrom('hookwell_events')
      .selectAll()
      .where('account_id', '=', bound<string>())
      .where('id', 'in', sql<string>`(select value from json_each(${bound<string>()}))`),
  );
  /** Nothing is inserted while the delivery is unfinished, or when its event or subscription is gone. */
  const replay = connection.prepare(
    queries
      .insertInto('hookwell_deliveries')
      .columns([
        'id',
        'account_id',
        'subscription_id',
        'event_id',
        'attempts',
        'failures',
        'abandonments',
        'created_at',
        'due_at',
        'fence',
      ])
      .expression(
        queries
          .selectFrom('hookwell_attempts as last')
          .innerJoin('hookwell_events as event', 'event.id', 'last.event_id')
          .innerJoin('hookwell_subscriptions as subscription', 'subscription.id', 'last.subscription_id')
          .select([
            'last.delivery_id',
            'last.account_id',
            'last.subscription_id',
            'last.event_id',
            'last.number',
            sql.lit(0).as('failures'),
            sql.lit(0).as('abandonments'),
            bound<number>().as('created_at'),
            bound<number>().as('due_at'),
            sql.lit(null).as('fence'),
          ])
          .where('last.delivery_id', '=', bound<string>())
          .where('last.account_id', '=', bound<string>())
          .where('subscription.health', '<>', sql.lit('unsubscribed'))
          .where(isKept('event'))
          .orderBy('last.number', 'desc')
          .limit(sql.lit(1)),
      )
      .onConflict((conflict) => conflict.column('id').doNothing()),
  );
  const cancel = connection.prepare(
    queries
      .deleteFrom('hookwell_deliveries')
      .where('id', '=', bound<string>())
      .where('account_id', '=', bound<string>())
      .where((where) => where.or([where('fence', 'is', null), where('due_at', '<=', bound<number>())]))
      .where('event_id', '=', sql<string>`coalesce(${bound<string | null>()}, event_id)`)
      .returning(['id', 'account_id', 'subscription_id', 'event_id', 'order_key']),
  );
  const findTopic = connection.prepare(queries.selectFrom('hookwell_events').select('topic').where('id', '=', bound<string>()));

  return {
    findEvents: (accountId: string, ids: readonly string[]): readonly StoredEvent[] =>
      findEvents.all(accountId, JSON.stringify(ids)).map(readEvent),

    replay(accountId: string, deliveryId: string, now: number): boolean {
      const isDue = replay.run(now, now, deliveryId, accountId).changes === 1;
      if (isDue) orders.putInOrder(deliveryId, now);
      return isDue;
    },

    cancel(accountId: string, deliveryId: string, reason: string, ofEvent: string | null, now: number): boolean {
      const row = cancel.get(deliveryId, accountId, now, ofEvent);
      if (!row) return false;
      const { subscription_id: subscriptionId, event_id: eventId } = row;
      const topic = findTopic.get(eventId)?.topic ?? '';
      insertAttempt(cancelledAttempt({ accountId, subscriptionId, deliveryId, eventId, topic }, reason, now));
      orders.makeNextDue({ subscriptionId, orderKey: row.order_key }, now);
      return true;
    },
  };
}
