import { cutReasons, dueAfterEarlier, oldestHeld, type Cut, type CutRequest, type CutResult } from '@hookwell/core';
import { readSubscription } from '../sql/read-rows.ts';
import { toJson, type Connection } from './connection.ts';
import type { Names } from './names.ts';
import { makeNextDue, orderLocks } from './orders.ts';
import { plannedEachTime } from './statement.ts';

/** Closed lanes visited in one call: counting a long one takes some milliseconds. */
const lanesPerCall = 20;

/** A closed lane, and the last delivery in the order of being due that is beyond its bound, if there is one. */
interface Lane {
  readonly subscription: Parameters<typeof readSubscription>[0] & { readonly ever_ordered: boolean };
  /** Whether some of its deliveries wait for others of their order. */
  readonly ordered: boolean;
  readonly beyond: { readonly due_at: number; readonly id: string } | null;
  /** When the first of its deliveries was due; null when it has none. */
  readonly first: number | null;
}

interface Doomed {
  readonly id: string;
  readonly event_id: string;
  readonly event_day: number;
  readonly due_at: number;
}

/** Makes the call that ends what closed lanes hold beyond the bounds. */
export function prepareCutClosedLanes(names: Names) {
  /** Where some wait for others of their order, deliveries go by when they were made; an index has the others in their order. */
  const since = `case when due_at >= ${dueAfterEarlier} then created_at else due_at end`;
  const boundOf = (dueAt: string): string => `
        select to_json(d) from (
          select ${dueAt} as due_at, id from ${names.deliveries} where subscription_id = closed.id
          order by ${dueAt} desc, id desc offset $2::bigint limit 1
        ) as d`;
  const firstOf = (dueAt: string): string =>
    `select ${dueAt} from ${names.deliveries} where subscription_id = closed.id order by ${dueAt} limit 1`;
  const look = plannedEachTime<{ readonly now: number; readonly lanes: readonly Lane[] | null }>(`
    with closed as materialized (
      select * from ${names.subscriptions} where health in ('suspended', 'paused') and id > $1::bigint order by id limit ${lanesPerCall}
    ), counted as (
      select closed as subscription, waiting.has_behind as ordered,
        case when waiting.has_behind then (${boundOf(since)}) else (${boundOf('due_at')}) end as beyond,
        case when waiting.has_behind then (${firstOf(since)}) else (${firstOf('due_at')}) end as first
      from closed cross join lateral (
        select exists (
          select from ${names.deliveries} where subscription_id = closed.id and due_at >= ${dueAfterEarlier}
        ) as has_behind
      ) as waiting
    )
    select json_build_object(
      'now', ${names.now}, 'lanes', (select json_agg(c order by (c.subscription).id) from counted as c)
    )::text`);
  // What waits for rows that may change, and what chooses partitions as it runs, are statements apart: together they crash
  // PostgreSQL 18.4.
  const lock = (dueAt: string) =>
    plannedEachTime<readonly Doomed[]>(`
    select coalesce(json_agg(d), '[]')::text from (
      select id, event_id, event_day, ${dueAt} as due_at from ${names.deliveries}
      where subscription_id = $1::bigint and (${dueAt}, id) <= ($2::bigint, $3::text) and (fence is null or due_at <= $4::bigint)
      order by ${dueAt}, id limit $5::integer for update skip locked
    ) as d`);
  const [lockPlain, lockOrdered] = [lock('due_at'), lock(since)];
  const lockOrder = plannedEachTime<number>(`
    with ordered as (${orderLocks(names, 'array[$1::bigint]')}) select to_json(locks)::text from ordered`);
  const findTopics = plannedEachTime<Readonly<Record<string, string>>>(`
    select coalesce(json_object_agg(e.id, e.topic), '{}')::text from ${names.events} as e
    join json_to_recordset($1::text::json) as g (event_id text, event_day integer) on e.id = g.event_id and e.day = g.event_day`);
  const end = plannedEachTime<number>(`
    with given as materialized (
      select * from json_to_recordset($1::text::json) as g (id text, topic text, reason text)
    ), cut as (
      delete from ${names.deliveries} as d using given where d.id = given.id returning d.*, given.topic, given.reason
    ), logged as (
      insert into ${names.attempts} (
        day, account_id, subscription_id, delivery_id, event_id, event_day, topic, number, outcome, reason, status,
        started_at, duration_ms, answer
      )
      select ($2::bigint / 86400000)::integer, account_id, subscription_id, id, event_id, event_day, topic, 0, 'cancelled', reason,
        0, $2::bigint, 0, ''
      from cut order by due_at, id
    )
    select to_json((select count(*) from cut) + coalesce(${makeNextDue(names, 'cut')}, 0))::text`);

  return async (connection: Connection, request: CutRequest): Promise<CutResult> => {
    const { maxPerLane, limit, after } = request;
    const reasons = cutReasons(request);
    const { now, lanes } = await connection.run(look, [after, maxPerLane]);
    const cuts: Cut[] = [];
    let left = limit;
    for (const { subscription: row, ordered, beyond, first } of lanes ?? []) {
      const subscription = readSubscription(row);
      const oldest = oldestHeld(subscription, request, now);
      if (!beyond && (first === null || first >= oldest)) continue;
      // All that is due before the oldest age; no id is smaller than an empty one.
      const [lastDue, lastId] = beyond && beyond.due_at >= oldest ? [beyond.due_at, beyond.id] : [oldest, ''];
      const why = ({ due_at: dueAt }: Doomed) => (dueAt < oldest ? 'tooOld' : 'tooMany');
      const doomed = await connection.transact(async ({ run }) => {
        // Before any delivery is locked, as those do who record outcomes.
        if (row.ever_ordered) await run(lockOrder, [subscription.id]);
        const found = await run(ordered ? lockOrdered : lockPlain, [subscription.id, lastDue, lastId, now, left + 1]);
        const ending = found.slice(0, left);
        if (ending.length === 0) return found;
        const topics = await run(findTopics, [toJson(ending)]);
        const given = ending.map((one) => ({ id: one.id, topic: topics[one.event_id] ?? '', reason: reasons[why(one)] }));
        await run(end, [toJson(given), now]);
        return found;
      });
      const ended = doomed.slice(0, left);
      const tooOld = ended.filter((one) => why(one) === 'tooOld').length;
      if (ended.length > 0) cuts.push({ subscription, tooOld, tooMany: ended.length - tooOld });
      if (doomed.length > left) return { cuts, cursor: subscription.id - 1 };
      left -= ended.length;
    }
    const last = lanes?.length === lanesPerCall ? lanes.at(-1) : undefined;
    return { cuts, cursor: last ? readSubscription(last.subscription).id : null };
  };
}
