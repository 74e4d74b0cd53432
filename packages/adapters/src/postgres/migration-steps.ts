import { dueAfterEarlier } from '@hookwell/core';
import type { Names } from './names.ts';
import { seesOneMoment, waitingPerLane } from './orders.ts';

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * The steps from an empty schema to the present tables, in order. A step that was published is never changed: what comes
 * later is a step of its own.
 *
 * Texts compare by their bytes (`collate "C"`), which is by code points, on any database. Events and attempts have a
 * partition for each day and none by default: a row that had come to a default partition would be in the way of the
 * partition of its day. There are no foreign keys: a lock on the subscription for each delivery would hold up its health.
 */
export const migrationSteps: readonly ((names: Names) => string)[] = [
  (names) => `
    create function ${names.now} returns bigint language sql volatile
      return floor(extract(epoch from clock_timestamp()) * 1000)::bigint;

    create table ${names.subscriptions} (
      id bigint generated always as identity primary key,
      account_id text collate "C" not null,
      url text collate "C" not null,
      topic text collate "C" not null,
      format text collate "C" not null,
      encoding text collate "C" not null,
      data text collate "C" not null,
      created_at bigint not null,
      health text collate "C" not null,
      health_reason text not null,
      health_since bigint not null,
      health_version bigint not null,
      consecutive_failures bigint not null,
      failing_since bigint,
      paused_until bigint,
      last_attempt_at bigint,
      last_status integer not null,
      last_event_id text collate "C"
    ) with (fillfactor = 80);
    create index subscriptions_by_account on ${names.subscriptions} (account_id, id);
    create index subscriptions_by_topic on ${names.subscriptions} (account_id, topic) where health <> 'unsubscribed';
    create index subscriptions_ended on ${names.subscriptions} (id) where health = 'unsubscribed';`,

  (names) => `
    create table ${names.events} (
      day integer not null,
      id text collate "C" not null,
      account_id text collate "C" not null,
      topic text collate "C" not null,
      object_type bigint not null,
      occurred_at bigint not null,
      stored_at bigint not null,
      idempotency_key text collate "C",
      record text not null,
      primary key (id, day)
    ) partition by range (day);
    create index events_by_age on ${names.events} (stored_at, id);

    create table ${names.eventKeys} (
      account_id text collate "C" not null,
      idempotency_key text collate "C" not null,
      event_id text collate "C" not null,
      day integer not null,
      primary key (account_id, idempotency_key)
    );`,

  (names) => `
    create table ${names.deliveries} (
      id text collate "C" primary key,
      account_id text collate "C" not null,
      subscription_id bigint not null,
      event_id text collate "C" not null,
      event_day integer not null,
      attempts integer not null,
      failures integer not null,
      abandonments integer not null,
      created_at bigint not null,
      due_at bigint not null,
      fence text collate "C"
    ) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_analyze_scale_factor = 0.05);
    create index deliveries_by_lane on ${names.deliveries} (subscription_id, due_at, id);`,

  (names) => `
    create sequence ${names.of('attempt_ids')} as bigint;
    create table ${names.attempts} (
      day integer not null,
      id bigint not null default nextval('${names.of('attempt_ids')}'),
      account_id text collate "C" not null,
      subscription_id bigint not null,
      delivery_id text collate "C" not null,
      event_id text collate "C" not null,
      event_day integer not null,
      topic text collate "C" not null,
      number integer not null,
      outcome text collate "C" not null,
      reason text collate "C" not null,
      status integer not null,
      started_at bigint not null,
      duration_ms bigint not null,
      next_attempt_at bigint,
      answer text not null,
      primary key (account_id, id, day) include (subscription_id)
    ) partition by range (day);
    create index attempts_by_delivery on ${names.attempts} (delivery_id);
    create index attempts_by_event on ${names.attempts} (event_day, event_id);
    create index attempts_by_age on ${names.attempts} (outcome, started_at);
    alter sequence ${names.of('attempt_ids')} owned by ${names.attempts}.id;`,

  (names) => `
    alter table ${names.events} add column metadata text not null default '{}';
    alter table ${names.subscriptions} add column attributes text not null default '{}';`,

  (names) => `
    create table ${names.keys} (
      id text collate "C" primary key,
      account_id text collate "C" not null,
      app_id text collate "C" not null,
      digest text collate "C" not null,
      last4 text collate "C" not null,
      name text not null,
      owner text not null,
      permissions text not null,
      created_at bigint not null,
      ends_at bigint,
      last_used_at bigint
    );
    create index keys_by_app on ${names.keys} (app_id);
    create index keys_by_account on ${names.keys} (account_id, id);`,

  (names) => `
    create index subscriptions_closed on ${names.subscriptions} (id) where health in ('suspended', 'paused');`,

  (names) => `
    alter table ${names.deliveries} add column replayed smallint;

    create table ${names.replays} (
      id text collate "C" primary key,
      account_id text collate "C" not null,
      state text collate "C" not null,
      looks_at text collate "C" not null,
      created_at bigint not null,
      ended_at bigint,
      due_at bigint not null,
      fence text collate "C" not null,
      replay text not null,
      unfinished text not null
    );
    create index replays_by_account on ${names.replays} (account_id, id);
    create index replays_running on ${names.replays} (due_at) where state = 'running';
    create index replays_ended on ${names.replays} (ended_at) where state <> 'running';`,

  (names) => `
    alter table ${names.subscriptions} add column ordering text collate "C" not null default 'none';
    alter table ${names.subscriptions} add column coalesce_ms bigint not null default 0;
    alter table ${names.deliveries} add column order_key text collate "C";
    alter table ${names.deliveries} add column coalesce_key text collate "C";
    create index deliveries_in_order on ${names.deliveries} (subscription_id, order_key, created_at, id)
      where order_key is not null;
    create unique index deliveries_to_coalesce on ${names.deliveries} (subscription_id, coalesce_key)
      where coalesce_key is not null;

    alter table ${names.subscriptions} add column ever_ordered boolean not null default false;

    create function ${names.of('order_of')}(lane bigint) returns bigint language sql immutable
      return hashtextextended('hookwell order of ' || lane::text || ${literal(` in ${names.schema}`)}, 0);

    create function ${names.of('make_next_due')}(lanes bigint[], keys text[]) returns bigint language plpgsql volatile security definer
      set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
    declare
      made bigint;
    begin
      if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'the next of an order is looked for in a transaction that sees but one moment' using errcode = '${seesOneMoment}';
      end if;
      with given as (
        select distinct on (lane, key) lane, key from unnest(lanes, keys) as g (lane, key)
      ), next as materialized (
        select d.id from given cross join lateral (
          select case when health = 'unsubscribed' then 100 else 1 end as room from ${names.subscriptions} where id = lane
        ) s cross join lateral (
          select id, due_at from ${names.deliveries} where subscription_id = lane and order_key = key
          order by created_at, id limit s.room
        ) d
        where d.due_at >= ${dueAfterEarlier}
      )
      update ${names.deliveries} as d set due_at = ${names.now} from next where d.id = next.id;
      get diagnostics made = row_count;
      return made;
    end $$;

    create function ${names.of('set_waiting')}(lanes bigint[]) returns bigint language plpgsql volatile
      set search_path = pg_catalog, pg_temp set enable_seqscan = off as $$
    declare
      lane bigint;
      moved bigint;
      made bigint := 0;
    begin
      if current_setting('transaction_isolation') <> 'read committed' then
        raise exception 'what waits in an order is looked for in a transaction that sees but one moment' using errcode = '${seesOneMoment}';
      end if;
      foreach lane in array lanes loop
        if pg_try_advisory_xact_lock(${names.of('order_of')}(lane)) then
          update ${names.deliveries} as d
          set due_at = ${dueAfterEarlier}, fence = null, abandonments = d.abandonments + case when d.fence is null then 0 else 1 end
          where d.due_at <= ${names.now} and d.ctid = any (array(
            select due.place from (
              select ctid as place, order_key, created_at, id from ${names.deliveries}
              where subscription_id = lane and due_at <= ${names.now} order by due_at, id limit ${waitingPerLane}
            ) as due
            where order_key is not null and exists (
              select from ${names.deliveries} as earlier
              where earlier.subscription_id = lane and earlier.order_key = due.order_key
                and (earlier.created_at, earlier.id) < (due.created_at, due.id)
            )
          ));
          get diagnostics moved = row_count;
          made := made + moved;
        end if;
      end loop;
      return made;
    end $$;`,

  (names) => `
    alter table ${names.subscriptions} add column reopened_at bigint;`,

  (names) => `
    create table ${names.sweeps} (
      name text collate "C" primary key,
      place text not null
    );`,
];
