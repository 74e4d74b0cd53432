import type { EventPage, EventSearch } from '@hookwell/core';
import { readEvent } from '../sql/read-rows.ts';
import { endOfPlaces } from '../sql/replayable.ts';
import type { Connection } from './connection.ts';

type Row = Parameters<typeof readEvent>[0] & { readonly position: number };

/** Makes the call that lists an account's events. The rows looked at are bounded before anything is asked of them. */
export function prepareListEvents(connection: Connection) {
  const look = connection.prepareSql<{ readonly last: number | null; readonly looked: number }>(`
    select min(position) as last, count(*) as looked from (
      select position from hookwell_events where position < $before order by position desc limit (select $looks)
    )`);
  const find = connection.prepareSql<Row>(`
    select * from hookwell_events
    where position >= $last and position < $before and account_id = $account and ($topic is null or topic = $topic)
    order by position desc limit (select $limit)`);

  return (account: string, { topic, after, limit, looks }: EventSearch): EventPage => {
    const before = after === '' ? endOfPlaces : Number(after);
    const { last, looked } = look.get({ before, looks }) ?? { last: null, looked: 0 };
    if (last === null) return { events: [], after: null };
    const rows = find.all({ account, topic, before, last, limit });
    const events = rows.map(readEvent);
    if (rows.length === limit) return { events, after: String(rows.at(-1)?.position ?? last) };
    return { events, after: looked < looks ? null : String(last) };
  };
}
