import {
  firstOfEachLease,
  HookwellError,
  mayMoveHealth,
  observe,
  type Lease,
  type Outcome,
  type RecordResult,
  type Subscription,
} from '@hookwell/core';
import { readSubscription } from '../sql/read-rows.ts';
import type { AccountRunner } from './account-calls.ts';
import { toJson } from './connection.ts';
import { arraysOf, toArray, unnested, type Column } from './arrays.ts';
import { keepsMemory } from './keep-memory.ts';
import type { Names } from './names.ts';
import { keepingOrder, makeNextDue, orderLocks } from './orders.ts';
import { codeOf } from './storage-error.ts';
import { bySize, plannedEachTime, type Runner } from './statement.ts';

interface Recorded {
  readonly now: number;
  readonly subscriptions: readonly Parameters<typeof readSubscription>[0][] | null;
  readonly queueBytes: number;
}

/** What an array is sent for, and what it holds for an outcome. */
const columns = [
  ['id', 'text', ({ deliveryId }) => deliveryId],
  ['fence', 'text', ({ fence }) => fence],
  ['topic', 'text', ({ topic }) => topic],
  ['number', 'integer', ({ number }) => number],
  ['outcome', 'text', ({ outcome }) => outcome],
  ['reason', 'text', ({ reason }) => reason],
  ['status', 'integer', ({ status }) => status],
  ['answer', 'text', ({ answer }) => answer],
  ['started_at', 'double precision', ({ startedAt }) => startedAt],
  ['duration_ms', 'double precision', ({ durationMs }) => durationMs],
  ['retry_in_ms', 'double precision', ({ retryInMs }) => retryInMs],
  ['failures', 'integer', ({ countsAgainstDelivery }) => (countsAgainstDelivery ? 1 : 0)],
] as const satisfies readonly Column<Outcome>[];

/** The same for what is observed of a subscription. */
const observedColumns = [
  ['subscription_id', 'bigint', ({ subscriptionId }) => subscriptionId],
  ['answered', 'boolean', ({ answered }) => answered],
  ['fails', 'integer', ({ failures }) => failures],
  ['pause_ms', 'double precision', ({ pauseLaneMs }) => pauseLaneMs],
  ['at', 'double precision', ({ last }) => last?.startedAt ?? null],
  ['code', 'integer', ({ last }) => last?.status ?? null],
  ['event_id', 'text', ({ last }) => last?.eventId ?? null],
] as const satisfies readonly Column<ReturnType<typeof observe>[number]>[];

/** Makes the call that writes outcomes under their fences. */
export function prepareRecordOutcomes(names: Names) {
  // Either every outcome is written, or none: what the written ones say of their endpoints is summed up by the model,
  // before it is known which they are. So a fence that does not hold is an error, and what holds is written by another
  // call. Deliveries and subscriptions are locked in the order of their ids, so that calls cannot wait for each other in a circle.
  const lanes = `$${2 + columns.length + observedColumns.length}::text::bigint[]`;
  /** @param isOrdered whether some of them end deliveries that keep an order: then the next ones of that are made due, too */
  const write = (isOrdered: boolean): string => `
    with ${isOrdered ? `ordered as materialized (${orderLocks(names, lanes)}),` : ''}
    clock as materialized (select ${names.now} as now where ${keepsMemory}), given as materialized (
      select row_number() over () as position, o.* from (select ${unnested(columns, 2)}) as o
    ), held as materialized (
      select d.ctid as place, d.account_id, d.subscription_id, d.event_id, d.event_day, given.* from ${names.deliveries} as d
      join given on d.id = given.id and d.fence = given.fence
      ${isOrdered ? 'where (select locks from ordered) > 0' : ''}
      order by d.id for update of d
    ), ended as (
      delete from ${names.deliveries} where ctid = any (array(select place from held where outcome <> 'retry'))
      ${isOrdered ? 'returning subscription_id, order_key' : ''}
    ), given_back as (
      update ${names.deliveries} as d
      set attempts = greatest(d.attempts, held.number), failures = d.failures + held.failures,
        due_at = now + coalesce(retry_in_ms, 0), fence = null
      from clock, held
      where held.outcome = 'retry' and d.ctid = any (array(select place from held where outcome = 'retry'))
        and d.ctid = held.place
    ), logged as (
      insert into ${names.attempts} (
        day, account_id, subscription_id, delivery_id, event_id, event_day, topic, number, outcome, reason, status,
        started_at, duration_ms, next_attempt_at, answer
      )
      select (now / 86400000)::integer, account_id, subscription_id, id, event_id, event_day, topic, number, outcome,
        reason, status, started_at, duration_ms, case when outcome = 'retry' then now + coalesce(retry_in_ms, 0) end, answer
      from clock cross join held
      order by position
    ), observed as materialized (
      select s.id, o.* from ${names.subscriptions} as s
      join (select ${unnested(observedColumns, 2 + columns.length)}) as o on s.id = o.subscription_id
      order by s.id for update of s
    ), changed as (
      update ${names.subscriptions} as s
      set consecutive_failures = case when answered then 0 else s.consecutive_failures end + fails,
        failing_since = case
          when fails = 0 then case when answered then null else s.failing_since end
          when answered then now
          else coalesce(s.failing_since, now)
        end,
        paused_until = case when pause_ms > 0 then greatest(s.paused_until, now + pause_ms) else s.paused_until end,
        last_attempt_at = coalesce(at, s.last_attempt_at), last_status = coalesce(code, s.last_status),
        last_event_id = coalesce(observed.event_id, s.last_event_id)
      from clock, observed where s.id = observed.id
      returning s, fails > 0 or (answered and s.health <> 'healthy') as telling
    ), lost as (
      select $1::integer - count(*) as fences from held
    )
    select case fences when 0 then json_build_object(
      'now', (select now from clock),
      'subscriptions', (select json_agg(s) from changed where telling),
      ${isOrdered ? `'next', ${makeNextDue(names, 'ended')},` : ''}
      'queueBytes', pg_relation_size('${names.deliveries}')
    )::text else (fences || '${fencesLost}')::integer::text end from lost`;
  const [plain, ordered] = [bySize<Recorded>(write(false)), bySize<Recorded>(write(true))];
  let queueBytes = 0;
  const findLines = plannedEachTime<readonly number[]>(`
    select coalesce(json_agg(position order by position), '[]')::text from json_to_recordset($1::text::json) as o (
      position integer, id text, number integer, outcome text, started_at double precision
    )
    where exists (
      select from ${names.attempts} as a
      where a.delivery_id = o.id and a.number = o.number and a.outcome = o.outcome and a.started_at = o.started_at::bigint
    )`);
  const findSubscriptions = plannedEachTime<readonly Parameters<typeof readSubscription>[0][]>(`
    select coalesce(json_agg(s), '[]')::text from ${names.subscriptions} as s
    where s.id = any (array(select json_array_elements_text($1::text::json)::bigint))`);

  const findHeld = plannedEachTime<{ readonly now: number; readonly held: readonly number[] }>(`
    select json_build_object('now', ${names.now}, 'held', (
      select coalesce(json_agg(position order by position), '[]')
      from json_to_recordset($1::text::json) as o (position integer, id text, fence text)
      where exists (select from ${names.deliveries} as d where d.id = o.id and d.fence = o.fence)
    ))::text`);

  /**
   * Which of these outcomes have their line in the log already, written by an earlier call whose answer was lost, and the
   * subscriptions to look at because of them.
   */
  async function writtenBefore(
    runner: Runner,
    outcomes: readonly Outcome[],
    positions: readonly number[],
  ): Promise<{ readonly positions: readonly number[]; readonly subscriptions: readonly Subscription[] }> {
    const given = positions.map((position) => {
      const { deliveryId: id, number, outcome, startedAt } = outcomes[position] as Outcome;
      return { position, id, number, outcome, started_at: startedAt };
    });
    const found = await runner.run(findLines, [toJson(given)]);
    if (found.length === 0) return { positions: [], subscriptions: [] };
    const observations = observe(found.map((position) => outcomes[position] as Outcome));
    const rows = await runner.run(findSubscriptions, [toJson(observations.map(({ subscriptionId }) => subscriptionId))]);
    const byId = new Map(rows.map(readSubscription).map((subscription) => [subscription.id, subscription]));
    const subscriptions = observations.flatMap((observation) => {
      const subscription = byId.get(observation.subscriptionId);
      return subscription && mayMoveHealth(observation, subscription.health) ? [subscription] : [];
    });
    return { positions: found, subscriptions };
  }

  async function writeAll(runner: AccountRunner, outcomes: readonly Outcome[]): Promise<Recorded> {
    const values = [outcomes.length, ...arraysOf(columns, outcomes), ...arraysOf(observedColumns, observe(outcomes))];
    const ending = outcomes.filter(({ orderKey, outcome }) => orderKey !== undefined && outcome !== 'retry');
    const answer =
      ending.length === 0
        ? await runner.run(plain(queueBytes), values)
        : await keepingOrder(runner, async ({ run }) =>
            run(ordered(queueBytes), [...values, toArray(ending.map(({ subscriptionId }) => subscriptionId))]),
          );
    queueBytes = answer.queueBytes;
    return answer;
  }

  /** Writes those of the outcomes whose fence holds; answers which they are as well. */
  async function writeHeld(
    runner: AccountRunner,
    outcomes: readonly Outcome[],
    leases: readonly number[],
  ): Promise<Pick<Recorded, 'now' | 'subscriptions'> & { readonly held: readonly number[] }> {
    for (let held = leases; ;) {
      try {
        return {
          held,
          ...(await writeAll(
            runner,
            held.map((position) => outcomes[position] as Outcome),
          )),
        };
      } catch (error) {
        if (!hasLostFences(error)) throw error;
        const given = held.map((position) => {
          const { deliveryId: id, fence } = outcomes[position] as Outcome;
          return { position, id, fence };
        });
        const found = await runner.run(findHeld, [toJson(given)]);
        if (found.held.length === held.length) throw error;
        if (found.held.length === 0) return { ...found, subscriptions: null };
        ({ held } = found);
      }
    }
  }

  return async (runner: AccountRunner, outcomes: readonly Outcome[]): Promise<RecordResult> => {
    const leases = firstOfEachLease(outcomes);
    const { held, now, subscriptions: rows } = await writeHeld(runner, outcomes, leases);
    const written = new Set(held);
    const subscriptions = rows?.map(readSubscription) ?? [];
    const others = leases.filter((position) => !written.has(position));
    if (others.length > 0) {
      const before = await writtenBefore(runner, outcomes, others);
      for (const position of before.positions) written.add(position);
      const told = new Set(subscriptions.map(({ id }) => id));
      subscriptions.push(...before.subscriptions.filter(({ id }) => !told.has(id)));
    }
    return { written: outcomes.map((_, position) => written.has(position)), subscriptions, now };
  };
}

/** What the database says, and keeps in its own log, where fences did not hold: the end of a text that is no number. */
const fencesLost = ' outcomes came too late for their leases, and the others are written without them';

function hasLostFences(error: unknown): boolean {
  return HookwellError.is(error) && codeOf(error.cause) === '22P02';
}

/** Makes the call that hands claims back unsent. */
export function prepareReleaseDeliveries(names: Names) {
  const release = plannedEachTime<number>(`
    with given as materialized (
      select * from json_to_recordset($1::text::json) as l (id text, fence text)
    ), held as materialized (
      select d.id from ${names.deliveries} as d join given on d.id = given.id and d.fence = given.fence
      where d.id = any (array(select id from given)) order by d.id for update of d
    ), released as (
      update ${names.deliveries} as d set due_at = ${names.now}, fence = null from held where d.id = held.id returning d.id
    )
    select to_json(count(*))::text from released`);
  return async (runner: Runner, leases: readonly Lease[]): Promise<void> => {
    if (leases.length === 0) return;
    await runner.run(release, [toJson(leases.map(({ deliveryId, fence }) => ({ id: deliveryId, fence })))]);
  };
}
