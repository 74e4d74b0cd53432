import { dueAfterEarlier } from '@hookwell/core';
import type { Names } from './names.ts';
import { plannedEachTime, type Runner } from './statement.ts';

/** Makes the look at when the next delivery can be claimed: lane after lane, until one can be now. */
export function prepareNextDue(names: Names) {
  const nextLane = (after: string): string => `
      select d.subscription_id, d.due_at from ${names.deliveries} as d
      where d.subscription_id > ${after} order by d.subscription_id, d.due_at limit 1`;
  const claimableAt = `coalesce((
      select case when lane.due_at >= ${dueAfterEarlier} then null when s.health = 'unsubscribed' then lane.due_at
          else greatest(lane.due_at, s.paused_until) end
      from ${names.subscriptions} as s where s.id = lane.subscription_id
    ), ${Number.MAX_SAFE_INTEGER})`;
  const nextDue = plannedEachTime<number | null>(`
    with recursive clock as materialized (select ${names.now} as now), walk (id, next_at) as (
      (select lane.subscription_id, ${claimableAt} from (${nextLane('0')}) as lane)
      union all
      select lane.subscription_id, least(walk.next_at, ${claimableAt})
      from walk cross join clock cross join lateral (${nextLane('walk.id')}) as lane
      where walk.next_at > clock.now
    )
    select coalesce((
      select to_json(greatest(min(next_at) - (select now from clock), 0)) from walk having min(next_at) < ${Number.MAX_SAFE_INTEGER}
    ), 'null')::text`);
  return async (runner: Runner): Promise<number | null> => runner.run(nextDue, []);
}
