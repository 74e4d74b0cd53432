import { checkCountQuery, type AttemptCount, type AttemptCountQuery, type DeliveryCount } from '@hookwell/core';
import { durationClassSql } from '../sql/duration-class.ts';
import type { Names } from './names.ts';
import { plannedEachTime, type Runner } from './statement.ts';

/** Makes the calls that count an account's deliveries and lines of the log. */
export function prepareCounts(names: Names) {
  const countDeliveries = plannedEachTime<readonly DeliveryCount[]>(`
    select coalesce(json_agg(c order by c."subscriptionId"), '[]')::text from (
      select s.id as "subscriptionId", lane.waiting, lane.oldest as "oldestCreatedAt"
      from ${names.subscriptions} as s cross join lateral (
        select count(*) as waiting, min(created_at) as oldest from (
          select created_at from ${names.deliveries} as d where d.subscription_id = s.id order by due_at, id limit $2::bigint
        ) first
      ) lane
      where s.account_id = $1::text and lane.waiting > 0
    ) c`);
  const countAttempts = plannedEachTime<readonly AttemptCount[]>(`
    select coalesce(json_agg(c order by c.at, c.outcome, c."durationClass"), '[]')::text from (
      select $2::bigint + (started_at - $2::bigint) / $4::bigint * $4::bigint as at, outcome, ${durationClassSql} as "durationClass",
        count(*) as count
      from ${names.attempts}
      where account_id = $1::text and started_at >= $2::bigint and started_at < $3::bigint
        and ($5::bigint is null or subscription_id = $5::bigint)
      group by 1, 2, 3
    ) c`);

  return {
    deliveries: async (runner: Runner, accountId: string, perLane: number): Promise<readonly DeliveryCount[]> =>
      runner.run(countDeliveries, [accountId, perLane]),

    async attempts(runner: Runner, accountId: string, query: AttemptCountQuery): Promise<readonly AttemptCount[]> {
      checkCountQuery(query);
      const { from, until, everyMs, subscriptionId } = query;
      return runner.run(countAttempts, [accountId, from, until, everyMs, subscriptionId]);
    },
  };
}
