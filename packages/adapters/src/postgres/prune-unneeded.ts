import type { Ages } from '../sql/ages.ts';
import { toJson, type Connection } from './connection.ts';
import type { Names } from './names.ts';
import { plannedEachTime } from './statement.ts';

/** Events looked at in one part for each that it may delete. */
const eventsPerDeleted = 5;
/**
 * Subscriptions looked at in one part: each costs a walk over the index of its account's log. One by subscription would be
 * the only index of the log that is written all over the place, for the sake of few rows that are looked at once.
 */
const subscriptionsPerPart = 100;

/** The place of an event in the order in which events are looked at. */
export interface EventPlace {
  readonly stored_at: number;
  readonly id: string;
}

/** Rows that nothing seems to need, and where the next part goes on; null when nothing is left. */
interface Look<Row, Place> {
  readonly unneeded: readonly Row[] | null;
  readonly next: Place | null;
}

/** Before when something of an account must have happened to be forgotten; the value after `place` is that of all others. */
function beforeOf(account: string, place: number): string {
  return `coalesce((select "restBefore" from apart where "accountId" = ${account}), $${place + 1}::bigint)`;
}

/** The accounts that have ages of their own. */
function apart(place: number): string {
  return `apart as materialized (
      select * from json_to_recordset($${place}::text::json) as x ("accountId" text, "restBefore" bigint)
    )`;
}

// What nothing seems to need is locked, and then looked at once more, by a statement that sees what was done until the
// lock was given: a delivery may be replayed meanwhile.

/** Makes the part of `prune` that forgets old events which no delivery and no line needs, and frees their keys. */
export function preparePruneEvents(names: Names) {
  const isUnneeded = `
    e.account_id not in ${names.sparedAccounts}
    and not exists (select from ${names.attempts} as a where a.event_day = e.day and a.event_id = e.id)
    and (e.day, e.id) not in (
      select d.event_day, d.event_id from ${names.deliveries} as d where d.event_day <= ($1::bigint / 86400000)::integer
    )`;
  const given = (value: string): string => `json_to_recordset(${value}::text::json) as g (id text, day integer)`;
  const look = plannedEachTime<Look<{ readonly id: string; readonly day: number }, EventPlace>>(`
    with ${apart(5)}, part as materialized (
      select stored_at, id, day, account_id from ${names.events}
      where stored_at < $1::bigint and day <= ($1::bigint / 86400000)::integer and (stored_at, id) > ($2::bigint, $3::text)
      order by stored_at, id limit $7::integer
    )
    select json_build_object(
      'unneeded', (
        select json_agg(u) from (
          select id, day from part as e where stored_at < ${beforeOf('e.account_id', 5)} and ${isUnneeded} order by stored_at, id limit $4::integer
        ) u
      ),
      'next', (
        select json_build_object('stored_at', stored_at, 'id', id) from part
        where (select count(*) from part) = $7::integer order by stored_at desc, id desc limit 1
      )
    )::text`);
  const lock = plannedEachTime<readonly unknown[]>(`
    select coalesce(json_agg(l), '[]')::text from (
      select e.id, e.day from ${names.events} as e join ${given('$1')} on e.id = g.id and e.day = g.day
      for update of e skip locked
    ) l`);
  const forget = plannedEachTime<number>(`
    with deleted as (
      delete from ${names.events} as e using ${given('$2')}
      where e.id = g.id and e.day = g.day and ${isUnneeded}
      returning e.id, e.account_id, e.idempotency_key
    ), freed as (
      delete from ${names.eventKeys} as k using deleted
      where k.account_id = deleted.account_id and k.idempotency_key = deleted.idempotency_key and k.event_id = deleted.id
    )
    select to_json(count(*))::text from deleted`);

  return async (
    connection: Connection,
    from: EventPlace,
    ages: Ages,
    limit: number,
  ): Promise<{ readonly deleted: number; readonly next: EventPlace | null }> => {
    const before = ages.lastRestBefore;
    const bounds = [toJson(ages.apart), ages.others.restBefore];
    const { unneeded, next } = await connection.run(look, [
      before,
      from.stored_at,
      from.id,
      limit,
      ...bounds,
      eventsPerDeleted * limit,
    ]);
    if (!unneeded) return { deleted: 0, next };
    const deleted = await connection.transact(async ({ run }) =>
      run(forget, [before, toJson(await run(lock, [toJson(unneeded)]))]),
    );
    return { deleted, next };
  };
}

/**
 * Makes the part of `prune` that forgets subscriptions which ended long ago and which nothing refers to; and on the way,
 * replays that did.
 */
export function preparePruneSubscriptions(names: Names) {
  const isUnneeded = `
    not exists (select from ${names.attempts} as a where a.account_id = s.account_id and a.subscription_id = s.id)
    and not exists (select from ${names.deliveries} as d where d.subscription_id = s.id)`;
  const given = 'any (array(select json_array_elements_text($1::text::json)::bigint))';
  const look = plannedEachTime<Look<number, number>>(`
    with ${apart(4)}, part as materialized (
      select id, account_id, health_since from ${names.subscriptions}
      where health = 'unsubscribed' and health_since < $1::bigint and id > $2::bigint order by id limit ${subscriptionsPerPart}
    ), forgotten as (
      delete from ${names.replays} where id in (
        select id from ${names.replays} as r
        where state <> 'running' and ended_at < $1::bigint and ended_at < ${beforeOf('r.account_id', 4)} limit $3::integer
      )
    )
    select json_build_object(
      'unneeded', (
        select json_agg(u.id) from (
          select id from part as s where health_since < ${beforeOf('s.account_id', 4)} and ${isUnneeded} order by id limit $3::integer
        ) u
      ),
      'next', (select max(id) from part having count(*) = ${subscriptionsPerPart})
    )::text`);
  const lock = plannedEachTime<readonly number[]>(`
    select coalesce(json_agg(l.id), '[]')::text from (
      select id from ${names.subscriptions} where id = ${given} for update skip locked
    ) l`);
  const forget = plannedEachTime<number>(`
    with deleted as (
      delete from ${names.subscriptions} as s where id = ${given} and ${isUnneeded} returning id
    )
    select to_json(count(*))::text from deleted`);

  return async (
    connection: Connection,
    from: number,
    ages: Ages,
    limit: number,
  ): Promise<{ readonly deleted: number; readonly next: number | null }> => {
    const bounds = [toJson(ages.apart), ages.others.restBefore];
    const { unneeded, next } = await connection.run(look, [ages.lastRestBefore, from, limit, ...bounds]);
    if (!unneeded) return { deleted: 0, next };
    const deleted = await connection.transact(async ({ run }) => run(forget, [toJson(await run(lock, [toJson(unneeded)]))]));
    return { deleted, next };
  };
}
