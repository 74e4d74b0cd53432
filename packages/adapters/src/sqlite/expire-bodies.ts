import type { ExpireRequest, ExpireResult } from '@hookwell/core';
import { firstRecords, type RecordPlaces } from '../sql/record-places.ts';
import type { Connection } from './connection.ts';
import { goneText, recordPath } from './kept-record.ts';
import { findSpared, sparedSet } from './prune-attempts.ts';

/** Rows looked at in one transaction, and so at most as many that are emptied. */
const rowsPerPart = 25;

interface Line {
  readonly id: number;
  readonly account_id: string;
  readonly event_id: string;
  readonly outcome: string;
  readonly started_at: number;
  readonly has_answer: number;
}

interface Event {
  readonly position: number;
  readonly id: string;
  readonly account_id: string;
  /** When it was stored. */
  readonly started_at: number;
}

/** What one part came to: how many rows it emptied, and whether there is nothing more to look at. */
interface Part {
  readonly emptied: number;
  readonly isLast: boolean;
}

/**
 * Makes the call that empties old answers and records. Both go through what is stored in the order in which it was, once: how
 * far they have come is stored, too, so that nothing is looked at again by another call or another process.
 */
export function prepareExpireBodies(connection: Connection) {
  const findPlace = connection.prepareSql<{ readonly place: string }>('select place from hookwell_sweeps where name = ?');
  const savePlace = connection.prepareSql(
    'insert into hookwell_sweeps (name, place) values (?, ?) on conflict (name) do update set place = excluded.place',
  );
  const lookAtSpared = connection.prepareSql<{ readonly account_id: string }>(findSpared);
  const lookAtLines = connection.prepareSql<Line>(`
    select id, account_id, event_id, outcome, started_at, answer <> '' as has_answer
    from hookwell_attempts where id > ? order by id limit (select ?)`);
  const emptyAnswer = connection.prepareSql("update hookwell_attempts set answer = '' where id = ?");
  const lookAtEvents = connection.prepareSql<Event>(`
    select position, id, account_id, stored_at as started_at from hookwell_events
    where position > ? order by position limit (select ?)`);
  const emptyRecord = connection.prepareSql(`
    update hookwell_events set
      record = '{"id":' || json_quote(json_extract(record, '$.id')) || '}',
      metadata = json_set(metadata, '${recordPath}', '${goneText}')
    where id = $id and stored_at < $before and json_extract(metadata, '${recordPath}') is null
      and not exists (select 1 from hookwell_deliveries where event_id = $id)
      and not exists (select 1 from hookwell_attempts where event_id = $id and started_at >= $before)`);

  function placeOf<Place>(name: string, first: Place): Place {
    const row = findPlace.get(name);
    return row ? (JSON.parse(row.place) as Place) : first;
  }

  function emptyAnswers(before: number, limit: number): Part {
    const from = placeOf('answers', 0);
    const size = Math.min(rowsPerPart, limit);
    const lines = lookAtLines.all(from, size);
    const old = lines.slice(0, firstYoung(lines, before));
    let emptied = 0;
    for (const { id, has_answer: hasAnswer } of old) if (hasAnswer === 1) emptied += emptyAnswer.run(id).changes;
    const last = old.at(-1);
    if (last) savePlace.run('answers', JSON.stringify(last.id));
    return { emptied, isLast: old.length < size };
  }

  /** Events that nobody waits for any more, as they grow old; and those that somebody did, as their last lines do. */
  function emptyRecords(before: number, limit: number): Part {
    const spared = sparedSet(lookAtSpared.all());
    const saved = placeOf<RecordPlaces<number, number>>('records', firstRecords(0, 0));
    const from = saved.again !== null && spared.size === 0 ? { ...saved.again, again: null } : saved;
    const size = Math.min(rowsPerPart, limit);
    const lines = lookAtLines.all(from.line, size);
    const old = lines.slice(0, firstYoung(lines, before));
    const rest = size - old.length;
    const next = rest === 0 ? [] : lookAtEvents.all(from.event, rest);
    const events = next.slice(0, firstYoung(next, before));
    let emptied = 0;
    let { again } = from;
    const ended = old.filter(({ outcome }) => outcome !== 'retry');
    for (const [id, account] of [
      ...ended.map((line) => [line.event_id, line.account_id] as const),
      ...events.map((event) => [event.id, event.account_id] as const),
    ]) {
      if (spared.has(account)) again ??= { line: from.line, event: from.event };
      else emptied += emptyRecord.run({ id, before }).changes;
    }
    const places = { line: old.at(-1)?.id ?? from.line, event: events.at(-1)?.position ?? from.event, again };
    if (JSON.stringify(places) !== JSON.stringify(saved)) savePlace.run('records', JSON.stringify(places));
    return { emptied, isLast: old.length + events.length < size };
  }

  return async ({ answersAfterMs, recordsAfterMs, limit }: ExpireRequest, now: number): Promise<ExpireResult> => {
    const all = async (afterMs: number | null, empty: (before: number, most: number) => Part): Promise<number> => {
      if (afterMs === null) return 0;
      for (let sum = 0; ;) {
        const { emptied, isLast } = await connection.write(() => empty(now - afterMs, limit - sum));
        sum += emptied;
        if (isLast || sum >= limit) return sum;
        await new Promise(setImmediate);
      }
    };
    return { answers: await all(answersAfterMs, emptyAnswers), records: await all(recordsAfterMs, emptyRecords) };
  };
}

/** The place of the first row that is too young; what was written after it waits with it. */
function firstYoung(rows: readonly Pick<Line, 'started_at'>[], before: number): number {
  const index = rows.findIndex(({ started_at: startedAt }) => startedAt >= before);
  return index < 0 ? rows.length : index;
}
