import type { OutcomeKind } from '@hookwell/core';
import { sql } from 'kysely';
import type { Ages } from '../sql/ages.ts';
import type { Connection } from './connection.ts';
import { bound, queries } from './queries.ts';

/** The accounts of which nothing is forgotten, because a replay may still need it. */
export const findSpared = "select account_id from hookwell_replays where state = 'running' and looks_at <> 'nothing'";
export const sparedAccounts = sql<string>`(${sql.raw(findSpared)})`;

/** What `findSpared` has found. */
export function sparedSet(rows: readonly { readonly account_id: string }[]): ReadonlySet<string> {
  return new Set(rows.map(({ account_id: account }) => account));
}

/** Lines looked at in one part for each that it may delete, to find those among others that are kept for longer. */
const linesPerDeleted = 5;

/** Accounts looked at in one part: each costs a walk over as many entries of an index as it may keep. */
const accountsPerPart = 5;
/** Accounts with ages of their own looked at in one part. */
const apartPerPart = 20;

const outcomes = ['delivered', 'retry', 'failed', 'cancelled'] as const satisfies readonly OutcomeKind[];

/** How far old lines of an outcome were looked at. */
interface LinePlace {
  readonly startedAt: number;
  readonly id: number;
}

/** How far lines were looked at; null where nothing is left to look at. */
export interface LinePlaces {
  /** By age, for each outcome. */
  readonly old: Readonly<Record<OutcomeKind, LinePlace | null>>;
  /** Of accounts that have ages of their own, how many. */
  readonly apart: number | null;
  /** The last account of all. */
  readonly account: string | null;
}

const first: LinePlace = { startedAt: Number.MIN_SAFE_INTEGER, id: 0 };
/** Before the first line. */
export const firstLines: LinePlaces = {
  old: { delivered: first, retry: first, failed: first, cancelled: first },
  apart: 0,
  account: '',
};

/** Makes the parts of `prune` that forget lines of the log. */
export function preparePruneAttempts(connection: Connection) {
  const lookAtOld = connection.prepareSql<{ readonly id: number; readonly account_id: string; readonly started_at: number }>(`
    select id, account_id, started_at from hookwell_attempts
    where outcome = $outcome and started_at < $before and (started_at, id) > ($startedAt, $id)
    order by started_at, id limit (select $limit)`);
  const lookAtAccount = connection.prepareSql<{ readonly id: number }>(`
    select id from hookwell_attempts
    where account_id = $account
      and id < coalesce((
        select id from hookwell_attempts
        where account_id = $account and started_at >= max($delivered, $others) order by id limit 1
      ), 9223372036854775807)
      and started_at < case outcome when 'delivered' then $delivered else $others end
    order by id limit (select $limit)`);
  const deleteLine = connection.prepare(queries.deleteFrom('hookwell_attempts').where('id', '=', bound<number>()));
  const nextAccount = connection.prepare(
    queries
      .selectFrom('hookwell_attempts')
      .select('account_id')
      .where('account_id', '>', bound<string>())
      .where('account_id', 'not in', sparedAccounts)
      .orderBy('account_id')
      .limit(sql.lit(1)),
  );
  const newestExcess = connection.prepare(
    queries
      .selectFrom('hookwell_attempts')
      .select('id')
      .where('account_id', '=', bound<string>())
      .orderBy('id', 'desc')
      .limit(sql.lit(1))
      .offset(bound<number>()),
  );
  const deleteUpTo = connection.prepare(
    queries
      .deleteFrom('hookwell_attempts')
      .where('id', 'in', (from) =>
        from
          .selectFrom('hookwell_attempts')
          .select('id')
          .where('account_id', '=', bound<string>())
          .where('id', '<=', bound<number>())
          .orderBy('id')
          .limit(bound<number>()),
      ),
  );

  /** Old lines of one outcome, but for those of accounts that have ages of their own or are spared. */
  function deleteOld(
    outcome: OutcomeKind,
    from: LinePlace,
    { others, isApart }: Ages,
    limit: number,
  ): { readonly deleted: number; readonly place: LinePlace | null } {
    const before = outcome === 'delivered' ? others.deliveredBefore : others.othersBefore;
    const size = linesPerDeleted * limit;
    const rows = lookAtOld.all({ outcome, before, ...from, limit: size });
    let deleted = 0;
    let place = from;
    for (const { id, account_id: account, started_at: startedAt } of rows) {
      if (deleted === limit) return { deleted, place };
      if (!isApart(account)) deleted += deleteLine.run(id).changes;
      place = { startedAt, id };
    }
    return { deleted, place: rows.length < size ? null : place };
  }

  /** Lines beyond what each of the next accounts keeps. */
  function deleteExcess(
    from: string,
    { of }: Ages,
    limit: number,
  ): { readonly deleted: number; readonly account: string | null } {
    let deleted = 0;
    let account = from;
    for (let accounts = 0; accounts < accountsPerPart && deleted < limit; accounts += 1) {
      const next = nextAccount.get(account)?.account_id;
      if (next === undefined) return { deleted, account: null };
      const newest = newestExcess.get(next, of(next).keep);
      if (newest) deleted += deleteUpTo.run(next, newest.id, limit - deleted).changes;
      // One that has more of them is looked at again.
      if (deleted < limit) account = next;
    }
    return { deleted, account };
  }

  /** Old lines of the next accounts that have ages of their own. */
  function deleteApart(
    from: number,
    { apart, isSpared }: Ages,
    limit: number,
  ): { readonly deleted: number; readonly next: number | null } {
    for (const [index, own] of apart.slice(from, from + apartPerPart).entries()) {
      const { accountId: account, deliveredBefore: delivered, othersBefore: others } = own;
      if (isSpared(account)) continue;
      const rows = lookAtAccount.all({ account, delivered, others, limit });
      for (const { id } of rows) deleteLine.run(id);
      if (rows.length > 0) return { deleted: rows.length, next: from + index };
    }
    return { deleted: 0, next: from + apartPerPart < apart.length ? from + apartPerPart : null };
  }

  /** Deletes some lines, those that are old before those that are too many; answers how many, and how far it has looked. */
  return (from: LinePlaces, ages: Ages, limit: number): { readonly deleted: number; readonly places: LinePlaces } => {
    const old: Record<OutcomeKind, LinePlace | null> = { ...from.old };
    for (const outcome of outcomes) {
      const start = old[outcome];
      if (start === null) continue;
      const { deleted, place } = deleteOld(outcome, start, ages, limit);
      old[outcome] = place;
      if (deleted > 0 || place !== null) return { deleted, places: { ...from, old } };
    }
    if (from.apart !== null) {
      const { deleted, next: apart } = deleteApart(from.apart, ages, limit);
      if (deleted > 0 || apart !== null) return { deleted, places: { ...from, old, apart } };
    }
    const rest = { ...from, old, apart: null };
    if (from.account === null) return { deleted: 0, places: rest };
    const { deleted, account } = deleteExcess(from.account, ages, limit);
    return { deleted, places: { ...rest, account } };
  };
}
