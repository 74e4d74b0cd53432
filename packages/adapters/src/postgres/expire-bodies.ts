import type { ExpireRequest, ExpireResult, OutcomeKind } from '@hookwell/core';
import { firstRecords, type RecordPlaces } from '../sql/record-places.ts';
import { toArray } from './arrays.ts';
import { toJson, type Connection } from './connection.ts';
import { goneText, recordName } from './kept-record.ts';
import type { Names } from './names.ts';
import { byDay, dateOf, unlessDropped } from './partitions.ts';
import { linesFrom } from './prune-attempts.ts';
import type { EventPlace } from './prune-unneeded.ts';
import { plannedEachTime } from './statement.ts';

/** Rows looked at in one part, and so at most as many that are emptied. */
const rowsPerPart = 1_000;

const outcomes = ['delivered', 'retry', 'failed', 'cancelled'] as const satisfies readonly OutcomeKind[];

/** A row of a day's partition. */
interface Row {
  readonly id: string;
  readonly day: number;
  readonly account_id: string;
}

interface Line {
  readonly id: number;
  readonly day: number;
  readonly at: number;
  readonly outcome: OutcomeKind;
  readonly account_id: string;
  readonly event_id: string;
  readonly event_day: number;
  readonly has_answer: boolean;
}

/** How far lines were looked at: the last one of each outcome, by when its attempt began. */
type LinePlaces = Readonly<Record<OutcomeKind, { readonly at: number; readonly id: number }>>;

const firstLine = { at: Number.MIN_SAFE_INTEGER, id: 0 };
const firstLines: LinePlaces = { delivered: firstLine, retry: firstLine, failed: firstLine, cancelled: firstLine };

/** What one part came to: how many rows it emptied, and whether there is nothing more to look at. */
interface Part {
  readonly emptied: number;
  readonly isLast: boolean;
}

/**
 * Makes the call that empties old answers and records. Both go through what is stored by its age, once: how far they have
 * come is stored, too, so that nothing is looked at again by another call or another process.
 *
 * Rows are changed in the partition of their day and by its name: what chooses partitions as it runs, and what may wait for
 * rows that change, are statements apart, because together they crash PostgreSQL 18.4.
 */
export function prepareExpireBodies(names: Names) {
  const begin = plannedEachTime<{ readonly now: number; readonly place: string | null; readonly spared: readonly string[] }>(`
    select json_build_object(
      'now', ${names.now}, 'place', (select place from ${names.sweeps} where name = $1::text),
      'spared', (select coalesce(json_agg(account_id), '[]') from ${names.sparedAccounts} s)
    )::text`);
  // Who finds that another process has gone on meanwhile leaves the rest to it.
  const save = plannedEachTime<boolean>(`
    with saved as (
      insert into ${names.sweeps} as s (name, place) values ($1::text, $2::text)
      on conflict (name) do update set place = excluded.place where s.place = $3::text
      returning 1
    )
    select to_json(exists (select from saved))::text`);
  const lookAtLines = plannedEachTime<readonly Line[]>(`
    with wanted as materialized (
      select w.*, $2::bigint as before from json_to_recordset($1::text::json) as w (outcome text, at bigint, id bigint)
    )
    select coalesce(json_agg(l), '[]')::text from (
      select * from (${outcomes.map((outcome) => linesFrom(names.attempts, outcome, '$3::integer')).join(' union all ')}) l
      order by at, id limit $3::integer
    ) l`);
  const lookAtEvents = plannedEachTime<readonly (Row & { readonly stored_at: number })[]>(`
    select coalesce(json_agg(e), '[]')::text from (
      select stored_at, id, day, account_id from ${names.events}
      where stored_at < $1::bigint and (stored_at, id) > ($2::bigint, $3::text) order by stored_at, id limit $4::integer
    ) e`);
  const emptyAnswersOf = (day: number) =>
    plannedEachTime<number>(`
    with given as materialized (select * from json_to_recordset($1::text::json) as g (account_id text, id bigint)), emptied as (
      update ${names.of(`attempts_${dateOf(day)}`)} as a set answer = '' from given as g
      where a.account_id = g.account_id and a.id = g.id and a.answer <> '' returning 1
    )
    select to_json(count(*))::text from emptied`);
  // Locked first, so that nobody replays a delivery of them meanwhile; what was done until then is seen by the next statement.
  const lockEventsOf = (day: number) =>
    plannedEachTime<readonly string[]>(`
    select coalesce(json_agg(id), '[]')::text from (
      select id from ${names.of(`events_${dateOf(day)}`)}
      where id = any ($1::text::text[]) and stored_at < $2::bigint and metadata::json ->> '${recordName}' is null
      order by id for update skip locked
    ) e`);
  const emptyRecordsOf = (day: number) =>
    plannedEachTime<number>(`
    with needed as materialized (
      select event_id from ${names.deliveries} where event_id = any ($1::text::text[])
      union all
      select event_id from ${names.attempts} where event_day = ${day} and event_id = any ($1::text::text[]) and started_at >= $2::bigint
    ), emptied as (
      update ${names.of(`events_${dateOf(day)}`)} set
        record = json_build_object('id', record::json -> 'id')::text,
        metadata = (metadata::jsonb || '{"${recordName}":"${goneText}"}')::text
      where id = any ($1::text::text[]) and id not in (select event_id from needed) returning 1
    )
    select to_json(count(*))::text from emptied`);

  async function emptyAnswers(connection: Connection, afterMs: number, limit: number): Promise<Part> {
    const { now, place } = await connection.run(begin, ['answers']);
    const from = place === null ? firstLines : (JSON.parse(place) as LinePlaces);
    const size = Math.min(rowsPerPart, limit);
    const lines = await connection.run(lookAtLines, [wanted(from, outcomes), now - afterMs, size]);
    let emptied = 0;
    for (const [day, rows] of byDay(lines.filter((line) => line.has_answer))) {
      emptied += await unlessDropped(connection.run(emptyAnswersOf(day), [toJson(rows)]), 0);
    }
    const isSaved =
      lines.length === 0 || (await connection.run(save, ['answers', JSON.stringify(placesAfter(from, lines)), place]));
    return { emptied, isLast: !isSaved || lines.length < size };
  }

  /** Events that nobody waits for any more, as they grow old; and those that somebody did, as their last lines do. */
  async function emptyRecords(connection: Connection, afterMs: number, limit: number): Promise<Part> {
    const { now, place, spared: accounts } = await connection.run(begin, ['records']);
    const before = now - afterMs;
    const saved =
      place === null
        ? firstRecords<LinePlaces, EventPlace>(firstLines, { stored_at: 0, id: '' })
        : (JSON.parse(place) as RecordPlaces<LinePlaces, EventPlace>);
    const spared = new Set(accounts);
    const from = saved.again !== null && spared.size === 0 ? { ...saved.again, again: null } : saved;
    const size = Math.min(rowsPerPart, limit);
    const final = outcomes.filter((outcome) => outcome !== 'retry');
    const lines = await connection.run(lookAtLines, [wanted(from.line, final), before, size]);
    const rest = size - lines.length;
    const events = rest === 0 ? [] : await connection.run(lookAtEvents, [before, from.event.stored_at, from.event.id, rest]);
    const found: readonly Row[] = [
      ...lines.map(({ event_id: id, event_day: day, account_id }) => ({ id, day, account_id })),
      ...events,
    ];
    let emptied = 0;
    for (const [day, rows] of byDay(found.filter((row) => !spared.has(row.account_id)))) {
      emptied += await unlessDropped(
        connection.transact(async ({ run }) => {
          const ids = await run(lockEventsOf(day), [toArray(rows.map(({ id }) => id)), before]);
          return ids.length === 0 ? 0 : run(emptyRecordsOf(day), [toArray(ids), before]);
        }),
        0,
      );
    }
    const isSpared = found.some((row) => spared.has(row.account_id));
    const last = events.at(-1);
    const places: RecordPlaces<LinePlaces, EventPlace> = {
      line: placesAfter(from.line, lines),
      event: last ? { stored_at: last.stored_at, id: last.id } : from.event,
      again: from.again ?? (isSpared ? { line: from.line, event: from.event } : null),
    };
    const text = JSON.stringify(places);
    const isSaved = text === place || found.length === 0 || (await connection.run(save, ['records', text, place]));
    return { emptied, isLast: !isSaved || found.length < size };
  }

  return async (connection: Connection, { answersAfterMs, recordsAfterMs, limit }: ExpireRequest): Promise<ExpireResult> => {
    const all = async (afterMs: number | null, empty: typeof emptyAnswers): Promise<number> => {
      if (afterMs === null) return 0;
      for (let sum = 0; ;) {
        const { emptied, isLast } = await empty(connection, afterMs, limit - sum);
        sum += emptied;
        if (isLast || sum > 0) return sum;
      }
    };
    return { answers: await all(answersAfterMs, emptyAnswers), records: await all(recordsAfterMs, emptyRecords) };
  };
}

function wanted(from: LinePlaces, of: readonly OutcomeKind[]): string {
  return toJson(of.map((outcome) => ({ outcome, ...from[outcome] })));
}

function placesAfter(from: LinePlaces, lines: readonly Line[]): LinePlaces {
  const places = { ...from };
  for (const { outcome, at, id } of lines) places[outcome] = { at, id };
  return places;
}
