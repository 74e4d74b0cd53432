import {
  cancelledAttempt,
  cutReasons,
  dueAfterEarlier,
  oldestHeld,
  type Cut,
  type CutRequest,
  type CutResult,
} from '@hookwell/core';
import { readSubscription } from '../sql/read-rows.ts';
import type { Connection } from './connection.ts';
import { prepareInsertAttempt } from './insert-attempt.ts';
import { prepareOrders } from './orders.ts';

/** Closed lanes visited in one call: counting a long one takes a few milliseconds, in the host's process. */
const lanesPerCall = 20;

interface Doomed {
  readonly id: string;
  readonly account_id: string;
  readonly event_id: string;
  readonly due_at: number;
  readonly topic: string | null;
  readonly order_key: string | null;
}

/** Makes the looks at what a lane holds by when it would have been sent. */
function prepareLook(connection: Connection, since: string) {
  return {
    findFirstBeyond: connection.prepareSql<{ readonly due_at: number; readonly id: string }>(`
      select ${since} as due_at, d.id from hookwell_deliveries as d where d.subscription_id = ?
      order by ${since} desc, d.id desc limit 1 offset (select ?)`),
    findDoomed: connection.prepareSql<Doomed>(`
      select d.id, d.account_id, d.event_id, ${since} as due_at, e.topic, d.order_key from hookwell_deliveries as d
      left join hookwell_events as e on e.id = d.event_id
      where d.subscription_id = ? and (${since}, d.id) <= (?, ?) and (d.fence is null or d.due_at <= ?)
      order by ${since}, d.id limit (select ?)`),
  };
}

/** Makes the call that ends what closed lanes hold beyond the bounds. */
export function prepareCutClosedLanes(connection: Connection) {
  const insertAttempt = prepareInsertAttempt(connection);
  const findClosed = connection.prepareSql<Parameters<typeof readSubscription>[0]>(`
    select * from hookwell_subscriptions where health in ('suspended', 'paused') and id > (select ?) order by id limit ${lanesPerCall}`);
  const plain = prepareLook(connection, 'd.due_at');
  /** Where some wait for others of their order: they go by when they were made. */
  const ordered = prepareLook(connection, `case when d.due_at >= ${dueAfterEarlier} then d.created_at else d.due_at end`);
  const hasWaiting = connection.prepareSql(
    `select 1 from hookwell_deliveries where subscription_id = ? and due_at >= ${dueAfterEarlier} limit 1`,
  );
  const orders = prepareOrders(connection);
  const remove = connection.prepareSql('delete from hookwell_deliveries where id = ?');

  return (request: CutRequest, now: number): CutResult => {
    const { maxPerLane, limit, after } = request;
    const reasons = cutReasons(request);
    const cuts: Cut[] = [];
    let left = limit;
    const lanes = findClosed.all(after).map(readSubscription);
    for (const subscription of lanes) {
      const oldest = oldestHeld(subscription, request, now);
      const { findFirstBeyond, findDoomed } = hasWaiting.get(subscription.id) ? ordered : plain;
      const beyond = findFirstBeyond.get(subscription.id, maxPerLane);
      // All that is due before the oldest age; no id is smaller than an empty one.
      const [lastDue, lastId] = beyond && beyond.due_at >= oldest ? [beyond.due_at, beyond.id] : [oldest, ''];
      const doomed = findDoomed.all(subscription.id, lastDue, lastId, now, left + 1);
      const cut = { subscription, tooMany: 0, tooOld: 0 };
      for (const row of doomed.slice(0, left)) {
        const why = row.due_at < oldest ? 'tooOld' : 'tooMany';
        const about = { accountId: row.account_id, deliveryId: row.id, eventId: row.event_id, topic: row.topic ?? '' };
        remove.run(row.id);
        insertAttempt(cancelledAttempt({ ...about, subscriptionId: subscription.id }, reasons[why], now));
        orders.makeNextDue({ subscriptionId: subscription.id, orderKey: row.order_key }, now);
        cut[why] += 1;
      }
      if (doomed.length > 0 && left > 0) cuts.push(cut);
      if (doomed.length > left) return { cuts, cursor: subscription.id - 1 };
      left -= doomed.length;
    }
    return { cuts, cursor: lanes.length < lanesPerCall ? null : (lanes.at(-1)?.id ?? null) };
  };
}
