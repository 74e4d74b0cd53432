import { orderKeyOf, type Ordering, type ReplayStep, type StoredEvent } from '@hookwell/core';
import { toArray } from './arrays.ts';
import { toJson } from './connection.ts';
import { isMissing, waitingOf } from './find-replayable.ts';
import { keptRecord } from './kept-record.ts';
import type { Names } from './names.ts';
import { createdInOrder } from './orders.ts';
import { oneByOne, plannedEachTime, type Runner } from './statement.ts';

/** A delivery that is to be made due, as far as it is known before its event is locked. */
interface Due {
  readonly id: string;
  readonly subscription_id: number;
  readonly event_id: string;
  readonly event_day: number;
  readonly attempts: number;
  readonly ordering: string;
}

/** As much of an event as a key is made of. */
type Named = Pick<StoredEvent, 'id' | 'objectType' | 'record'>;

/**
 * Makes the part of a replay's step that makes deliveries of an account due; answers the ids of those that it made so.
 *
 * As for a single one, what chooses partitions as it runs, and what waits for rows that may change, are statements apart:
 * together they crash PostgreSQL 18.4. Events are locked against being forgotten until the deliveries can be seen.
 */
export function prepareMakeDue(names: Names) {
  const findLast = plannedEachTime<readonly Due[]>(`
    select coalesce(json_agg(last), '[]')::text from unnest($2::text::text[]) as wanted (id) cross join lateral (
      select a.delivery_id as id, a.subscription_id, a.event_id, a.event_day, a.number as attempts, (
        select coalesce(max(s.ordering), 'none') from ${names.subscriptions} as s where s.id = a.subscription_id
      ) as ordering
      from (select * from ${names.attempts} where delivery_id = wanted.id ${oneByOne}) as a
      where a.account_id = $1::text order by a.number desc, a.id desc limit 1
    ) as last`);
  const findMissing = plannedEachTime<readonly Due[]>(`
    with given as materialized (
      select given.*, e.day from json_to_recordset($2::text::json) as given (id text, subscription_id bigint, event_id text)
      cross join lateral (
        select e.day from ${names.events} as e
        where e.id = given.event_id and e.account_id = $1::text and ${keptRecord('e')} limit 1
      ) as e
    ), waiting as materialized (
      ${waitingOf(names, 'given')}
    )
    select coalesce(json_agg(missing), '[]')::text from (
      select given.id, given.subscription_id, given.event_id, given.day as event_day, 0 as attempts, (
        select coalesce(max(s.ordering), 'none') from ${names.subscriptions} as s where s.id = given.subscription_id
      ) as ordering
      from given where ${isMissing(names, 'given')}
    ) as missing`);
  const lockEvents = plannedEachTime<readonly string[]>(`
    with given as materialized (
      select distinct id, day from json_to_recordset($1::text::json) as g (id text, day integer)
    ), locked as materialized (
      select e.id from ${names.events} as e join given on e.id = given.id and e.day = given.day
      where ${keptRecord('e')} order by e.id for key share of e
    )
    select coalesce(json_agg(id), '[]')::text from locked`);
  const insert = plannedEachTime<readonly string[]>(`
    with clock as materialized (select ${names.now} as now), given as materialized (
      select *, row_number() over () as position from json_to_recordset($2::text::json) as g (
        id text, subscription_id bigint, event_id text, event_day integer, attempts integer, order_key text
      )
    ), lanes as materialized (
      select id from ${names.subscriptions}
      where id in (select subscription_id from given) and account_id = $1::text and health <> 'unsubscribed'
      order by id for key share
    ), queued as (
      insert into ${names.deliveries} (
        id, account_id, subscription_id, event_id, event_day, attempts, failures, abandonments, created_at, due_at, replayed,
        order_key
      )
      select given.id, $1::text, lanes.id, event_id, event_day, attempts, 0, 0, ${createdInOrder(names, 'given')}, now, 1, order_key
      from clock, given join lanes on lanes.id = given.subscription_id
      order by given.id
      on conflict (id) do nothing
      returning id
    )
    select coalesce(json_agg(id), '[]')::text from queued`);

  const findRecords = plannedEachTime<readonly Named[]>(`
    select coalesce(json_agg(named), '[]')::text from (
      select e.id, e.object_type as "objectType", json_build_object('id', e.record::json -> 'id') as record
      from json_to_recordset($1::text::json) as g (id text, day integer)
      join ${names.events} as e on e.id = g.id and e.day = g.day
    ) as named`);

  /** The keys of those that are to keep an order. */
  async function keysOf(run: Runner['run'], due: readonly Due[]): Promise<ReadonlyMap<Due, string>> {
    const keys = new Map<Due, string>();
    const ordered = due.filter(({ ordering }) => ordering !== 'none');
    if (ordered.length === 0) return keys;
    const given = ordered.map(({ event_id: id, event_day: day }) => ({ id, day }));
    const events = new Map((await run(findRecords, [toJson(given)])).map((event) => [event.id, event]));
    for (const one of ordered) {
      const event = events.get(one.event_id);
      const key = event && orderKeyOf({ ordering: one.ordering as Ordering }, event);
      if (key !== undefined) keys.set(one, key);
    }
    return keys;
  }

  return async ({ run }: Runner, accountId: string, { again, anew }: ReplayStep): Promise<readonly string[]> => {
    const fresh = anew.map(({ id, subscriptionId, eventId }) => ({ id, subscription_id: subscriptionId, event_id: eventId }));
    const due = [
      ...(again.length === 0 ? [] : await run(findLast, [accountId, toArray(again)])),
      ...(fresh.length === 0 ? [] : await run(findMissing, [accountId, toJson(fresh)])),
    ];
    if (due.length === 0) return [];
    const events = due.map(({ event_id: id, event_day: day }) => ({ id, day }));
    const locked = new Set(await run(lockEvents, [toJson(events)]));
    const keys = await keysOf(run, due);
    const given = due.flatMap((one) => (locked.has(one.event_id) ? [{ ...one, order_key: keys.get(one) ?? null }] : []));
    return run(insert, [accountId, toJson(given)]);
  };
}
