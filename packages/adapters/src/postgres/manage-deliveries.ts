import { orderKeyOf, type StoredEvent } from '@hookwell/core';
import { readEvent } from '../sql/read-rows.ts';
import type { AccountRunner } from './account-calls.ts';
import { toJson } from './connection.ts';
import { keptRecord } from './kept-record.ts';
import type { Names } from './names.ts';
import { createdInOrder, keepingOrder, makeNextDue, orderLocks } from './orders.ts';
import { oneByOne, plannedEachTime, type Runner } from './statement.ts';

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
      select to_json(a) from (select * from ${names.attempts} where delivery_id = $2::text ${oneByOne}) as a
      where account_id = $1::text order by number desc, id desc limit 1
    ), 'null')::text`);
  const lockEvent = plannedEachTime<Pick<StoredEvent, 'objectType' | 'record'> | null>(`
    with event as materialized (
      select object_type, record from ${names.events} as e
      where id = $1::text and day = $2::integer and ${keptRecord('e')} for key share
    )
    select coalesce((
      select json_build_object('objectType', object_type, 'record', record::json) from event
    ), 'null')::text`);
  const replay = plannedEachTime<boolean>(`
    with clock as materialized (select ${names.now} as now), subscription as materialized (
      select id as subscription_id, 1 as position,
        case ordering when 'record' then $7::text when 'subscription' then $8::text end as order_key
      from ${names.subscriptions} where id = $3::bigint and health <> 'unsubscribed' for key share
    ), replayed as (
      insert into ${names.deliveries} (
        id, account_id, subscription_id, event_id, event_day, attempts, failures, abandonments, created_at, due_at, order_key
      )
      select $1::text, $2::text, subscription_id, $4::text, $5::integer, $6::integer, 0, 0, ${createdInOrder(names, 'd')}, now, order_key
      from clock, subscription as d
      on conflict (id) do nothing
      returning id
    )
    select to_json(exists (select from replayed))::text`);
  const find = plannedEachTime<{ readonly topic: string; readonly orderedLane: number | null } | null>(`
    select coalesce((
      select json_build_object('topic', e.topic, 'orderedLane', case when d.order_key is not null then d.subscription_id end)
      from ${names.deliveries} as d join ${names.events} as e on e.id = d.event_id and e.day = d.event_day
      where d.id = $2::text and d.account_id = $1::text
    ), 'null')::text`);
  /** @param lane where the delivery keeps an order: what has its subscription */
  const cancelled = (lane: string | null): string => `
    with ${lane === null ? '' : `ordered as materialized (${orderLocks(names, `array[${lane}]`)}),`}
    clock as materialized (select ${names.now} as now), cancelled as (
      delete from ${names.deliveries}
      where id = $2::text and account_id = $1::text and (fence is null or due_at <= (select now from clock))
        and ($5::text is null or event_id = $5::text)
        ${lane === null ? '' : 'and (select locks from ordered) > 0'}
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
    select to_json(exists (select from cancelled) ${lane === null ? '' : `and ${makeNextDue(names, 'cancelled')} >= 0`})::text`;
  const cancel = plannedEachTime<boolean>(cancelled(null));
  const cancelOrdered = plannedEachTime<boolean>(cancelled('$6::bigint'));

  return {
    findEvents: async (runner: Runner, accountId: string, ids: readonly string[]): Promise<readonly StoredEvent[]> =>
      (await runner.run(findEvents, [accountId, toJson(ids.map((id) => ({ id })))])).map(readEvent),

    replay: async (runner: AccountRunner, accountId: string, deliveryId: string): Promise<boolean> =>
      runner.transact(async ({ run }) => {
        const last = await run(findLast, [accountId, deliveryId]);
        const event = last && (await run(lockEvent, [last.event_id, last.event_day]));
        if (!event) return false;
        const { subscription_id: subscriptionId, event_id: eventId, event_day: eventDay, number } = last;
        const keys = (['record', 'subscription'] as const).map((ordering) => orderKeyOf({ ordering }, event) ?? null);
        return run(replay, [deliveryId, accountId, subscriptionId, eventId, eventDay, number, ...keys]);
      }),

    async cancel(
      runner: AccountRunner,
      accountId: string,
      deliveryId: string,
      reason: string,
      ofEvent: string | null,
    ): Promise<boolean> {
      const found = await runner.run(find, [accountId, deliveryId]);
      const values = [accountId, deliveryId, reason, found?.topic ?? '', ofEvent];
      const lane = found?.orderedLane ?? null;
      if (lane === null) return runner.run(cancel, values);
      return keepingOrder(runner, async ({ run }) => run(cancelOrdered, [...values, lane]));
    },
  };
}
