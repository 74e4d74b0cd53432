import type { OutcomeKind } from '@hookwell/core';
import { sql } from 'kysely';
import type { Connection } from './connection.ts';
import { bound, queries } from './queries.ts';

/** The accounts of which nothing is forgotten, because a replay may still need it. */
export const sparedAccounts = sql<string>`(
  select account_id from hookwell_replays where state = 'running' and looks_at <> 'nothing'
)`;

/**
 * Old lines looked at in one call, of one outcome: what a replay still needs is passed over, and stands before what is not
 * so old, which waits until it has ended where there is more of it than this.
 */
const linesPerCall = 20_000;

/** Accounts looked at in one part: each costs a walk over as many entries of an index as it may keep. */
const accountsPerPart = 20;

const others = ['retry', 'failed', 'cancelled'] as const satisfies readonly OutcomeKind[];

/** Makes the parts of `prune` that forget lines of the log. */
export function preparePruneAttempts(connection: Connection) {
  const deleteBefore = connection.prepare(
    queries.deleteFrom('hookwell_attempts').where('id', 'in', (from) =>
      from
        .selectFrom((of) =>
          of
            .selectFrom('hookwell_attempts')
            .select(['id', 'account_id'])
            .where('outcome', '=', bound<string>())
            .where('started_at', '<', bound<number>())
            .orderBy('started_at')
            .limit(sql.lit(linesPerCall))
            .as('old'),
        )
        .select('id')
        .where('account_id', 'not in', sparedAccounts)
        .limit(bound<number>()),
    ),
  );
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

  return {
    /** Deletes lines by age; answers how many. */
    deleteOld({
      deliveredBefore,
      othersBefore,
      limit,
    }: {
      deliveredBefore: number;
      othersBefore: number;
      limit: number;
    }): number {
      let deleted = deleteBefore.run('delivered', deliveredBefore, limit).changes;
      for (const outcome of others) deleted += deleteBefore.run(outcome, othersBefore, limit - deleted).changes;
      return deleted;
    },

    /** Deletes lines beyond what each account keeps; answers how many, and the last account that it looked at. */
    deleteExcess({ after, keep, limit }: { after: string | null; keep: number; limit: number }): {
      readonly deleted: number;
      readonly looked: string | null;
    } {
      let deleted = 0;
      let looked = after;
      for (let accounts = 0; looked !== null && accounts < accountsPerPart && deleted < limit; accounts += 1) {
        looked = nextAccount.get(looked)?.account_id ?? null;
        const newest = looked === null ? undefined : newestExcess.get(looked, keep);
        if (looked !== null && newest) deleted += deleteUpTo.run(looked, newest.id, limit - deleted).changes;
      }
      return { deleted, looked };
    },
  };
}
