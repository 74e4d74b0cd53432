import { cutReasons, oldestHeld, type Cut, type CutRequest, type CutResult } from '@hookwell/core';
import { readSubscription } from '../sql/read-rows.ts';
import { toJson, type Connection } from './connection.ts';
import type { Names } from './names.ts';
import { plannedEachTime } from './statement.ts';

/** Closed lanes visited in one call: counting a long one takes some milliseconds. */
const lanesPerCall = 20;

/** A closed lane, and the last delivery in the order of being due that is beyond its bound, if there is one. */
interface Lane {
  readonly subscription: Parameters<typeof readSubscription>[0];
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
  const look = plannedEachTime<{ readonly now: number; readonly lanes: readonly Lane[] | null }>(`
    with closed as materialized (
      select * from ${names.subscriptions} where health in ('suspended', 'paused') and id > $1::bigint order by id limit ${lanesPerCall}
    ), counted as (
      select closed as subscription, (
        select to_json(d) from (
          select due_at, id from ${names.deliveries} where subscription_id = closed.id
          order by due_at desc, id desc offset $2::bigint limit 1
        ) as d
      ) as beyond, (
        select due_at from ${names.deliveries} where subscription_id = closed.id order by due_at limit 1
      ) as first
      from closed
    )
    select json_build_object(
      'now', ${names.now}, 'lanes', (select json_agg(c order by (c.subscription).id) from counted as c)
    )::text`);
  // What waits for rows that may change, and what chooses partitions as it runs, are statements apart: together they crash
  // PostgreSQL 18.4.
  const lock = plannedEachTime<readonly Doomed[]>(`
    select coalesce(json_agg(d), '[]')::text from (
      select id, event_id, event_day, due_at from ${names.deliveries}
      where subscription_id = $1::bigint and (due_at, id) <= ($2::bigint, $3::text) and (fence is null or due_at <= $4::bigint)
      order by due_at, id limit $5::integer for update skip locked
    ) as d`);
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
    select to_json(count(*))::text from cut`);

  return async (connection: Connection, request: CutRequest): Promise<CutResult> => {
    const { maxPerLane, limit, after } = request;
    const reasons = cutReasons(request);
    const { now, lanes } = await connection.run(look, [after, maxPerLane]);
    const cuts: Cut[] = [];
    let left = limit;
    for (const { subscription: row, beyond, first } of lanes ?? []) {
      const subscription = readSubscription(row);
      const oldest = oldestHeld(subscription, request, now);
      if (!beyond && (first === null || first >= oldest)) continue;
      // All that is due before the oldest age; no id is smaller than an empty one.
      const [lastDue, lastId] = beyond && beyond.due_at >= oldest ? [beyond.due_at, beyond.id] : [oldest, ''];
      const why = ({ due_at: dueAt }: Doomed) => (dueAt < oldest ? 'tooOld' : 'tooMany');
      const doomed = await connection.transact(async ({ run }) => {
        const found = await run(lock, [subscription.id, lastDue, lastId, now, left + 1]);
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
