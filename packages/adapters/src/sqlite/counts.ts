import { checkCountQuery, type AttemptCount, type AttemptCountQuery, type DeliveryCount } from '@hookwell/core';
import { durationClassSql } from '../sql/duration-class.ts';
import type { Connection } from './connection.ts';

/** Makes the calls that count an account's deliveries and lines of the log. */
export function prepareCounts(connection: Connection) {
  const countDeliveries = connection.prepareSql<DeliveryCount>(`
    with counted as materialized (
      select s.id, (
        select json_array(count(*), min(created_at)) from (
          select created_at from hookwell_deliveries as d where d.subscription_id = s.id order by due_at limit (select ?)
        )
      ) as lane
      from hookwell_subscriptions as s where s.account_id = ?
    )
    select id as subscriptionId, lane ->> 0 as waiting, lane ->> 1 as oldestCreatedAt
    from counted where lane ->> 0 > 0 order by id`);
  // Numbers are bound as reals, which would be divided as such.
  const countAttempts = connection.prepareSql<AttemptCount>(`
    with given as materialized (
      select cast(? as integer) as from_ms, cast(? as integer) as until_ms, cast(? as integer) as every_ms, ? as subscription
    )
    select from_ms + (started_at - from_ms) / every_ms * every_ms as at, outcome, ${durationClassSql} as durationClass, count(*) as count
    from given cross join hookwell_attempts
    where account_id = ? and (subscription is null or subscription_id = subscription) and started_at >= from_ms and started_at < until_ms
    group by 1, 2, 3 order by 1, 2, 3`);

  return {
    deliveries: (accountId: string, perLane: number): readonly DeliveryCount[] => countDeliveries.all(perLane, accountId),

    attempts(accountId: string, query: AttemptCountQuery): readonly AttemptCount[] {
      checkCountQuery(query);
      const { from, until, everyMs, subscriptionId } = query;
      return countAttempts.all(from, until, everyMs, subscriptionId, accountId);
    },
  };
}
