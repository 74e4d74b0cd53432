// What keeps deliveries of a key in their order. Who ends one, and who lets one wait for an earlier one, holds the lock of its
// subscription from before it looks until it has committed: so none is left to wait for one that has just ended. These calls
// are statements of their own, or part of one: no lock is held while a process takes its time. What they look at they look at
// in functions, which see what was committed before they got the lock (a statement sees what was when it began).

import type { AccountRunner } from './account-calls.ts';
import type { Names } from './names.ts';
import { plannedEachTime, type Runner } from './statement.ts';
import { codeOf } from './storage-error.ts';

/**
 * With what these functions refuse to look where all that they could see is one moment of the database. It and the number below
 * are part of a step of the migrations: a change of them needs a step of its own.
 */
export const seesOneMoment = 'HW003';

/** Deliveries of a lane that are found to wait for an earlier one in one call. */
export const waitingPerLane = 1_000;

/**
 * Runs a call that keeps orders, which is one statement: in a transaction that sees what others commit meanwhile, where the
 * host's sessions begin others unless they are told (`default_transaction_isolation`).
 */
export async function keepingOrder<Result>(runner: AccountRunner, call: (runner: Runner) => Promise<Result>): Promise<Result> {
  try {
    return await call(runner);
  } catch (error) {
    if (!(error instanceof Error) || codeOf(error.cause) !== seesOneMoment) throw error;
    return runner.transact(call);
  }
}

/** A query that takes the locks of the subscriptions whose ids are in an array, in the order of these. */
export function orderLocks(names: Names, lanes: string): string {
  return `select count(*) as locks from (
        select pg_advisory_xact_lock(${names.of('order_of')}(lane)) from (select distinct lane from unnest(${lanes}) as l (lane) order by lane) as l
      ) as taken`;
}

/**
 * An expression that makes the next deliveries of orders due, once those of a query have ended.
 *
 * @param ended what has `subscription_id` and `order_key` of those that have ended, by its name
 */
export function makeNextDue(names: Names, ended: string): string {
  return `(
      select ${names.of('make_next_due')}(array_agg(subscription_id), array_agg(order_key)) from ${ended} where order_key is not null
    )`;
}

/** An expression for when a delivery of an order is made: after all that are there, whatever the clock says. */
export function createdInOrder(names: Names, given: string): string {
  return `case when ${given}.order_key is null then now else greatest(now, (
        select last.created_at + 1 from ${names.deliveries} as last
        where last.subscription_id = ${given}.subscription_id and last.order_key = ${given}.order_key
        order by last.created_at desc limit 1
      )) + row_number() over (partition by ${given}.subscription_id, ${given}.order_key order by ${given}.position) - 1 end`;
}

/** Whether a due delivery `d` has no earlier one of its order that is unfinished. */
export function isFirst(names: Names): string {
  return `(d.order_key is null or not exists (
          select from ${names.deliveries} as earlier
          where earlier.subscription_id = d.subscription_id and earlier.order_key = d.order_key
            and (earlier.created_at, earlier.id) < (d.created_at, d.id)
        ))`;
}

/** Makes the call that lets what is behind another one of its order wait, in these lanes. */
export function prepareSetWaiting(names: Names) {
  const setWaiting = plannedEachTime<number>(`
    select to_json(${names.of('set_waiting')}(array(
      select lane::bigint from json_array_elements_text($1::text::json) as l (lane) order by lane::bigint
    )))::text`);
  return async (runner: AccountRunner, lanes: readonly number[]): Promise<number> =>
    keepingOrder(runner, async ({ run }) => run(setWaiting, [JSON.stringify(lanes)]));
}
