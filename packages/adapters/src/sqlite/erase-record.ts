import type { EraseRequest, EraseResult } from '@hookwell/core';
import type { Connection } from './connection.ts';
import { prepareOrders, type Order } from './orders.ts';

/** Events looked at in one call. */
const eventsPerCall = 2_000;

/** Makes the call that erases an account's events about a record, with their deliveries and lines of the log. */
export function prepareEraseRecord(connection: Connection) {
  const findEnd = connection.prepareSql<{ readonly position: number }>(`
    select position from hookwell_events where position > (select ?) order by position limit 1 offset ${eventsPerCall - 1}`);
  // Only the account's own records of that type are read as JSON.
  const find = connection.prepareSql<{ readonly position: number; readonly id: string }>(`
    select position, id from hookwell_events
    where position > ? and position <= ? and account_id = ? and object_type = ?
      and case when account_id = ? and object_type = ? then cast(json_extract(record, '$.id') as text) = ? end`);
  const orders = prepareOrders(connection);
  const deleteDeliveries = connection.prepareSql<{ readonly subscription_id: number; readonly order_key: string | null }>(
    'delete from hookwell_deliveries where event_id = ? returning subscription_id, order_key',
  );
  const deleteAttempts = connection.prepareSql('delete from hookwell_attempts where event_id = ?');
  const deleteEvent = connection.prepareSql('delete from hookwell_events where position = ?');

  return (accountId: string, { objectType, recordId, after }: EraseRequest, now: number): EraseResult => {
    const begin = after === null ? 0 : Number(after);
    const end = findEnd.get(begin)?.position ?? null;
    const until = end ?? Number.MAX_SAFE_INTEGER;
    let [deliveries, attempts] = [0, 0];
    const left: Order[] = [];
    const found = find.all(begin, until, accountId, objectType, accountId, objectType, recordId);
    for (const { position, id } of found) {
      const gone = deleteDeliveries.all(id);
      deliveries += gone.length;
      left.push(...gone.map((row) => ({ subscriptionId: row.subscription_id, orderKey: row.order_key })));
      attempts += deleteAttempts.run(id).changes;
      deleteEvent.run(position);
    }
    for (const order of left) orders.makeNextDue(order, now);
    return { events: found.length, deliveries, attempts, cursor: end === null ? null : String(end) };
  };
}
