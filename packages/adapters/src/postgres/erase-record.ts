import type { EraseRequest, EraseResult } from '@hookwell/core';
import { toJson, type Connection } from './connection.ts';
import type { Names } from './names.ts';
import { makeNextDue, orderLocks } from './orders.ts';
import { plannedEachTime } from './statement.ts';

/** Events looked at in one call. */
const eventsPerCall = 5_000;

/** The place of an event in the order in which events are looked at. */
interface Place {
  readonly stored_at: number;
  readonly id: string;
}

interface Found {
  readonly id: string;
  readonly day: number;
}

/** Makes the call that erases an account's events about a record, with their deliveries and lines of the log. */
export function prepareEraseRecord(names: Names) {
  // Only the account's own records of that type are read as JSON.
  const look = plannedEachTime<{ readonly found: readonly Found[] | null; readonly next: Place | null }>(`
    with part as materialized (
      select stored_at, id, day, account_id, object_type, record from ${names.events}
      where (stored_at, id) > ($1::bigint, $2::text) order by stored_at, id limit ${eventsPerCall}
    )
    select json_build_object(
      'found', (
        select json_agg(json_build_object('id', id, 'day', day)) from part
        where case when account_id = $3::text and object_type = $4::bigint then record::json ->> 'id' = $5::text else false end
      ),
      'next', (
        select json_build_object('stored_at', stored_at, 'id', id) from part
        where (select count(*) from part) = ${eventsPerCall} order by stored_at desc, id desc limit 1
      )
    )::text`);
  const given = 'json_to_recordset($1::text::json) as g (id text, day integer)';
  // Locked first, so that nobody replays a delivery of it meanwhile; what was done until then is seen by the next statement.
  const lock = plannedEachTime<number>(`
    with locked as (
      select e.id from ${names.events} as e join ${given} on e.id = g.id and e.day = g.day for update of e
    )
    select to_json(count(*))::text from locked`);
  const lockOrders = plannedEachTime<number>(`
    with lanes as materialized (
      select distinct d.subscription_id from ${names.deliveries} as d
      join ${given} on d.event_id = g.id and d.event_day = g.day where d.order_key is not null
    ), ordered as (${orderLocks(names, 'array(select subscription_id from lanes)')})
    select to_json(locks)::text from ordered`);
  const erase = plannedEachTime<Omit<EraseResult, 'cursor'>>(`
    with given as materialized (select * from ${given}), queue as (
      delete from ${names.deliveries} as d using given as g where d.event_id = g.id and d.event_day = g.day
      returning d.subscription_id, d.order_key
    ), log as (
      delete from ${names.attempts} as a using given as g where a.event_id = g.id and a.event_day = g.day returning 1
    ), events as (
      delete from ${names.events} as e using given as g where e.id = g.id and e.day = g.day
      returning e.id, e.account_id, e.idempotency_key
    ), keys as (
      delete from ${names.eventKeys} as k using events
      where k.account_id = events.account_id and k.idempotency_key = events.idempotency_key and k.event_id = events.id
    )
    select json_build_object(
      'next', ${makeNextDue(names, 'queue')}, 'events', (select count(*) from events), 'deliveries', (select count(*) from queue), 'attempts', (select count(*) from log)
    )::text`);

  return async (connection: Connection, accountId: string, request: EraseRequest): Promise<EraseResult> => {
    const { objectType, recordId, after } = request;
    const from = after === null ? { stored_at: 0, id: '' } : (JSON.parse(after) as Place);
    const { found, next } = await connection.run(look, [from.stored_at, from.id, accountId, objectType, recordId]);
    const cursor = next && JSON.stringify(next);
    if (!found) return { events: 0, deliveries: 0, attempts: 0, cursor };
    const erased = await connection.transact(async ({ run }) => {
      await run(lock, [toJson(found)]);
      await run(lockOrders, [toJson(found)]);
      return run(erase, [toJson(found)]);
    });
    const { events, deliveries, attempts } = erased;
    return { events, deliveries, attempts, cursor };
  };
}
