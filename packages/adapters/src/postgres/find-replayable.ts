import type { ReplayPage, ReplaySearch } from '@hookwell/core';
import { endOfPlaces as end, readReplayable, type ReplayableLine, type ReplayablePair } from '../sql/replayable.ts';
import { toArray } from './arrays.ts';
import { keptRecord } from './kept-record.ts';
import type { Names } from './names.ts';
import { oneByOne, plannedEachTime, type Runner } from './statement.ts';

/** A pair, at its place. */
type Pair = ReplayablePair<{ readonly stored_at: number }>;

interface Found<Row, Last> {
  readonly looked: number;
  readonly last: Last | null;
  readonly rows: readonly Row[];
}

/**
 * The unfinished deliveries of pairs of a subscription and an event: the query of the name `waiting`. The queue has no index by
 * event: it is read lane by lane, once for all of the pairs.
 */
export function waitingOf(names: Names, pairs: string): string {
  return `select lane.id, d.event_id from (select distinct subscription_id as id from ${pairs}) as lane cross join lateral (
        select event_id from ${names.deliveries} where subscription_id = lane.id ${oneByOne}
      ) as d where d.event_id in (select event_id from ${pairs})`;
}

/** Whether a pair has neither a delivery among those `waiting` nor a line of the log. */
export function isMissing(names: Names, pair: string): string {
  return `(${pair}.subscription_id, ${pair}.event_id) not in (select id, event_id from waiting) and not exists (
        select from ${names.attempts} as a
        where a.event_day = ${pair}.day and a.event_id = ${pair}.event_id and a.subscription_id = ${pair}.subscription_id ${oneByOne}
      )`;
}

/** Makes the call that finds what a replay would send. The rows looked at are bounded before anything is asked of them. */
export function prepareFindReplayable(names: Names) {
  const lane = `${names.subscriptions} as lane`;
  const findLines = plannedEachTime<Found<ReplayableLine, number>>(`
    with part as materialized (
      select id, delivery_id, subscription_id, event_id, event_day, topic, outcome, started_at from ${names.attempts}
      where account_id = $1::text and id > $2::bigint and id <= $3::bigint order by id limit $4::integer
    ), wanted as (
      select part.* from part
      join ${lane} on lane.id = part.subscription_id and lane.account_id = $1::text and lane.health <> 'unsubscribed'
      where part.outcome = any ($5::text::text[]) and part.started_at >= $6::bigint and part.started_at < $7::bigint
        and ($8::text is null or part.topic = $8::text) and ($9::bigint is null or part.subscription_id = $9::bigint)
        and not exists (
          select from ${names.attempts} as later where later.delivery_id = part.delivery_id and later.id > part.id ${oneByOne}
        )
        and not exists (select from ${names.deliveries} as d where d.id = part.delivery_id ${oneByOne})
        and exists (
          select from ${names.events} as e
          where e.id = part.event_id and e.day = part.event_day and ${keptRecord('e')} ${oneByOne}
        )
    )
    select json_build_object('looked', (select count(*) from part), 'last', (select max(id) from part), 'rows', (
      select coalesce(json_agg(w order by w.id), '[]')
      from (select id, delivery_id, subscription_id, event_id, topic from wanted) as w
    ))::text`);
  const findPairs = plannedEachTime<Found<Pair, Pick<Pair, 'stored_at' | 'event_id'>>>(`
    with part as materialized (
      select stored_at, id, day, account_id, topic, metadata from ${names.events}
      where stored_at < $5::bigint and (stored_at, id) >= ($2::bigint, $3::text) and stored_at >= $4::bigint
        and ($9::bigint < ${end} or (stored_at, id) > ($2::bigint, $3::text))
      order by stored_at, id limit $6::integer
    ), pairs as materialized (
      select part.stored_at, part.id as event_id, part.day, lane.id as subscription_id, part.topic from part
      join ${lane} on lane.account_id = $1::text and lane.topic = part.topic and lane.health <> 'unsubscribed'
      where part.account_id = $1::text and ${keptRecord('part')} and ($7::text is null or part.topic = $7::text)
        and ($8::bigint is null or lane.id = $8::bigint)
        and ((part.stored_at, part.id) > ($2::bigint, $3::text) or lane.id > $9::bigint)
    ), waiting as materialized (
      ${waitingOf(names, 'pairs')}
    ), wanted as (
      select stored_at, event_id, subscription_id, topic from pairs as p
      where ${isMissing(names, 'p')}
      order by stored_at, event_id, subscription_id limit $6::integer
    )
    select json_build_object('looked', (select count(*) from part), 'last', (
      select json_build_object('stored_at', stored_at, 'event_id', id) from part order by stored_at desc, id desc limit 1
    ), 'rows', (
      select coalesce(json_agg(w order by stored_at, event_id, subscription_id), '[]') from wanted as w
    ))::text`);

  async function findFinished(runner: Runner, account: string, search: ReplaySearch): Promise<ReplayPage> {
    const { filter, lastLine, after, limit } = search;
    const { subscriptionId, topic, from, until, outcomes } = filter;
    const [afterLine] = after === '' ? [0] : (JSON.parse(after) as [number]);
    const values = [account, afterLine, lastLine ?? end, limit, toArray(outcomes), from, until ?? end, topic, subscriptionId];
    const { looked, last, rows } = await runner.run(findLines, values);
    return {
      rows: rows.map((line) => readReplayable(line, line.delivery_id, [line.id])),
      after: looked < limit ? null : JSON.stringify([last]),
    };
  }

  async function findMissing(runner: Runner, account: string, search: ReplaySearch): Promise<ReplayPage> {
    const { filter, after, limit } = search;
    const { subscriptionId, topic, from, until } = filter;
    const [storedAt, event, lastLane] = after === '' ? [0, '', 0] : (JSON.parse(after) as [number, string, number]);
    const values = [account, storedAt, event, from, until ?? end, limit, topic, subscriptionId, lastLane];
    const { looked, last, rows: found } = await runner.run(findPairs, values);
    const rows = found.map((pair) => readReplayable(pair, null, [pair.stored_at, pair.event_id, pair.subscription_id]));
    if (rows.length === limit) return { rows, after: rows.at(-1)?.after ?? null };
    return { rows, after: looked < limit || last === null ? null : JSON.stringify([last.stored_at, last.event_id, end]) };
  }

  return async (runner: Runner, accountId: string, search: ReplaySearch): Promise<ReplayPage> =>
    search.looksAt === 'finished' ? findFinished(runner, accountId, search) : findMissing(runner, accountId, search);
}
