import type { OutcomeKind } from '@hookwell/core';
import type { Ages } from '../sql/ages.ts';
import { toArray } from './arrays.ts';
import { toJson } from './connection.ts';
import type { Names } from './names.ts';
import { plannedEachTime, type Runner } from './statement.ts';

/** Lines of each outcome looked at in one part, to find those that may go among others that are kept for longer. */
const linesPerPart = 5_000;
/** Accounts looked at in one part: each costs a walk over as many entries of an index as it may keep. */
const accountsPerPart = 100;
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

/** What a part of old lines came to. */
interface Pruned {
  /** Whether this process is the one that forgets now. */
  readonly mine: boolean;
  /** How many there were to look at of each outcome that had any, and the last of them. */
  readonly parts: readonly (LinePlace & { readonly count: number })[] | null;
  /** How many of them were to go, and the last of these. */
  readonly doomed: number;
  readonly cut: Omit<LinePlace, 'outcome'> | null;
  /** How many went of accounts that had too many. */
  readonly excess: number;
  /** The last account that was looked at, when there may be more. */
  readonly next: string | null;
}

/**
 * Makes the part of `prune` that forgets lines of the log: old ones, and where there are none, those beyond what each of
 * the next accounts keeps. One process does so at a time, and the others have nothing to do meanwhile.
 */
export function preparePruneAttempts(names: Names) {
  const mine = (schema: string): string => `mine as materialized (
      select pg_try_advisory_xact_lock(hashtextextended('hookwell prune ' || ${schema}::text, 0)) as mine
    )`;
  const isNotSpared = `account_id not in ${names.sparedAccounts}`;
  const going = (doomed: string): string => `delete from ${names.attempts} as a using ${doomed} as doomed
      where a.account_id = doomed.account_id and a.id = doomed.id and a.day = doomed.day
      returning a.id`;
  const prune = plannedEachTime<Pruned>(`
    with recursive ${mine('$6')}, part as materialized (
      select w.outcome, l.* from mine
      cross join json_to_recordset($1::text::json) as w (outcome text, before bigint, at bigint, id bigint)
      cross join lateral (
        select a.account_id, a.id, a.day, a.started_at as at from ${names.attempts} as a
        where a.outcome = w.outcome and a.started_at < w.before
          and a.started_at >= w.at and (a.started_at, a.id) > (w.at, w.id)
        order by a.started_at, a.id limit ${linesPerPart}
      ) l where mine
    ), old as materialized (
      select account_id, id, day, at from part where ${isNotSpared} and account_id <> all ($2::text::text[])
      order by at, id limit $5::integer
    ), walk (account_id, looked) as (
      (
        select account_id, 1 from ${names.attempts}
        where account_id > $3::text and (select mine from mine)
          and not exists (select from old) and (select count(*) from part) < ${linesPerPart}
        order by account_id limit 1
      )
      union all
      select next.account_id, looked + 1 from walk cross join lateral (
        select account_id from ${names.attempts} where account_id > walk.account_id order by account_id limit 1
      ) next where looked < ${accountsPerPart}
    ), apart as materialized (
      select * from json_to_recordset($7::text::json) as x ("accountId" text, keep bigint)
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
    ), deleted as (
      ${going('(select account_id, id, day from old union all select account_id, id, day from excess)')}
    )
    select json_build_object(
      'mine', (select mine from mine),
      'parts', (
        select json_agg(p) from (
          select distinct on (outcome) outcome, at, id, count(*) over (partition by outcome) as count
          from part order by outcome, at desc, id desc
        ) p
      ),
      'doomed', (select count(*) from old),
      'cut', (select json_build_object('at', at, 'id', id) from old order by at desc, id desc limit 1),
      'excess', (select count(*) from deleted) - (select count(*) from old),
      'next', (select max(account_id) from walk having count(*) = ${accountsPerPart})
    )::text`);
  // An account's lines are as old as their ids, or nearly: what comes after the first young one waits with it.
  const pruneApart = plannedEachTime<number>(`
    with ${mine('$3')}, apart as materialized (
      select * from json_to_recordset($1::text::json) as x ("accountId" text, "deliveredBefore" bigint, "othersBefore" bigint)
      where "accountId" not in ${names.sparedAccounts}
    ), old as materialized (
      select l.* from mine cross join apart cross join lateral (
        select account_id, id, day from ${names.attempts} as a
        where a.account_id = "accountId"
          and a.id < coalesce((
            select young.id from ${names.attempts} as young
            where young.account_id = "accountId" and young.started_at >= greatest("deliveredBefore", "othersBefore")
            order by young.id limit 1
          ), 9223372036854775807)
          and a.started_at < case a.outcome when 'delivered' then "deliveredBefore" else "othersBefore" end
        order by a.id limit $2::integer
      ) l where mine limit $2::integer
    ), deleted as (
      ${going('old')}
    )
    select to_json(count(*))::text from deleted`);

  async function forgetOld(
    { run }: Runner,
    from: LinePlaces,
    { others, apart }: Ages,
    limit: number,
  ): Promise<{ readonly deleted: number; readonly places: LinePlaces }> {
    const beforeOf = (outcome: OutcomeKind): number => (outcome === 'delivered' ? others.deliveredBefore : others.othersBefore);
    const answer = await run(prune, [
      toJson(from.old.map((place) => ({ ...place, before: beforeOf(place.outcome) }))),
      toArray(apart.map(({ accountId }) => accountId)),
      from.account,
      others.keep,
      limit,
      names.schema,
      toJson(apart),
    ]);
    const { parts, doomed, cut, excess, next } = answer;
    if (!answer.mine) return { deleted: 0, places: { old: [], account: null, apart: null } };
    const isCut = cut !== null && doomed === limit;
    const old = from.old.flatMap((place) => {
      const part = parts?.find(({ outcome }) => outcome === place.outcome);
      const isFull = part?.count === linesPerPart;
      if (isCut) return [{ outcome: place.outcome, ...(isFull && isBefore(part, cut) ? placeOf(part) : later(place, cut)) }];
      return part && isFull ? [{ outcome: place.outcome, ...placeOf(part) }] : [];
    });
    const hasWalked = doomed === 0 && (parts ?? []).reduce((sum, { count }) => sum + count, 0) < linesPerPart;
    return { deleted: doomed + excess, places: { ...from, old, account: hasWalked && excess === 0 ? next : from.account } };
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
    const deleted = some.length === 0 ? 0 : await runner.run(pruneApart, [toJson(some), limit, names.schema]);
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
