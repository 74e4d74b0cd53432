import type { Names } from './names.ts';
import { plannedEachTime, type Runner } from './statement.ts';

/** Accounts looked at in one part: each costs a walk over as many entries of an index as it may keep. */
const accountsPerPart = 100;

/** What lines of the log may be kept. */
export interface LinesKept {
  /** Before when those of what was delivered must have begun to be forgotten, in milliseconds since the epoch. */
  readonly deliveredBefore: number;
  /** The same of all others. */
  readonly othersBefore: number;
  /** At most how many of an account. */
  readonly keep: number;
  /** At most how many to delete. */
  readonly limit: number;
}

/**
 * Makes the part of `prune` that forgets lines of the log: old ones, and where there are none, those beyond what each of
 * the next accounts keeps. One process does so at a time, and the others have nothing to do meanwhile.
 */
export function preparePruneAttempts(names: Names) {
  const lines = `select account_id, id, day from ${names.attempts}`;
  const isNotSpared = `account_id not in ${names.sparedAccounts}`;
  const prune = plannedEachTime<{ readonly deleted: number; readonly next: string | null }>(`
    with recursive mine as materialized (
      select pg_try_advisory_xact_lock(hashtextextended('hookwell prune ' || $6::text, 0)) as mine
    ), old as materialized (
      select l.* from mine cross join lateral (
        (${lines} where outcome = 'delivered' and started_at < $1::bigint and ${isNotSpared}
          order by started_at limit $5::integer)
        union all
        (${lines} where outcome in ('retry', 'failed', 'cancelled') and started_at < $2::bigint and ${isNotSpared}
          order by started_at limit $5::integer)
      ) l where mine limit $5::integer
    ), walk (account_id, looked) as (
      (
        select account_id, 1 from ${names.attempts}
        where account_id > $3::text and (select mine from mine) and not exists (select from old)
        order by account_id limit 1
      )
      union all
      select next.account_id, looked + 1 from walk cross join lateral (
        select account_id from ${names.attempts} where account_id > walk.account_id order by account_id limit 1
      ) next where looked < ${accountsPerPart}
    ), excess as materialized (
      select l.* from (
        select account_id from walk where ${isNotSpared}
      ) walk cross join lateral (
        select id from ${names.attempts} as a where a.account_id = walk.account_id order by id desc limit 1 offset $4::bigint
      ) newest cross join lateral (
        ${lines} as a where a.account_id = walk.account_id and a.id <= newest.id order by a.id limit $5::integer
      ) l limit $5::integer
    ), deleted as (
      delete from ${names.attempts} as a using (select * from old union all select * from excess) doomed
      where a.account_id = doomed.account_id and a.id = doomed.id and a.day = doomed.day
      returning a.id
    )
    select json_build_object(
      'deleted', (select count(*) from deleted),
      'next', (select max(account_id) from walk having count(*) = ${accountsPerPart})
    )::text`);

  return async (
    runner: Runner,
    account: string,
    { deliveredBefore, othersBefore, keep, limit }: LinesKept,
  ): Promise<{ readonly deleted: number; readonly next: string | null }> =>
    runner.run(prune, [deliveredBefore, othersBefore, account, keep, limit, names.schema]);
}
