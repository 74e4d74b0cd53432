import type { OutcomeKind } from '@hookwell/core';
import type { Ages } from '../sql/ages.ts';
import { toArray } from './arrays.ts';
import { toJson } from './connection.ts';
import type { Names } from './names.ts';
import { byDay, dateOf, unlessDropped } from './partitions.ts';
import { plannedEachTime, type Runner } from './statement.ts';

/** Lines of each outcome looked at in one part for each that it may delete, to find those among others that are kept for longer. */
const linesPerDeleted = 2;
/** Accounts looked at in one part: each costs a walk over as many entries of an index as it may keep. */
const accountsPerPart = 20;
/** Accounts with ages of their own looked at in one part. */
const apartPerPart = 50;

const outcomes = ['delivered', 'retry', 'failed', 'cancelled'] as const satisfies readonly OutcomeKind[];

/** A line's place among those of its outcome, by when its attempt began. */
export interface LinePlace {
  readonly outcome: OutcomeKind;
  readonly at: number;
  readonly id: number;
}

/** How far lines were looked at. */
export interface LinePlaces {
  /** The days whose partitions are still to be looked through for old lines; null before it is known which have any. */
  readonly days: readonly number[] | null;
  /** By age, for each outcome of which the partition of the first of these may have more. */
  readonly old: readonly LinePlace[];
  /** The last account; null when none is left. */
  readonly account: string | null;
  /** How many of the accounts that have ages of their own; null when none is left. */
  readonly apart: number | null;
}

/** Before the first line of a partition. */
const firstOfDay = outcomes.map((outcome) => ({ outcome, at: Number.MIN_SAFE_INTEGER, id: 0 }));

/** Before the first line. */
export const firstLines: LinePlaces = { days: null, old: firstOfDay, account: '', apart: 0 };

/**
 * The next lines of an outcome in a table, by when their attempt began: those that `wanted` asks for. An outcome that is no
 * constant could not be read in the order of its index.
 */
export function linesFrom(table: string, outcome: OutcomeKind, limit: string): string {
  const value = (name: string): string => `(select ${name} from wanted where outcome = '${outcome}')`;
  return `(
        select a.outcome, a.account_id, a.id, a.day, a.started_at as at, a.event_id, a.event_day, a.answer <> '' as has_answer
        from ${table} as a
        where a.outcome = '${outcome}' and a.started_at < ${value('before')}
          and a.started_at >= ${value('at')} and (a.started_at, a.id) > (${value('at')}, ${value('id')})
        order by a.started_at, a.id limit ${limit}
      )`;
}

/** Behind the last line. */
const noLines: LinePlaces = { days: [], old: [], account: null, apart: null };

/** A line that is to go. */
interface Line {
  readonly account_id: string;
  readonly id: number;
  readonly day: number;
}

/** Old lines of a day. */
interface OldLines {
  /** How many there were to look at of each outcome that had any, and the last of them. */
  readonly parts: readonly (LinePlace & { readonly count: number })[] | null;
  /** Those that are to go. */
  readonly old: readonly Line[] | null;
  /** The last of these. */
  readonly cut: Omit<LinePlace, 'outcome'> | null;
}

/** Lines of accounts that have too many. */
interface ExcessLines {
  readonly excess: readonly Line[] | null;
  /** The last account that was looked at, when there may be more. */
  readonly next: string | null;
}

/** How many lines were forgotten, and how far was looked. */
interface Forgotten {
  readonly deleted: number;
  readonly places: LinePlaces;
}

/**
 * Makes the part of `prune` that forgets lines of the log: old ones, and where there are none, those beyond what each of
 * the next accounts keeps. One process does so at a time, and the others have nothing to do meanwhile.
 */
export function preparePruneAttempts(names: Names) {
  const partitionOf = (day: number): string => names.of(`attempts_${dateOf(day)}`);
  const isNotSpared = `account_id not in ${names.sparedAccounts}`;
  const lines = (of: string): string => `(
        select json_agg(json_build_object('account_id', account_id, 'id', id, 'day', day)) from ${of}
      )`;
  // By the name of the partition: joined to all of them, lines would be looked for by reading the log from end to end.
  const forgetOf = (day: number) =>
    plannedEachTime<number | null>(`
    with mine as materialized (
      select pg_try_advisory_xact_lock(hashtextextended('hookwell prune ' || $2::text, 0)) as mine
    ), given as materialized (
      select * from json_to_recordset($1::text::json) as g (account_id text, id bigint)
    ), deleted as (
      delete from ${partitionOf(day)} as a using given as g
      where (select mine from mine) and a.account_id = g.account_id and a.id = g.id returning 1
    )
    select coalesce(to_json(case when (select mine from mine) then (select count(*) from deleted) end)::text, 'null')`);
  const hasOld = (day: number): string => {
    const old = outcomes.map((outcome) => {
      const before = outcome === 'delivered' ? '$1::bigint' : '$2::bigint';
      return `exists (select from ${partitionOf(day)} where outcome = '${outcome}' and started_at < ${before})`;
    });
    return old.join(' or ');
  };
  // Of a single day, too: to plan a look at all of them takes longer than the look.
  const findOldOf = (day: number) =>
    plannedEachTime<OldLines>(`
    with wanted as materialized (
      select * from json_to_recordset($1::text::json) as w (outcome text, before bigint, at bigint, id bigint)
    ), part as materialized (
      ${outcomes.map((outcome) => linesFrom(partitionOf(day), outcome, '$4::integer')).join(' union all ')}
    ), old as materialized (
      select account_id, id, day, at from part where ${isNotSpared} and account_id <> all ($2::text::text[])
      order by at, id limit $3::integer
    )
    select json_build_object(
      'parts', (
        select json_agg(p) from (
          select distinct on (outcome) outcome, at, id, count(*) over (partition by outcome) as count
          from part order by outcome, at desc, id desc
        ) p
      ),
      'old', ${lines('old')},
      'cut', (select json_build_object('at', at, 'id', id) from old order by at desc, id desc limit 1)
    )::text`);
  const findExcess = plannedEachTime<ExcessLines>(`
    with recursive walk (account_id, looked) as (
      (select account_id, 1 from ${names.attempts} where account_id > $1::text order by account_id limit 1)
      union all
      select next.account_id, looked + 1 from walk cross join lateral (
        select account_id from ${names.attempts} where account_id > walk.account_id order by account_id limit 1
      ) next where looked < ${accountsPerPart}
    ), apart as materialized (
      select * from json_to_recordset($4::text::json) as x ("accountId" text, keep bigint)
    ), excess as materialized (
      select l.* from (
        select account_id, coalesce(keep, $2::bigint) as keep from walk
        left join apart on "accountId" = account_id where ${isNotSpared}
      ) walk cross join lateral (
        select id from ${names.attempts} as a where a.account_id = walk.account_id order by id desc limit 1 offset walk.keep
      ) newest cross join lateral (
        select account_id, id, day from ${names.attempts} as a
        where a.account_id = walk.account_id and a.id <= newest.id order by a.id limit $3::integer
      ) l limit $3::integer
    )
    select json_build_object(
      'excess', ${lines('excess')},
      'next', (select max(account_id) from walk having count(*) = ${accountsPerPart})
    )::text`);
  // An account's lines are as old as their ids, or nearly: what comes after the first young one waits with it.
  const findApart = plannedEachTime<readonly Line[] | null>(`
    with apart as materialized (
      select * from json_to_recordset($1::text::json) as x ("accountId" text, "deliveredBefore" bigint, "othersBefore" bigint)
      where "accountId" not in ${names.sparedAccounts}
    ), old as materialized (
      select l.* from apart cross join lateral (
        select account_id, id, day from ${names.attempts} as a
        where a.account_id = "accountId"
          and a.id < coalesce((
            select young.id from ${names.attempts} as young
            where young.account_id = "accountId" and young.started_at >= greatest("deliveredBefore", "othersBefore")
            order by young.id limit 1
          ), 9223372036854775807)
          and a.started_at < case a.outcome when 'delivered' then "deliveredBefore" else "othersBefore" end
        order by a.id limit $2::integer
      ) l limit $2::integer
    )
    select coalesce(${lines('old')}, 'null')::text`);

  /** Deletes lines, each in the partition of its day; answers how many, and null when another process is at it. */
  async function forget({ run }: Runner, doomed: readonly Line[]): Promise<number | null> {
    let deleted = 0;
    for (const [day, rows] of byDay(doomed)) {
      const count = await unlessDropped(run(forgetOf(day), [toJson(rows), names.schema]), 0);
      if (count === null) return null;
      deleted += count;
    }
    return deleted;
  }

  async function forgetOld(runner: Runner, from: LinePlaces, { others, apart }: Ages, limit: number): Promise<Forgotten> {
    const [day, ...days] = from.days as readonly [number, ...number[]];
    const size = linesPerDeleted * limit;
    const beforeOf = (outcome: OutcomeKind): number => (outcome === 'delivered' ? others.deliveredBefore : others.othersBefore);
    const found = await unlessDropped(
      runner.run(findOldOf(day), [
        toJson(from.old.map((place) => ({ ...place, before: beforeOf(place.outcome) }))),
        toArray(apart.map(({ accountId }) => accountId)),
        limit,
        size,
      ]),
      { parts: null, old: null, cut: null },
    );
    const deleted = await forget(runner, found.old ?? []);
    if (deleted === null) return { deleted: 0, places: noLines };
    const { parts, cut } = found;
    const isCut = cut !== null && found.old?.length === limit;
    const old = from.old.flatMap((place) => {
      const part = parts?.find(({ outcome }) => outcome === place.outcome);
      const isFull = part?.count === size;
      if (isCut) return [{ outcome: place.outcome, ...(isFull && isBefore(part, cut) ? placeOf(part) : later(place, cut)) }];
      return part && isFull ? [{ outcome: place.outcome, ...placeOf(part) }] : [];
    });
    return { deleted, places: old.length > 0 ? { ...from, old } : { ...from, days, old: firstOfDay } };
  }

  async function forgetExcess(runner: Runner, from: LinePlaces, { others, apart }: Ages, limit: number): Promise<Forgotten> {
    const { excess, next } = await runner.run(findExcess, [from.account, others.keep, limit, toJson(apart)]);
    const deleted = await forget(runner, excess ?? []);
    if (deleted === null) return { deleted: 0, places: noLines };
    return { deleted, places: { ...from, account: excess === null ? next : from.account } };
  }

  /** Deletes some lines; answers how many, and how far it has looked. `days` are those that have a partition, oldest first. */
  return async (runner: Runner, from: LinePlaces, ages: Ages, limit: number, days: readonly number[]): Promise<Forgotten> => {
    if (from.days === null) {
      const { deliveredBefore, othersBefore } = ages.others;
      const old = days.map((day) => `case when ${hasOld(day)} then ${day} end`);
      const look = plannedEachTime<readonly (number | null)[]>(`select json_build_array(${old.join(', ')})::text`);
      const found = await unlessDropped(runner.run(look, [deliveredBefore, othersBefore]), days);
      return { deleted: 0, places: { ...from, days: found.filter((day) => day !== null) } };
    }
    if (from.days.length > 0) return forgetOld(runner, from, ages, limit);
    if (from.account !== null) return forgetExcess(runner, from, ages, limit);
    const start = from.apart ?? ages.apart.length;
    const some = ages.apart.slice(start, start + apartPerPart);
    const doomed = some.length === 0 ? null : await runner.run(findApart, [toJson(some), limit]);
    const deleted = doomed === null ? 0 : await forget(runner, doomed);
    if (deleted === null) return { deleted: 0, places: noLines };
    const apart = deleted > 0 ? start : start + apartPerPart;
    return { deleted, places: { ...from, apart: apart < ages.apart.length ? apart : null } };
  };
}

function isBefore(a: Omit<LinePlace, 'outcome'>, b: Omit<LinePlace, 'outcome'>): boolean {
  return a.at < b.at || (a.at === b.at && a.id < b.id);
}

function later(a: Omit<LinePlace, 'outcome'>, b: Omit<LinePlace, 'outcome'>): Omit<LinePlace, 'outcome'> {
  return placeOf(isBefore(a, b) ? b : a);
}

function placeOf({ at, id }: Omit<LinePlace, 'outcome'>): Omit<LinePlace, 'outcome'> {
  return { at, id };
}
