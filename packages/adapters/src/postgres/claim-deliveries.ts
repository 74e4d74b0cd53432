import type { ClaimRequest, ClaimResult } from '@hookwell/core';
import { readClaim, readEvent, readSubscription } from '../sql/read-rows.ts';
import type { Names } from './names.ts';
import { plannedEachTime, type Runner } from './statement.ts';
import { walkLanes } from './walk-lanes.ts';

/** Lanes visited in one call: a few milliseconds, however many there are. The cursor goes on where it ended. */
const maxLanesPerCall = 1_000;

interface Answer {
  readonly claims: readonly Parameters<typeof readClaim>[0][] | null;
  readonly subscriptions: readonly Parameters<typeof readSubscription>[0][] | null;
  readonly events: readonly Parameters<typeof readEvent>[0][] | null;
  readonly cursor: number;
  readonly more: boolean;
}

/** Makes the call that leases due deliveries, lane after lane. */
export function prepareClaimDeliveries(names: Names) {
  // Planned anew each time: a plan that was made for a short queue would read a long one from end to end. Both walks are
  // evaluated only as far as lanes are asked for, and a lane's deliveries only as far as they are wanted.
  // Events are read at the top: PostgreSQL 18.4 crashes where a row that is locked has changed meanwhile, and another part
  // of the statement below the top chooses partitions as it runs.
  const claim = plannedEachTime<Answer>(`
    with recursive clock as materialized (select ${names.now} as now),
    ${walkLanes(names, 'onwards', { after: '$1::bigint' })},
    ${walkLanes(names, 'again', { after: '0', upTo: '$1::bigint' })},
    walk as materialized (
      select id, due_at from onwards union all select id, due_at from again limit ${maxLanesPerCall}
    ),
    picked as materialized (
      select due.*, row_number() over () as turn
      from clock cross join walk
      cross join lateral (
        select coalesce(($2::text::jsonb ->> walk.id::text)::integer, $3::integer) as room
      ) wanted
      cross join lateral (
        select case when s.health = 'suspended' then least(room, 1) else room end as room
        from ${names.subscriptions} as s
        where s.id = walk.id and room > 0 and walk.due_at <= clock.now
          and (s.health = 'unsubscribed' or s.paused_until is null or s.paused_until <= clock.now)
        limit 1
      ) lane
      cross join lateral (
        select d.* from ${names.deliveries} as d
        where d.subscription_id = walk.id and d.due_at <= clock.now
        order by d.due_at, d.id limit lane.room
        for update skip locked
      ) due
      limit $4::integer
    ),
    claimed as (
      update ${names.deliveries} as d
      set fence = $5::text, due_at = clock.now + $6::double precision,
        abandonments = d.abandonments + case when d.fence is null then 0 else 1 end
      from clock where d.id = any (array(select id from picked))
      returning d.id
    ),
    ours as materialized (select picked.* from picked where id in (select id from claimed))
    select json_build_object(
      'claims', (select json_agg(json_build_object(
        'id', id, 'account_id', account_id, 'subscription_id', subscription_id, 'event_id', event_id, 'attempts', attempts,
        'failures', failures, 'abandonments', abandonments, 'created_at', created_at, 'fence', fence
      ) order by turn) from ours),
      'subscriptions', (
        select json_agg(s) from ${names.subscriptions} as s where s.id in (select subscription_id from ours)
      ),
      'events', wanted.events,
      'cursor', case when (select count(*) from picked) = $4::integer
        then (select subscription_id from picked order by turn desc limit 1)
        else coalesce((select id from (select id, row_number() over () as turn from walk) w order by turn desc limit 1), $1::bigint)
      end,
      'more', (select count(*) from picked) = $4::integer or (select count(*) from walk) = ${maxLanesPerCall}
        or (select count(*) from picked) > (select count(*) from ours)
    )::text
    from (
      select json_agg(event) as events from (select distinct event_id, event_day from ours) o
      cross join lateral (
        select * from ${names.events} as e where e.id = o.event_id and e.day = o.event_day
      ) event
    ) wanted`);

  return async (runner: Runner, request: ClaimRequest): Promise<ClaimResult> => {
    const { fence, leaseMs, limit, perLane, lanes, after } = request;
    const rooms = JSON.stringify(Object.fromEntries(lanes));
    const answer = await runner.run(claim, [after, rooms, perLane, limit, fence, leaseMs]);
    return {
      claims: answer.claims?.map((row) => readClaim(row, fence)) ?? [],
      subscriptions: answer.subscriptions?.map(readSubscription) ?? [],
      events: answer.events?.map(readEvent) ?? [],
      cursor: answer.cursor,
      more: answer.more,
    };
  };
}
