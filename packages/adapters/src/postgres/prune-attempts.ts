import type { Names } from './names.ts';
import { plannedEachTime, type Runner } from './statement.ts';

/** Accounts looked at in one part: each costs a walk over as many entries of an index as it may keep. */
const accountsPerPart = 20;

interface Excess {
  readonly deleted: number;
  /** The last account that was looked at; null when none is left. */
  readonly looked: string | null;
}

/** Makes the parts of `prune` that forget lines of the log. */
export function preparePruneAttempts(names: Names) {
  const deleteDoomed = (doomed: string): string => `
    doomed as materialized (${doomed}), deleted as (
      delete from ${names.attempts} as a using doomed
      where a.account_id = doomed.account_id and a.id = doomed.id and a.day = doomed.day
      returning a.id
    )`;
  const deleteBefore = plannedEachTime<number>(`
    with ${deleteDoomed(`
      select account_id, id, day from ${names.attempts}
      where outcome = any (array(select json_array_elements_text($1::text::json))) and started_at < $2::bigint
      order by started_at limit $3::integer
    `)} select to_json(count(*))::text from deleted`);
  const deleteBeyond = plannedEachTime<Excess>(`
    with recursive walk (account_id, looked) as (
      (select account_id, 1 from ${names.attempts} where account_id > $1::text order by account_id limit 1)
      union all
      select next.account_id, looked + 1 from walk cross join lateral (
        select account_id from ${names.attempts} where account_id > walk.account_id order by account_id limit 1
      ) next where looked < ${accountsPerPart}
    ), excess as materialized (
      select walk.account_id, newest.id from walk cross join lateral (
        select id from ${names.attempts} as a where a.account_id = walk.account_id
        order by id desc limit 1 offset $2::bigint
      ) newest
    ), ${deleteDoomed(`
      select a.account_id, a.id, a.day from excess cross join lateral (
        select account_id, id, day from ${names.attempts} as a
        where a.account_id = excess.account_id and a.id <= excess.id order by a.id limit $3::integer
      ) a limit $3::integer
    `)}
    select json_build_object(
      'deleted', (select count(*) from deleted),
      'looked', (select max(account_id) from walk having count(*) = ${accountsPerPart})
    )::text`);

  return {
    /** Deletes lines by age; answers how many. */
    async deleteOld(
      runner: Runner,
      { deliveredBefore, othersBefore, limit }: { deliveredBefore: number; othersBefore: number; limit: number },
    ): Promise<number> {
      const delivered = await runner.run(deleteBefore, ['["delivered"]', deliveredBefore, limit]);
      if (delivered >= limit) return delivered;
      return delivered + (await runner.run(deleteBefore, ['["retry","failed","cancelled"]', othersBefore, limit - delivered]));
    },

    /** Deletes lines beyond what each account keeps. */
    deleteExcess: async (runner: Runner, after: string, { keep, limit }: { keep: number; limit: number }): Promise<Excess> =>
      runner.run(deleteBeyond, [after, keep, limit]),
  };
}
