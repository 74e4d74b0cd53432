import type { Claim, ClaimRequest, ClaimResult, StoredEvent } from '@hookwell/core';
import { readSubscription } from '../sql/read-rows.ts';
import type { DeliveriesTable, EventsTable } from '../sql/tables.ts';
import type { AccountRunner } from './account-calls.ts';
import { keepsMemory } from './keep-memory.ts';
import type { Names } from './names.ts';
import { isFirst, prepareSetWaiting, waitingPerLane } from './orders.ts';
import { bySize } from './statement.ts';
import { walkLanes } from './walk-lanes.ts';

/** Lanes visited in one call: a few milliseconds, however many there are. The cursor goes on where it ended. */
const maxLanesPerCall = 1_000;

const claimColumns = [
  'id',
  'account_id',
  'subscription_id',
  'event_id',
  'attempts',
  'failures',
  'abandonments',
  'created_at',
  'replayed',
  'order_key',
] as const satisfies readonly (keyof DeliveriesTable)[];
const eventColumns = [
  'id',
  'account_id',
  'topic',
  'object_type',
  'occurred_at',
  'idempotency_key',
] as const satisfies readonly (keyof EventsTable)[];

/** Rows on their way out: for each column what it holds, row by row. Null where there is no row. */
type Columns<Row, Name extends keyof Row> = { readonly [Column in Name]: readonly Row[Column][] } | null;

interface Answer {
  /** What is JSON in the tables, as it is, in the order of the events. */
  readonly records: readonly StoredEvent['record'][];
  readonly metadata: readonly StoredEvent['metadata'][];
  readonly rest: {
    readonly claims: Columns<DeliveriesTable, (typeof claimColumns)[number]>;
    readonly events: Columns<EventsTable, (typeof eventColumns)[number]>;
    readonly subscriptions: readonly Parameters<typeof readSubscription>[0][] | null;
    readonly cursor: number;
    readonly more: boolean;
    /** Lanes in which something is due that is behind another one of its order. */
    readonly behind: readonly number[] | null;
    /** How large the queue is. */
    readonly queueBytes: number;
  };
}

/** Makes the call that leases due deliveries, lane after lane. */
export function prepareClaimDeliveries(names: Names) {
  // Both walks are evaluated only as far as lanes are asked for, and a lane's deliveries only as far as they are wanted.
  // Events are read at the top: PostgreSQL 18.4 crashes where a row that is locked has changed meanwhile, and another part
  // of the statement below the top chooses partitions as it runs.
  const setWaiting = prepareSetWaiting(names);
  const claim = bySize<Answer>(`
    with recursive clock as materialized (select ${names.now} as now where ${keepsMemory}),
    ${walkLanes(names, 'onwards', { after: '$1::bigint' })},
    ${walkLanes(names, 'again', { after: '0', upTo: '$1::bigint' })},
    walk as materialized (
      select id, due_at from onwards union all select id, due_at from again limit ${maxLanesPerCall}
    ),
    picked as materialized (
      select due.*, row_number() over () as turn
      from clock cross join walk
      cross join lateral (
        select coalesce(($2::text::jsonb ->> walk.id::text)::integer, $3::integer) as room
      ) wanted
      cross join lateral (
        select case when s.health = 'suspended' then least(room, 1) else room end as room,
          s.health = 'unsubscribed' as ends, s.ever_ordered
        from ${names.subscriptions} as s
        where s.id = walk.id and room > 0 and walk.due_at <= clock.now
          and (s.health = 'unsubscribed' or s.paused_until is null or s.paused_until <= clock.now)
        limit 1
      ) lane
      cross join lateral (
        select free.* from (
          select d.ctid as place, d.subscription_id from ${names.deliveries} as d
          where d.subscription_id = walk.id and d.due_at <= clock.now and (lane.ends or ${isFirst(names)})
          order by d.due_at, d.id limit lane.room
          for update skip locked
        ) as free
        union all
        select null, walk.id where lane.ever_ordered and not lane.ends and exists (
          select from (
            select * from ${names.deliveries} as d
            where d.subscription_id = walk.id and d.due_at <= clock.now order by d.due_at, d.id limit ${waitingPerLane}
          ) as d where not ${isFirst(names)}
        )
      ) due
      limit $4::integer
    ),
    claimed as (
      update ${names.deliveries} as d
      set fence = $5::text, due_at = clock.now + $6::double precision,
        abandonments = d.abandonments + case when d.fence is null then 0 else 1 end, coalesce_key = null
      from clock, picked where d.ctid = any (array(select place from picked)) and d.ctid = picked.place
      returning d.*, turn
    ),
    visited as (select coalesce(max(turn), 0) as turns from picked)
    select '{"records":[' || (coalesce(wanted.records, '') || (
      '],"metadata":[' || coalesce(wanted.metadata, '') || '],"rest":' || json_build_object(
        'claims', (select ${columns(claimColumns)} from (select * from claimed order by turn) as row),
        'events', wanted.events,
        'subscriptions', (
          select json_agg(s) from ${names.subscriptions} as s where s.id in (select subscription_id from claimed)
        ),
        'cursor', case when turns = $4::integer
          then (select subscription_id from picked where turn = turns)
          else coalesce((select id from (select id, row_number() over () as turn from walk) w order by turn desc limit 1), $1::bigint)
        end,
        'more', turns = $4::integer or (select count(*) from walk) = ${maxLanesPerCall}
          or (select count(place) from picked) > (select count(*) from claimed),
        'behind', (select json_agg(subscription_id) from picked where place is null),
        'queueBytes', pg_relation_size('${names.deliveries}')
      )::text || '}'
    ))
    from visited, (
      select ${columns(eventColumns)} as events, string_agg(row.record, ',') as records, string_agg(row.metadata, ',') as metadata
      from (select distinct event_id, event_day from claimed) o
      cross join lateral (
        select * from ${names.events} as e where e.id = o.event_id and e.day = o.event_day
      ) as row
    ) wanted`);

  let queueBytes = 0;

  return async (runner: AccountRunner, request: ClaimRequest): Promise<ClaimResult> => {
    const { fence, leaseMs, limit, perLane, lanes, after } = request;
    const rooms = JSON.stringify(Object.fromEntries(lanes));
    const answer = await runner.run(claim(queueBytes), [after, rooms, perLane, limit, fence, leaseMs]);
    const { subscriptions, cursor, more, behind } = answer.rest;
    ({ queueBytes } = answer.rest);
    const isCut = behind !== null && (await setWaiting(runner, behind)) >= waitingPerLane;
    return {
      claims: readClaims(answer, fence),
      subscriptions: subscriptions?.map(readSubscription) ?? [],
      events: readEvents(answer),
      cursor,
      more: more || isCut,
    };
  };
}

function readClaims({ rest: { claims } }: Answer, fence: string): readonly Claim[] {
  if (claims === null) return [];
  return claims.id.map((id, row) => ({
    id,
    accountId: claims.account_id[row] as string,
    subscriptionId: claims.subscription_id[row] as number,
    eventId: claims.event_id[row] as string,
    attempts: claims.attempts[row] as number,
    failures: claims.failures[row] as number,
    abandonments: claims.abandonments[row] as number,
    createdAt: claims.created_at[row] as number,
    fence,
    ...(claims.replayed[row] === null ? {} : { replayed: true }),
    ...(claims.order_key[row] === null ? {} : { orderKey: claims.order_key[row] as string }),
  }));
}

function readEvents({ rest: { events }, records, metadata }: Answer): readonly StoredEvent[] {
  if (events === null) return [];
  return events.id.map((id, row) => ({
    id,
    accountId: events.account_id[row] as string,
    topic: events.topic[row] as string,
    objectType: events.object_type[row] as number,
    record: records[row] as StoredEvent['record'],
    occurredAt: events.occurred_at[row] as number,
    idempotencyKey: events.idempotency_key[row] as string | null,
    metadata: metadata[row] as StoredEvent['metadata'],
  }));
}

/** A list for each column, as JSON: PostgreSQL writes that quicker than an object for each row. Null where there is no row. */
function columns(names: readonly string[]): string {
  const lists = names.map((name) => `'${name}', json_agg(row.${name})`);
  return `case when count(*) > 0 then json_build_object(${lists.join(', ')}) end`;
}
