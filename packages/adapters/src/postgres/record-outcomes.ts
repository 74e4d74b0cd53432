import {
  firstOfEachLease,
  mayMoveHealth,
  observe,
  type Lease,
  type Outcome,
  type RecordResult,
  type Subscription,
} from '@hookwell/core';
import { readSubscription } from '../sql/read-rows.ts';
import { toJson } from './connection.ts';
import type { Names } from './names.ts';
import { kept, plannedEachTime, type Runner, type Statement } from './statement.ts';

interface Recorded {
  readonly now: number;
  /** The positions of the outcomes whose fence holds the lease. */
  readonly held: readonly number[] | null;
  readonly subscriptions: readonly Parameters<typeof readSubscription>[0][] | null;
  readonly queueBytes: number;
}

/** Makes the call that writes outcomes under their fences. */
export function prepareRecordOutcomes(names: Names) {
  // Either every outcome is written, or none: what the written ones say of their endpoints is summed up by the model,
  // before it is known which they are. Deliveries and subscriptions are locked in the order of their ids, so that calls
  // cannot wait for each other in a circle.
  const text = `
    with clock as materialized (select ${names.now} as now), given as materialized (
      select * from json_to_recordset($1::text::json) as o (
        position integer, id text, fence text, account_id text, subscription_id bigint, event_id text, topic text,
        number integer, outcome text, reason text, status integer, answer text, started_at double precision,
        duration_ms double precision, retry_in_ms double precision, failures integer
      )
    ), held as materialized (
      select given.*, d.event_day from ${names.deliveries} as d
      join given on d.id = given.id and d.fence = given.fence
      where d.id = any (array(select id from given))
      order by d.id for update of d
    ), whole as materialized (
      select held.* from held where (select count(*) from held) = (select count(*) from given)
    ), ended as (
      delete from ${names.deliveries} where id = any (array(select id from whole where outcome <> 'retry'))
    ), given_back as (
      update ${names.deliveries} as d
      set attempts = greatest(d.attempts, whole.number), failures = d.failures + whole.failures,
        due_at = now + coalesce(retry_in_ms, 0), fence = null
      from clock cross join whole
      where d.id = any (array(select id from whole where outcome = 'retry')) and d.id = whole.id
    ), logged as (
      insert into ${names.attempts} (
        day, account_id, subscription_id, delivery_id, event_id, event_day, topic, number, outcome, reason, status,
        started_at, duration_ms, next_attempt_at, answer
      )
      select (now / 86400000)::integer, account_id, subscription_id, id, event_id, event_day, topic, number, outcome,
        reason, status, started_at, duration_ms, case when outcome = 'retry' then now + coalesce(retry_in_ms, 0) end, answer
      from clock cross join whole
      order by position
    ), observed as materialized (
      select s.id, o.* from ${names.subscriptions} as s
      join json_to_recordset($2::text::json) as o (
        subscription_id bigint, answered boolean, fails integer, pause_ms double precision, at double precision, code integer,
        event_id text
      ) on s.id = o.subscription_id
      where exists (select from whole)
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
    )
    select json_build_object(
      'now', (select now from clock),
      'held', (select json_agg(position) from held),
      'subscriptions', (select json_agg(s) from changed where telling),
      'queueBytes', pg_relation_size('${names.deliveries}')
    )::text`;
  const statementFor = bySize<Recorded>(text);
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

  async function write(runner: Runner, outcomes: readonly Outcome[], positions: readonly number[]): Promise<Recorded> {
    const given = positions.map((position) => {
      const outcome = outcomes[position] as Outcome;
      return {
        position,
        id: outcome.deliveryId,
        fence: outcome.fence,
        account_id: outcome.accountId,
        subscription_id: outcome.subscriptionId,
        event_id: outcome.eventId,
        topic: outcome.topic,
        number: outcome.number,
        outcome: outcome.outcome,
        reason: outcome.reason,
        status: outcome.status,
        answer: outcome.answer,
        started_at: outcome.startedAt,
        duration_ms: outcome.durationMs,
        retry_in_ms: outcome.retryInMs,
        failures: outcome.countsAgainstDelivery ? 1 : 0,
      };
    });
    const observations = observe(positions.map((position) => outcomes[position] as Outcome)).map((observation) => ({
      subscription_id: observation.subscriptionId,
      answered: observation.answered,
      fails: observation.failures,
      pause_ms: observation.pauseLaneMs,
      at: observation.last?.startedAt,
      code: observation.last?.status,
      event_id: observation.last?.eventId,
    }));
    const answer = await runner.run(statementFor(queueBytes), [toJson(given), toJson(observations)]);
    queueBytes = answer.queueBytes;
    return answer;
  }

  return async (runner: Runner, outcomes: readonly Outcome[]): Promise<RecordResult> => {
    const leases = firstOfEachLease(outcomes);
    let positions = leases;
    for (;;) {
      const answer = await write(runner, outcomes, positions);
      const held = answer.held ?? [];
      if (held.length > 0 && held.length < positions.length) {
        positions = held.toSorted((a, b) => a - b);
        continue;
      }
      const written = new Set(held);
      const subscriptions = answer.subscriptions?.map(readSubscription) ?? [];
      const others = leases.filter((position) => !written.has(position));
      if (others.length > 0) {
        const before = await writtenBefore(runner, outcomes, others);
        for (const position of before.positions) written.add(position);
        const told = new Set(subscriptions.map(({ id }) => id));
        subscriptions.push(...before.subscriptions.filter(({ id }) => !told.has(id)));
      }
      return { written: outcomes.map((_, position) => written.has(position)), subscriptions, now: answer.now };
    }
  };
}

/**
 * A statement whose plan is kept for as long as the queue is of about the same size: a plan that was made for a short
 * queue would read a long one from end to end. Each quadrupling has a plan of its own, so that there are few of them.
 */
function bySize<Answer>(text: string): (bytes: number) => Statement<Answer> {
  const statements = new Map<number, Statement<Answer>>();
  return (bytes) => {
    const size = Math.floor(Math.log2(bytes + 1) / 2);
    let statement = statements.get(size);
    if (!statement) {
      statement = kept(`/* for a queue of ${4 ** size} bytes */ ${text}`);
      statements.set(size, statement);
    }
    return statement;
  };
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
