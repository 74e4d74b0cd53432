import type { ReplayPage, ReplaySearch } from '@hookwell/core';
import { endOfPlaces as end, readReplayable, type ReplayableLine, type ReplayablePair } from '../sql/replayable.ts';
import type { Connection } from './connection.ts';
import { keptRecord } from './kept-record.ts';

/** A pair, at its place. */
type Pair = ReplayablePair<{ readonly position: number }>;

interface Looked {
  readonly last: number | null;
  readonly looked: number;
}

/** Makes the call that finds what a replay would send. The rows looked at are bounded before anything is asked of them. */
export function prepareFindReplayable(connection: Connection) {
  const lines = `(
    select * from hookwell_attempts where account_id = $account and id > $after and id <= $last order by id limit (select $limit)
  )`;
  const lookAtLines = connection.prepareSql<Looked>(`select max(id) as last, count(*) as looked from ${lines}`);
  const findLines = connection.prepareSql<ReplayableLine>(`
    select line.id, line.delivery_id, line.subscription_id, line.event_id, line.topic from ${lines} as line
    join hookwell_subscriptions as lane on lane.id = line.subscription_id and lane.health <> 'unsubscribed'
    where line.outcome in (select value from json_each($outcomes))
      and line.started_at >= $from and line.started_at < $until
      and ($topic is null or line.topic = $topic) and ($lane is null or line.subscription_id = $lane)
      and not exists (
        select 1 from hookwell_attempts as later where later.delivery_id = line.delivery_id and later.id > line.id
      )
      and not exists (select 1 from hookwell_deliveries where id = line.delivery_id)
      and exists (select 1 from hookwell_events as event where id = line.event_id and ${keptRecord('event')})
    order by line.id`);
  const events = `(
    select position, id, account_id, topic, stored_at, metadata from hookwell_events
    where position >= $position order by position limit (select $limit)
  )`;
  const lookAtEvents = connection.prepareSql<Looked>(`select max(position) as last, count(*) as looked from ${events}`);
  const findPairs = connection.prepareSql<Pair>(`
    select event.position, event.id as event_id, lane.id as subscription_id, event.topic from ${events} as event
    join hookwell_subscriptions as lane
      on lane.account_id = event.account_id and lane.topic = event.topic and lane.health <> 'unsubscribed'
    where event.account_id = $account and ${keptRecord('event')} and event.stored_at >= $from and event.stored_at < $until
      and ($topic is null or event.topic = $topic) and ($lane is null or lane.id = $lane)
      and (event.position > $position or lane.id > $lastLane)
      and not exists (
        select 1 from hookwell_deliveries as d where d.event_id = event.id and d.subscription_id = lane.id
      )
      and not exists (select 1 from hookwell_attempts as a where a.event_id = event.id and a.subscription_id = lane.id)
    order by event.position, lane.id limit (select $limit)`);

  function findFinished(account: string, { filter, lastLine, after, limit }: ReplaySearch): ReplayPage {
    const [afterLine = 0] = placeOf(after);
    const part = { account, after: afterLine, last: lastLine ?? end, limit };
    const { last, looked } = lookAtLines.get(part) ?? { last: null, looked: 0 };
    const { subscriptionId: lane, topic, from, until, outcomes } = filter;
    const found = findLines.all({ ...part, lane, topic, from, until: until ?? end, outcomes: JSON.stringify(outcomes) });
    const rows = found.map((line) => readReplayable(line, line.delivery_id, [line.id]));
    return { rows, after: looked < limit ? null : JSON.stringify([last]) };
  }

  function findMissing(account: string, { filter, after, limit }: ReplaySearch): ReplayPage {
    const [afterEvent = 0, afterLane = 0] = placeOf(after);
    const [position, lastLane] = afterLane === end ? [afterEvent + 1, 0] : [afterEvent, afterLane];
    const { last, looked } = lookAtEvents.get({ position, limit }) ?? { last: null, looked: 0 };
    const { subscriptionId: lane, topic, from, until } = filter;
    const found = findPairs.all({ account, position, lastLane, limit, lane, topic, from, until: until ?? end });
    const rows = found.map((pair) => readReplayable(pair, null, [pair.position, pair.subscription_id]));
    if (rows.length === limit) return { rows, after: rows.at(-1)?.after ?? null };
    return { rows, after: looked < limit ? null : JSON.stringify([last, end]) };
  }

  return (accountId: string, search: ReplaySearch): ReplayPage =>
    search.looksAt === 'finished' ? findFinished(accountId, search) : findMissing(accountId, search);
}

function placeOf(after: string): readonly number[] {
  return after === '' ? [] : (JSON.parse(after) as readonly number[]);
}
