import type { EventPage, EventSearch } from '@hookwell/core';
import { readEvent } from '../sql/read-rows.ts';
import { endOfPlaces } from '../sql/replayable.ts';
import type { Names } from './names.ts';
import { plannedEachTime, type Runner } from './statement.ts';

interface Place {
  readonly stored_at: number;
  readonly id: string;
}

type Row = Parameters<typeof readEvent>[0] & Place;

/**
 * Makes the call that lists an account's events. How far to look is found first and by itself, in the role to which no policy
 * applies: under one that hides the rows of others, so many rows that can be seen may be anywhere.
 */
export function prepareListEvents(names: Names) {
  const look = plannedEachTime<{ readonly looked: number; readonly last: Place | null }>(`
    with part as materialized (
      select stored_at, id from ${names.events} where (stored_at, id) < ($1::bigint, $2::text)
      order by stored_at desc, id desc limit $3::integer
    )
    select json_build_object('looked', (select count(*) from part), 'last', (
      select json_build_object('stored_at', stored_at, 'id', id) from part order by stored_at, id limit 1
    ))::text`);
  const find = plannedEachTime<readonly Row[]>(`
    select coalesce(json_agg(event order by event.stored_at desc, event.id desc), '[]')::text from (
      select * from ${names.events}
      where account_id = $1::text and ($2::text is null or topic = $2::text)
        and (stored_at, id) < ($3::bigint, $4::text) and (stored_at, id) >= ($5::bigint, $6::text)
      order by stored_at desc, id desc limit $7::integer
    ) as event`);

  return async (all: Runner, own: Runner, accountId: string, search: EventSearch): Promise<EventPage> => {
    const { topic, after, limit, looks } = search;
    const [storedAt, id] = after === '' ? [endOfPlaces, ''] : (JSON.parse(after) as [number, string]);
    const { looked, last } = await all.run(look, [storedAt, id, looks]);
    if (last === null) return { events: [], after: null };
    const rows = await own.run(find, [accountId, topic, storedAt, id, last.stored_at, last.id, limit]);
    const end = rows.length === limit ? rows.at(-1) : undefined;
    const isAll = end === undefined && looked < looks;
    const place = end ?? last;
    return { events: rows.map(readEvent), after: isAll ? null : JSON.stringify([place.stored_at, place.id]) };
  };
}
