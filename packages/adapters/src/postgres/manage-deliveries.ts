import type { StoredEvent } from '@hookwell/core';
import { readEvent } from '../sql/read-rows.ts';
import { toJson } from './connection.ts';
import type { Names } from './names.ts';
import { plannedEachTime, type Runner } from './statement.ts';

/** Makes the calls about single deliveries that an account makes: find their events, replay, cancel. */
export function prepareManageDeliveries(names: Names) {
  const findEvents = plannedEachTime<readonly Parameters<typeof readEvent>[0][]>(`
    select coalesce(json_agg(event), '[]')::text from (
      select distinct on (e.id) e.* from ${names.events} as e
      where e.id = any (array(select id from json_to_recordset($2::text::json) as given (id text))) and e.account_id = $1::text
    ) event`);
  // The event is locked against being forgotten until the delivery that needs it can be seen.
  const replay = plannedEachTime<boolean>(`
    with clock as materialized (select ${names.now} as now), last as materialized (
      select delivery_id, account_id, subscription_id, event_id, event_day, number from ${names.attempts}
      where delivery_id = $2::text and account_id = $1::text order by number desc, id desc limit 1
    ), event as materialized (
      select e.id from ${names.events} as e, last where e.id = last.event_id and e.day = last.event_day for key share of e
    ), subscription as materialized (
      select s.id from ${names.subscriptions} as s, last
      where s.id = last.subscription_id and s.health <> 'unsubscribed' for key share of s
    ), replayed as (
      insert into ${names.deliveries} (
        id, account_id, subscription_id, event_id, event_day, attempts, failures, abandonments, created_at, due_at
      )
      select delivery_id, account_id, subscription_id, event_id, event_day, number, 0, 0, now, now
      from clock, last, event, subscription
      on conflict (id) do nothing
      returning id
    )
    select to_json(exists (select from replayed))::text`);
  const cancel = plannedEachTime<boolean>(`
    with clock as materialized (select ${names.now} as now), cancelled as (
      delete from ${names.deliveries}
      where id = $2::text and account_id = $1::text and (fence is null or due_at <= (select now from clock))
      returning *
    ), logged as (
      insert into ${names.attempts} (
        day, account_id, subscription_id, delivery_id, event_id, event_day, topic, number, outcome, reason, status,
        started_at, duration_ms, answer
      )
      select (now / 86400000)::integer, c.account_id, subscription_id, c.id, event_id, event_day, coalesce(e.topic, ''), 0,
        'cancelled', $3::text, 0, now, 0, ''
      from clock, cancelled as c left join ${names.events} as e on e.id = c.event_id and e.day = c.event_day
    )
    select to_json(exists (select from cancelled))::text`);

  return {
    findEvents: async (runner: Runner, accountId: string, ids: readonly string[]): Promise<readonly StoredEvent[]> =>
      (await runner.run(findEvents, [accountId, toJson(ids.map((id) => ({ id })))])).map(readEvent),

    replay: async (runner: Runner, accountId: string, deliveryId: string): Promise<boolean> =>
      runner.run(replay, [accountId, deliveryId]),

    cancel: async (runner: Runner, accountId: string, deliveryId: string, reason: string): Promise<boolean> =>
      runner.run(cancel, [accountId, deliveryId, reason]),
  };
}
