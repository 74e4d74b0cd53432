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
import type { AccountRunner } from './account-calls.ts';
import { toArray } from './arrays.ts';
import { toJson, type Connection } from './connection.ts';
import { prepareMakeDue } from './make-due.ts';
import type { Names } from './names.ts';
import { kept, plannedEachTime, type Runner } from './statement.ts';

/** A row as it is read. The replay and the list are JSON texts inside of it. */
interface Row {
  readonly replay: string;
  readonly fence: string;
  readonly unfinished: string;
}

/** What became of a delivery that a replay waits for. */
interface Fate {
  readonly id: string;
  /** Null once it has ended. */
  readonly failures: number | null;
  readonly outcome: OutcomeKind | null;
}

/** Makes the calls about replays, but for what lists and finds. */
export function prepareReplays(names: Names) {
  const { replays, now } = names;
  const readClock = plannedEachTime<{ readonly now: number; readonly lastLine: number }>(`
    select json_build_object('now', ${now}, 'lastLine', (
      select coalesce(max(id), 0) from ${names.attempts} where account_id = $1::text
    ))::text`);
  const insert = plannedEachTime<number>(`
    with created as (
      insert into ${replays} (id, account_id, state, looks_at, created_at, due_at, fence, replay, unfinished)
      values ($1::text, $2::text, 'running', $3::text, $4::bigint, $4::bigint, '', $5::text, '[]')
      on conflict (id) do nothing returning id
    )
    select to_json(count(*))::text from created`);
  const find = plannedEachTime<Row | null>(`
    select coalesce((select to_json(r) from ${replays} as r where id = $1::text and account_id = $2::text), 'null')::text`);
  // By their ids, so that calls cannot wait for each other in a circle.
  const lock = kept<readonly Row[]>(`
    with locked as materialized (
      select replay, fence, unfinished from ${replays} where id = any ($1::text::text[]) order by id for update
    )
    select coalesce(json_agg(locked), '[]')::text from locked`);
  /** All of an account's that run, so that no two make deliveries for it at once. */
  const lockAccounts = kept<number>(`
    with locked as materialized (
      select id from ${replays} where state = 'running' and account_id in (
        select account_id from ${replays} where id = any ($1::text::text[])
      ) order by id for update
    )
    select to_json(count(*))::text from locked`);
  const update = kept<number>(`
    with updated as (
      update ${replays} set state = $2::text, looks_at = $3::text, ended_at = $4::bigint, fence = $5::text,
        replay = $6::text, unfinished = $7::text, due_at = coalesce(${now} + $8::double precision, due_at)
      where id = $1::text returning id
    )
    select to_json(count(*))::text from updated`);
  const lookAhead = kept<{ readonly now: number; readonly nextInMs: number | null }>(`
    select json_build_object('now', clock.now, 'nextInMs', (
      select min(greatest(due_at - clock.now, 0)) from ${replays}
      where state = 'running' and not id = any ($1::text::text[])
    ))::text from (select ${now} as now) as clock`);
  const take = kept<readonly Row[]>(`
    with taken as materialized (
      select replay, fence, unfinished from ${replays} where state = 'running' and due_at <= ${now}
      order by due_at, id limit $1::integer for update skip locked
    )
    select coalesce(json_agg(taken), '[]')::text from taken`);
  const fates = plannedEachTime<readonly Fate[]>(`
    select coalesce(json_agg(fate), '[]')::text from (
      select wanted.id, d.failures, case when d.id is null then (
        select a.outcome from ${names.attempts} as a where a.delivery_id = wanted.id order by a.id desc limit 1
      ) end as outcome
      from unnest($1::text::text[]) as wanted (id) left join ${names.deliveries} as d on d.id = wanted.id
    ) as fate`);
  const makeDue = prepareMakeDue(names);

  async function write(
    { run }: Runner,
    replay: Replay,
    { fence, unfinished, dueInMs }: { fence: string; unfinished: string; dueInMs: number | null },
  ): Promise<void> {
    const { id, state, looksAt, endedAt } = replay;
    await run(update, [id, state, looksAt, endedAt, fence, toJson(replay), unfinished, dueInMs]);
  }

  async function claimOne(runner: Runner, row: Row, { fence, leaseMs }: ReplayClaimRequest, at: number): Promise<ReplayClaim> {
    const ids = JSON.parse(row.unfinished) as readonly string[];
    const looked = ids.length === 0 ? [] : await runner.run(fates, [toArray(ids)]);
    const left = looked.filter(({ failures }) => failures !== null);
    const ends = looked.filter(({ failures }) => failures === null).map(({ outcome }) => outcome);
    const replay = withReplayEnds(JSON.parse(row.replay) as Replay, ends, at);
    await write(runner, replay, { fence, unfinished: toJson(left.map(({ id }) => id)), dueInMs: leaseMs });
    return { replay, fence, unsent: left.filter(({ failures }) => failures === 0).length };
  }

  async function advanceOne(runner: Runner, step: ReplayStep): Promise<Replay | null> {
    const [row] = await runner.run(lock, [toArray([step.id])]);
    if (!row) return null;
    const before = JSON.parse(row.replay) as Replay;
    const standing = standingOf(step, { replay: before, fence: row.fence });
    if (standing !== 'due') return standing === 'made' ? before : null;
    const queued = await makeDue(runner, before.accountId, step);
    const { now: at } = await runner.run(lookAhead, ['{}']);
    const replay = withReplayStep(before, step, queued.length, at);
    const unfinished = toJson([...(JSON.parse(row.unfinished) as readonly string[]), ...queued]);
    await write(runner, replay, { fence: row.fence, unfinished, dueInMs: step.waitMs });
    return replay;
  }

  return {
    async create({ run }: Runner, given: NewReplay): Promise<Replay> {
      const replay = firstReplay(given, await run(readClock, [given.accountId]));
      await run(insert, [replay.id, replay.accountId, replay.looksAt, replay.createdAt, toJson(replay)]);
      const row = await run(find, [replay.id, replay.accountId]);
      return row ? (JSON.parse(row.replay) as Replay) : replay;
    },

    cancel: async (runner: AccountRunner, accountId: string, id: string, reason: string): Promise<Replay | null> =>
      runner.transact(async (transaction) => {
        const [row] = await transaction.run(lock, [toArray([id])]);
        const before = row && (JSON.parse(row.replay) as Replay);
        if (!row || before?.accountId !== accountId || before.state !== 'running') return null;
        const { now: at } = await transaction.run(lookAhead, ['{}']);
        const replay = withReplayCancelled(before, reason, at);
        await write(transaction, replay, { ...row, dueInMs: null });
        return replay;
      }),

    async claim(connection: Connection, request: ReplayClaimRequest): Promise<ReplayClaims> {
      const ahead = await connection.run(lookAhead, ['{}']);
      if (ahead.nextInMs !== 0) return { claims: [], ...ahead };
      return connection.transact(async (transaction) => {
        const claims: ReplayClaim[] = [];
        for (const row of await transaction.run(take, [request.limit])) {
          claims.push(await claimOne(transaction, row, request, ahead.now));
        }
        return { claims, ...(await transaction.run(lookAhead, [toArray(claims.map(({ replay }) => replay.id))])) };
      });
    },

    advance: async (connection: Connection, steps: readonly ReplayStep[]): Promise<readonly (Replay | null)[]> =>
      connection.transact(async (transaction) => {
        await transaction.run(lockAccounts, [toArray(steps.map(({ id }) => id))]);
        const rows: (Replay | null)[] = [];
        for (const step of steps) rows.push(await advanceOne(transaction, step));
        return rows;
      }),
  };
}
