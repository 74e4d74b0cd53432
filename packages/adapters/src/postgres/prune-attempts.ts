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
  /** By age, for each outcome of which there may be more. */
  readonly old: readonly LinePlace[];
  /** The last account; null when none is left. */
  readonly account: string | null;
  /** How many of the accounts that have ages of their own; null when none is left. */
  readonly apart: number | null;
}

/** Before the first line. */
export const firstLines: LinePlaces = {
  old: outcomes.map((outcome) => ({ outcome, at: Number.MIN_SAFE_INTEGER, id: 0 })),
  account: '',
  apart: 0,
};

/**
 * The next lines of an outcome, by when their attempt began: those that `wanted` asks for. An outcome that is no constant could
 * not be read in the order of its index.
 */
export function linesFrom(names: Names, outcome: OutcomeKind, limit: string): string {
  const value = (name: string): string => `(select ${name} from wanted where outcome = '${outcome}')`;
  return `(
        select a.outcome, a.account_id, a.id, a.day, a.started_at as at, a.event_id, a.event_day, a.answer <> '' as has_answer
        from ${names.attempts} as a
        where a.outcome = '${outcome}' and a.started_at < ${value('before')}
          and a.started_at >= ${value('at')} and (a.started_at, a.id) > (${value('at')}, ${value('id')})
        order by a.started_at, a.id limit ${limit}
      )`;
}

/** Behind the last line. */
const noLines: LinePlaces = { old: [], account: null, apart: null };

/** A line that is to go. */
interface Line {
  readonly account_id: string;
  readonly id: number;
  readonly day: number;
}

/** What a part of old lines came to. */
interface Pruned {
  /** How many there were to look at of each outcome that had any, and the last of them. */
  readonly parts: readonly (LinePlace & { readonly count: number })[] | null;
  /** Those that are to go. */
  readonly old: readonly Line[] | null;
  /** The last of these. */
  readonly cut: Omit<LinePlace, 'outcome'> | null;
  /** Those of accounts that have too many. */
  readonly excess: readonly Line[] | null;
  /** The last account that was looked at, when there may be more. */
  readonly next: string | null;
}

/**
 * Makes the part of `prune` that forgets lines of the log: old ones, and where there are none, those beyond what each of
 * the next accounts keeps. One process does so at a time, and the others have nothing to do meanwhile.
 */
export function preparePruneAttempts(names: Names) {
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
      delete from ${names.of(`attempts_${dateOf(day)}`)} as a using given as g
      where (select mine from mine) and a.account_id = g.account_id and a.id = g.id returning 1
    )
    select coalesce(to_json(case when (select mine from mine) then (select count(*) from deleted) end)::text, 'null')`);
  const prune = plannedEachTime<Pruned>(`
    with recursive wanted as materialized (
      select * from json_to_recordset($1::text::json) as w (outcome text, before bigint, at bigint, id bigint)
    ), part as materialized (
      ${outcomes.map((outcome) => linesFrom(names, outcome, '$7::integer')).join(' union all ')}
    ), old as materialized (
      select account_id, id, day, at from part where ${isNotSpared} and account_id <> all ($2::text::text[])
      order by at, id limit $5::integer
    ), walk (account_id, looked) as (
      (
        select account_id, 1 from ${names.attempts}
        where account_id > $3::text
          and not exists (select from old) and (select count(*) from part) < $7::integer
        order by account_id limit 1
      )
      union all
      select next.account_id, looked + 1 from walk cross join lateral (
        select account_id from ${names.attempts} where account_id > walk.account_id order by account_id limit 1
      ) next where looked < ${accountsPerPart}
    ), apart as materialized (
      select * from json_to_recordset($6::text::json) as x ("accountId" text, keep bigint)
    ), excess as materialized (
      select l.* from (
        select account_id, coalesce(keep, $4::bigint) as keep from walk
        left join apart on "accountId" = account_id where ${isNotSpared}
      ) walk cross join lateral (
        select id from ${names.attempts} as a where a.account_id = walk.account_id order by id desc limit 1 offset walk.keep
      ) newest cross join lateral (
        select account_id, id, day from ${names.attempts} as a
        where a.account_id = walk.account_id and a.id <= newest.id order by a.id limit $5::integer
      ) l limit $5::integer
    )
    select json_build_object(
      'parts', (
        select json_agg(p) from (
          select distinct on (outcome) outcome, at, id, count(*) over (partition by outcome) as count
          from part order by outcome, at desc, id desc
        ) p
      ),
      'old', ${lines('old')},
      'cut', (select json_build_object('at', at, 'id', id) from old order by at desc, id desc limit 1),
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
      const count = await unlessDropped(run(forgetOf(day), [toJson(rows), names.schema]));
      if (count === null) return null;
      deleted += count;
    }
    return deleted;
  }

  async function forgetOld(
    runner: Runner,
    from: LinePlaces,
    { others, apart }: Ages,
    limit: number,
  ): Promise<{ readonly deleted: number; readonly places: LinePlaces }> {
    const size = linesPerDeleted * limit;
    const beforeOf = (outcome: OutcomeKind): number => (outcome === 'delivered' ? others.deliveredBefore : others.othersBefore);
    const {
      parts,
      old: tooOld,
      cut,
      excess,
      next,
    } = await runner.run(prune, [
      toJson(from.old.map((place) => ({ ...place, before: beforeOf(place.outcome) }))),
      toArray(apart.map(({ accountId }) => accountId)),
      from.account,
      others.keep,
      limit,
      toJson(apart),
      size,
    ]);
    const doomed = [...(tooOld ?? []), ...(excess ?? [])];
    const deleted = await forget(runner, doomed);
    if (deleted === null) return { deleted: 0, places: noLines };
    const isCut = cut !== null && tooOld?.length === limit;
    const old = from.old.flatMap((place) => {
      const part = parts?.find(({ outcome }) => outcome === place.outcome);
      const isFull = part?.count === size;
      if (isCut) return [{ outcome: place.outcome, ...(isFull && isBefore(part, cut) ? placeOf(part) : later(place, cut)) }];
      return part && isFull ? [{ outcome: place.outcome, ...placeOf(part) }] : [];
    });
    const hasWalked = tooOld === null && (parts ?? []).reduce((sum, { count }) => sum + count, 0) < size;
    return { deleted, places: { ...from, old, account: hasWalked && excess === null ? next : from.account } };
  }

  /** Deletes some lines; answers how many, and how far it has looked. */
  return async (
    runner: Runner,
    from: LinePlaces,
    ages: Ages,
    limit: number,
  ): Promise<{ readonly deleted: number; readonly places: LinePlaces }> => {
    if (from.old.length > 0 || from.account !== null) return forgetOld(runner, from, ages, limit);
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
