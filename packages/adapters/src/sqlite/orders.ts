import { dueAfterEarlier, orderKeyOf, type Delivery, type Ordering, type StoredEvent } from '@hookwell/core';
import type { Connection } from './connection.ts';

/** What names an order: the deliveries of a subscription with the same key; those without one have none. */
export interface Order {
  readonly subscriptionId: number;
  readonly orderKey?: string | null | undefined;
}

/** How many that were to be the next of an order go at once where they are only to be cancelled. */
const atOnce = 100;

/** Makes what keeps deliveries in their orders. */
export function prepareOrders(connection: Connection) {
  const findFirst = connection.prepareSql<{ readonly id: string; readonly due_at: number }>(`
    select id, due_at from hookwell_deliveries where subscription_id = (select ?) and order_key = (select ?)
    order by created_at, id limit (select ?)`);
  const findLast = connection.prepareSql<{ readonly created_at: number }>(`
    select created_at from hookwell_deliveries where subscription_id = (select ?) and order_key = (select ?)
    order by created_at desc limit 1`);
  const findHealth = connection.prepareSql<{ readonly health: string }>('select health from hookwell_subscriptions where id = ?');
  const wait = connection.prepareSql(
    `update hookwell_deliveries set due_at = ${dueAfterEarlier}, fence = null, abandonments = ? where id = ?`,
  );
  const makeDue = connection.prepareSql('update hookwell_deliveries set due_at = ? where id = ?');

  const findEvent = connection.prepareSql<{
    readonly subscription_id: number;
    readonly ordering: string;
    readonly object_type: number;
    readonly record: string;
  }>(`
    select d.subscription_id, lane.ordering, event.object_type, event.record from hookwell_deliveries as d
    join hookwell_subscriptions as lane on lane.id = d.subscription_id and lane.ordering <> 'none'
    join hookwell_events as event on event.id = d.event_id
    where d.id = ?`);
  const setOrder = connection.prepareSql('update hookwell_deliveries set order_key = ?, created_at = ? where id = ?');

  /** When a delivery of an order is made: after all that are there, whatever the clock says. */
  function createdAt({ subscriptionId, orderKey }: Order, now: number): number {
    const last = orderKey == null ? undefined : findLast.get(subscriptionId, orderKey);
    return last ? Math.max(now, last.created_at + 1) : now;
  }

  return {
    createdAt,

    /** Puts a delivery that was just made due again into the order in which its subscription wants it now. */
    putInOrder(id: string, now: number): void {
      const row = findEvent.get(id);
      if (!row) return;
      const record = JSON.parse(row.record) as StoredEvent['record'];
      const orderKey = orderKeyOf({ ordering: row.ordering as Ordering }, { objectType: row.object_type, record });
      if (orderKey === undefined) return;
      setOrder.run(orderKey, createdAt({ subscriptionId: row.subscription_id, orderKey }, now), id);
    },

    /** Whether a delivery has to wait, because an earlier one of its order is unfinished. */
    isBehind(id: string, { subscriptionId, orderKey }: Order): boolean {
      return orderKey != null && findFirst.get(subscriptionId, orderKey, 1)?.id !== id;
    },

    /** Lets a delivery wait for the earlier ones of its order. A lease that ran out is over. */
    setWaiting({ id, abandonments }: Pick<Delivery, 'id' | 'abandonments'>): void {
      wait.run(abandonments, id);
    },

    /** Makes the first delivery of an order due that something was taken out of. */
    makeNextDue({ subscriptionId, orderKey }: Order, now: number): void {
      if (orderKey == null) return;
      const room = findHealth.get(subscriptionId)?.health === 'unsubscribed' ? atOnce : 1;
      for (const { id, due_at } of findFirst.all(subscriptionId, orderKey, room)) {
        if (due_at >= dueAfterEarlier) makeDue.run(now, id);
      }
    },
  };
}
