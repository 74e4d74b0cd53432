import type { StoredEvent } from '@hookwell/core';
import { readEvent } from '../sql/read-rows.ts';
import type { AccountRunner } from './account-calls.ts';
import { toJson } from './connection.ts';
import type { Names } from './names.ts';
import { plannedEachTime, type Runner } from './statement.ts';

/** The last line of a delivery, as far as it is used here. */
interface Line {
  readonly subscription_id: number;
  readonly event_id: string;
  readonly event_day: number;
  readonly number: number;
}

/** Makes the calls about single deliveries that an account makes: find their events, replay, cancel. */
export function prepareManageDeliveries(names: Names) {
  const findEvents = plannedEachTime<readonly Parameters<typeof readEvent>[0][]>(`
    select coalesce(json_agg(event), '[]')::text from (
      select distinct on (e.id) e.* from ${names.events} as e
      where e.id = any (array(select id from json_to_recordset($2::text::json) as given (id text))) and e.account_id = $1::text
    ) event`);
  // What chooses partitions as it runs, and what waits for rows that may change, are statements apart: together they crash
  // PostgreSQL 18.4. The event is locked against being forgotten until the delivery that needs it can be seen.
  const findLast = plannedEachTime<Line | null>(`
    select coalesce((
      select to_json(a) from ${names.attempts} as a
      where delivery_id = $2::text and account_id = $1::text order by number desc, id desc limit 1
    ), 'null')::text`);
  const lockEvent = plannedEachTime<boolean>(`
    with event as materialized (
      select from ${names.events} where id = $1::text and day = $2::integer for key share
    )
    select to_json(exists (select from event))::text`);
  const replay = plannedEachTime<boolean>(`
    with clock as materialized (select ${names.now} as now), subscription as materialized (
      select id from ${names.subscriptions} where id = $3::bigint and health <> 'unsubscribed' for key share
    ), replayed as (
      insert into ${names.deliveries} (
        id, account_id, subscription_id, event_id, event_day, attempts, failures, abandonments, created_at, due_at
      )
      select $1::text, $2::text, id, $4::text, $5::integer, $6::integer, 0, 0, now, now
      from clock, subscription
      on conflict (id) do nothing
      returning id
    )
    select to_json(exists (select from replayed))::text`);
  const findTopic = plannedEachTime<string>(`
    select to_json(coalesce((
      select e.topic from ${names.deliveries} as d join ${names.events} as e on e.id = d.event_id and e.day = d.event_day
      where d.id = $2::text and d.account_id = $1::text
    ), ''))::text`);
  const cancel = plannedEachTime<boolean>(`
    with clock as materialized (select ${names.now} as now), cancelled as (
      delete from ${names.deliveries}
      where id = $2::text and account_id = $1::text and (fence is null or due_at <= (select now from clock))
        and ($5::text is null or event_id = $5::text)
      returning *
    ), logged as (
      insert into ${names.attempts} (
        day, account_id, subscription_id, delivery_id, event_id, event_day, topic, number, outcome, reason, status,
        started_at, duration_ms, answer
      )
      select (now / 86400000)::integer, account_id, subscription_id, id, event_id, event_day, $4::text, 0,
        'cancelled', $3::text, 0, now, 0, ''
      from clock, cancelled
    )
    select to_json(exists (select from cancelled))::text`);

  return {
    findEvents: async (runner: Runner, accountId: string, ids: readonly string[]): Promise<readonly StoredEvent[]> =>
      (await runner.run(findEvents, [accountId, toJson(ids.map((id) => ({ id })))])).map(readEvent),

    replay: async (runner: AccountRunner, accountId: string, deliveryId: string): Promise<boolean> =>
      runner.transact(async ({ run }) => {
        const last = await run(findLast, [accountId, deliveryId]);
        if (!last || !(await run(lockEvent, [last.event_id, last.event_day]))) return false;
        const { subscription_id: subscriptionId, event_id: eventId, event_day: eventDay, number } = last;
        return run(replay, [deliveryId, accountId, subscriptionId, eventId, eventDay, number]);
      }),

    cancel: async (
      runner: Runner,
      accountId: string,
      deliveryId: string,
      reason: string,
      eventId: string | null,
    ): Promise<boolean> =>
      runner.run(cancel, [accountId, deliveryId, reason, await runner.run(findTopic, [accountId, deliveryId]), eventId]),
  };
}
