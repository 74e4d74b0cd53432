import {
  firstReplay,
  standingOf,
  withReplayCancelled,
  withReplayEnds,
  withReplayStep,
  type NewReplay,
  type OutcomeKind,
  type Replay,
  type ReplayClaim,
  type ReplayClaimRequest,
  type ReplayClaims,
  type ReplayStep,
} from '@hookwell/core';
import { sql } from 'kysely';
import { readReplay } from '../sql/read-rows.ts';
import type { Connection } from './connection.ts';
import { keptRecord } from './kept-record.ts';
import { prepareOrders } from './orders.ts';
import { bound, queries } from './queries.ts';

/** What a write changes of a row. */
interface Written {
  readonly replay: Replay;
  readonly fence: string;
  readonly dueAt: number;
  readonly unfinished: readonly string[];
}

/** Makes the calls about replays, but for what lists and finds. */
export function prepareReplays(connection: Connection) {
  const orders = prepareOrders(connection);
  const insert = connection.prepare(
    queries.insertInto('hookwell_replays').values({
      id: bound<string>(),
      account_id: bound<string>(),
      state: bound<string>(),
      looks_at: bound<string>(),
      created_at: bound<number>(),
      ended_at: sql.lit(null),
      due_at: bound<number>(),
      fence: sql.lit(''),
      replay: bound<string>(),
      unfinished: sql.lit('[]'),
    }),
  );
  const find = connection.prepare(queries.selectFrom('hookwell_replays').selectAll().where('id', '=', bound<string>()));
  const update = connection.prepare(
    queries
      .updateTable('hookwell_replays')
      .set({
        state: bound<string>(),
        looks_at: bound<string>(),
        ended_at: bound<number | null>(),
        due_at: bound<number>(),
        fence: bound<string>(),
        replay: bound<string>(),
        unfinished: bound<string>(),
      })
      .where('id', '=', bound<string>()),
  );
  const running = connection.prepareSql<{ readonly id: string; readonly due_at: number }>(
    "select id, due_at from hookwell_replays where state = 'running' order by due_at, id limit (select ?)",
  );
  const lastLine = connection.prepareSql<{ readonly id: number | null }>(
    'select max(id) as id from hookwell_attempts where account_id = ?',
  );
  const look = connection.prepareSql<{
    readonly id: string;
    readonly failures: number | null;
    readonly outcome: OutcomeKind | null;
  }>(
    `select wanted.value as id, delivery.failures as failures, case when delivery.id is null then (
        select outcome from hookwell_attempts where delivery_id = wanted.value order by id desc limit 1
      ) end as outcome
    from json_each(?) as wanted left join hookwell_deliveries as delivery on delivery.id = wanted.value`,
  );
  const columns = 'id, account_id, subscription_id, event_id, attempts, failures, abandonments, created_at, due_at, replayed';
  const again = connection.prepareSql(`
    insert into hookwell_deliveries (${columns})
    select last.delivery_id, last.account_id, last.subscription_id, last.event_id, last.number, 0, 0, $now, $now, 1
    from hookwell_attempts as last
    join hookwell_events as event on event.id = last.event_id
    join hookwell_subscriptions as lane on lane.id = last.subscription_id and lane.health <> 'unsubscribed'
    where last.delivery_id = $id and last.account_id = $account and ${keptRecord('event')}
    order by last.number desc limit 1
    on conflict (id) do nothing`);
  const anew = connection.prepareSql(`
    insert into hookwell_deliveries (${columns})
    select $id, event.account_id, lane.id, event.id, 0, 0, 0, $now, $now, 1
    from hookwell_events as event
    join hookwell_subscriptions as lane on lane.id = $lane and lane.health <> 'unsubscribed' and lane.account_id = event.account_id
    where event.id = $event and event.account_id = $account and ${keptRecord('event')}
      and not exists (select 1 from hookwell_deliveries as d where d.event_id = event.id and d.subscription_id = lane.id)
      and not exists (select 1 from hookwell_attempts as a where a.event_id = event.id and a.subscription_id = lane.id)
    on conflict (id) do nothing`);

  function write({ replay, fence, dueAt, unfinished }: Written): void {
    const { state, looksAt, endedAt, id } = replay;
    update.run(state, looksAt, endedAt, dueAt, fence, JSON.stringify(replay), JSON.stringify(unfinished), id);
  }

  function claimOne(id: string, { fence, leaseMs }: ReplayClaimRequest, now: number): ReplayClaim | null {
    const row = find.get(id);
    if (!row) return null;
    const looked = look.all(row.unfinished);
    const left = looked.filter(({ failures }) => failures !== null);
    const ends = looked.filter(({ failures }) => failures === null).map(({ outcome }) => outcome);
    const replay = withReplayEnds(readReplay(row), ends, now);
    write({ replay, fence, dueAt: now + leaseMs, unfinished: left.map((delivery) => delivery.id) });
    return { replay, fence, unsent: left.filter(({ failures }) => failures === 0).length };
  }

  function advanceOne(step: ReplayStep, now: number): Replay | null {
    const row = find.get(step.id);
    if (!row) return null;
    const before = readReplay(row);
    const standing = standingOf(step, { replay: before, fence: row.fence });
    if (standing !== 'due') return standing === 'made' ? before : null;
    const account = row.account_id;
    const queued = [
      ...step.again.filter((id) => again.run({ id, account, now }).changes === 1),
      ...step.anew
        .filter(({ id, subscriptionId: lane, eventId: event }) => anew.run({ id, lane, event, account, now }).changes === 1)
        .map(({ id }) => id),
    ];
    for (const id of queued) orders.putInOrder(id, now);
    const replay = withReplayStep(before, step, queued.length, now);
    const unfinished = [...(JSON.parse(row.unfinished) as readonly string[]), ...queued];
    write({ replay, fence: row.fence, dueAt: now + step.waitMs, unfinished });
    return replay;
  }

  return {
    create(given: NewReplay, now: number): Replay {
      const known = find.get(given.id);
      if (known) return readReplay(known);
      const replay = firstReplay(given, { now, lastLine: lastLine.get(given.accountId)?.id ?? 0 });
      insert.run(replay.id, replay.accountId, replay.state, replay.looksAt, now, now, JSON.stringify(replay));
      return readReplay({ replay: JSON.stringify(replay) });
    },

    cancel(accountId: string, id: string, reason: string, now: number): Replay | null {
      const row = find.get(id);
      if (row?.account_id !== accountId || row.state !== 'running') return null;
      const replay = withReplayCancelled(readReplay(row), reason, now);
      write({ replay, fence: row.fence, dueAt: row.due_at, unfinished: JSON.parse(row.unfinished) as readonly string[] });
      return replay;
    },

    /** What a claim answers that would find nothing; null when there is something. It takes no lock. */
    noneDue(now: number): ReplayClaims | null {
      const [next] = running.all(1);
      if (next && next.due_at <= now) return null;
      return { claims: [], nextInMs: next ? next.due_at - now : null, now };
    },

    claim(request: ReplayClaimRequest, now: number): ReplayClaims {
      const due = running.all(request.limit).filter(({ due_at }) => due_at <= now);
      const claims = due.flatMap(({ id }) => claimOne(id, request, now) ?? []);
      const mine = new Set(claims.map(({ replay }) => replay.id));
      const next = running.all(request.limit + 1).find(({ id }) => !mine.has(id));
      return { claims, nextInMs: next ? Math.max(0, next.due_at - now) : null, now };
    },

    advance: (steps: readonly ReplayStep[], now: number): readonly (Replay | null)[] =>
      steps.map((step) => advanceOne(step, now)),
  };
}
