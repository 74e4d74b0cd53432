import { toJson } from './connection.ts';
import type { Names } from './names.ts';
import { plannedEachTime, type Runner } from './statement.ts';

/** Rows looked at in one part. */
const rowsPerPart = 5_000;

/** An event, and its place in the order in which events are looked at. */
interface EventPlace {
  readonly stored_at: number;
  readonly id: string;
  readonly day: number;
}

interface Part<Place> {
  /** What nothing referred to, now locked. */
  readonly unneeded: readonly Place[] | null;
  /** The last row that was looked at; null when none is left. */
  readonly looked: Place | null;
}

/** What one part came to. */
export interface Unneeded<Place> {
  readonly deleted: number;
  readonly looked: Place | null;
}

/**
 * Makes the parts of `prune` that forget what nothing refers to any more. What nothing seems to refer to is locked
 * first, and deleted if nothing refers to it even then: a delivery may be replayed meanwhile.
 */
export function preparePruneUnneeded(names: Names) {
  const unneededEvent = (event: string): string => `
    not exists (select from ${names.attempts} as a where a.event_day = ${event}.day and a.event_id = ${event}.id)
    and (${event}.day, ${event}.id) not in (
      select d.event_day, d.event_id from ${names.deliveries} as d where d.event_day <= ($1::bigint / 86400000)::integer
    )`;
  const lookAtEvents = plannedEachTime<Part<EventPlace>>(`
    with part as materialized (
      select stored_at, id, day from ${names.events}
      where stored_at < $1::bigint and day <= ($1::bigint / 86400000)::integer and (stored_at, id) > ($2::bigint, $3::text)
      order by stored_at, id limit ${rowsPerPart}
    ), unneeded as materialized (
      select part.* from part join ${names.events} as e on e.id = part.id and e.day = part.day
      where ${unneededEvent('part')}
      order by part.stored_at, part.id limit $4::integer for update of e skip locked
    )
    select json_build_object(
      'unneeded', (select json_agg(unneeded) from unneeded),
      'looked', (
        select json_build_object('stored_at', stored_at, 'id', id, 'day', day) from part
        where (select count(*) from part) = ${rowsPerPart} order by stored_at desc, id desc limit 1
      )
    )::text`);
  const deleteEvents = plannedEachTime<number>(`
    with given as materialized (
      select * from json_to_recordset($2::text::json) as g (id text, day integer)
    ), deleted as (
      delete from ${names.events} as e using given
      where e.id = given.id and e.day = given.day and ${unneededEvent('given')}
      returning e.id, e.account_id, e.idempotency_key
    ), freed as (
      delete from ${names.eventKeys} as k using deleted
      where k.account_id = deleted.account_id and k.idempotency_key = deleted.idempotency_key and k.event_id = deleted.id
    )
    select to_json(count(*))::text from deleted`);

  const unneededSubscription = `
    not exists (select from ${names.attempts} as a where a.subscription_id = s.id)
    and not exists (select from ${names.deliveries} as d where d.subscription_id = s.id)`;
  const lookAtSubscriptions = plannedEachTime<Part<number>>(`
    with part as materialized (
      select id from ${names.subscriptions} where health = 'unsubscribed' and id > $1::bigint order by id limit ${rowsPerPart}
    ), unneeded as materialized (
      select s.id from part join ${names.subscriptions} as s using (id)
      where s.health_since < $3::bigint and ${unneededSubscription}
      order by s.id limit $2::integer for update of s skip locked
    )
    select json_build_object(
      'unneeded', (select json_agg(id) from unneeded),
      'looked', (select max(id) from part having count(*) = ${rowsPerPart})
    )::text`);
  const deleteSubscriptions = plannedEachTime<number>(`
    with deleted as (
      delete from ${names.subscriptions} as s
      where id = any (array(select json_array_elements_text($1::text::json)::bigint)) and ${unneededSubscription}
      returning id
    )
    select to_json(count(*))::text from deleted`);

  return {
    /** Deletes old events in the order in which they were stored, and frees their keys. */
    async deleteEvents(
      runner: Runner,
      after: EventPlace,
      { storedBefore, limit }: { storedBefore: number; limit: number },
    ): Promise<Unneeded<EventPlace>> {
      const { unneeded, looked } = await runner.run(lookAtEvents, [storedBefore, after.stored_at, after.id, limit]);
      if (!unneeded) return { deleted: 0, looked };
      return { deleted: await runner.run(deleteEvents, [storedBefore, toJson(unneeded)]), looked };
    },

    /** Deletes subscriptions that ended long ago. */
    async deleteSubscriptions(
      runner: Runner,
      after: number,
      { endedBefore, limit }: { endedBefore: number; limit: number },
    ): Promise<Unneeded<number>> {
      const { unneeded, looked } = await runner.run(lookAtSubscriptions, [after, limit, endedBefore]);
      if (!unneeded) return { deleted: 0, looked };
      return { deleted: await runner.run(deleteSubscriptions, [toJson(unneeded)]), looked };
    },
  };
}
