import type { HealthMove, NewSubscription, Subscription, SubscriptionChanges, TopicKey } from '@hookwell/core';
import { readSubscription } from '../sql/read-rows.ts';
import { toJson } from './connection.ts';
import type { Names } from './names.ts';
import { kept, plannedEachTime, type Runner } from './statement.ts';

type Row = Parameters<typeof readSubscription>[0];

/** Makes the calls that make, change, end, find and move subscriptions. */
export function prepareSubscriptions(names: Names) {
  const columns = `account_id, url, topic, format, encoding, data, created_at, health, health_reason, health_since, health_version,
        consecutive_failures, last_status, attributes, ordering, coalesce_ms,
        ever_ordered`;
  const values = `$1::text, $2::text, $3::text, $4::text, $5::text, $6::text, now, 'healthy', '', now, 0, 0, 0, $7::text,
        $8::text, $9::bigint, $8::text <> 'none' from clock`;
  const insert = plannedEachTime<Row>(`
    with clock as materialized (select ${names.now} as now), created as (
      insert into ${names.subscriptions} (${columns}) select ${values} returning *
    )
    select to_json(created)::text from created`);
  const reserveId = plannedEachTime<number>(
    `select to_json(nextval(pg_get_serial_sequence('${names.subscriptions}', 'id')))::text`,
  );
  const insertReserved = plannedEachTime<Row>(`
    with clock as materialized (select ${names.now} as now), created as (
      insert into ${names.subscriptions} (id, ${columns}) overriding system value select $10::bigint, ${values}
      on conflict (id) do nothing
      returning *
    )
    select coalesce(
      (select to_json(created) from created), (select to_json(s) from ${names.subscriptions} as s where s.id = $10::bigint)
    )::text`);
  /** Under which id a call has tried to make a subscription: one that is made again because its answer was lost has the same. */
  const reserved = new WeakMap<NewSubscription, number>();
  // Attributes are merged in the statement, on whatever the row holds by the time it is locked.
  const update = plannedEachTime<Row | null>(`
    with updated as (
      update ${names.subscriptions}
      set url = coalesce($3::text, url), topic = coalesce($4::text, topic), format = coalesce($5::text, format),
        encoding = coalesce($6::text, encoding), data = coalesce($7::text, data), attributes = case
          when $8::text is null then attributes else jsonb_strip_nulls(attributes::jsonb || $8::text::jsonb)::text
        end, ordering = coalesce($9::text, ordering), coalesce_ms = coalesce($10::bigint, coalesce_ms),
        ever_ordered = ever_ordered or coalesce($9::text, 'none') <> 'none'
      where account_id = $1::text and id = $2::bigint and health <> 'unsubscribed'
      returning *
    )
    select to_json(updated)::text from updated`);
  const end = plannedEachTime<Row | null>(`
    with ended as (
      update ${names.subscriptions}
      set health = 'unsubscribed', health_reason = $3::text, health_since = ${names.now}, health_version = health_version + 1,
        paused_until = null
      where account_id = $1::text and id = $2::bigint and health <> 'unsubscribed'
      returning *
    )
    select to_json(ended)::text from ended`);
  const find = kept<readonly Row[]>(`
    select coalesce(json_agg(s order by s.id), '[]')::text
    from json_to_recordset($1::text::json) as k (account_id text, topic text)
    join ${names.subscriptions} as s on s.account_id = k.account_id and s.topic = k.topic and s.health <> 'unsubscribed'`);
  // Rows are locked in the order of their ids, so that calls cannot wait for each other in a circle.
  const move = plannedEachTime<readonly { readonly position: number; readonly row: Row }[]>(`
    with clock as materialized (select ${names.now} as now), given as materialized (
      select * from json_to_recordset($1::text::json) as m (
        position integer, id bigint, version bigint, health text, reason text, pause_ms double precision
      )
    ), held as materialized (
      select s.id, s.health_version from ${names.subscriptions} as s
      where s.id in (select id from given) order by s.id for update
    ), wanted as (
      select distinct on (given.id) given.* from given
      join held on held.id = given.id and held.health_version = given.version order by given.id, given.position
    ), moved as (
      update ${names.subscriptions} as s
      set health = wanted.health, health_reason = wanted.reason, health_version = s.health_version + 1,
        health_since = case when s.health = wanted.health then s.health_since else now end,
        reopened_at = case
          when s.health in ('suspended', 'paused') and wanted.health in ('healthy', 'failing') then now else s.reopened_at
        end,
        paused_until = case when pause_ms is null then s.paused_until when pause_ms = 0 then null else now + pause_ms end
      from clock, wanted where s.id = wanted.id
      returning wanted.position, s
    )
    select coalesce(json_agg(json_build_object('position', position, 'row', s)), '[]')::text from moved`);

  return {
    /** In a transaction of the host's, where no call is made again, and which needs no right to the sequence. */
    create: async (runner: Runner, given: NewSubscription): Promise<Subscription> =>
      readSubscription(await runner.run(insert, valuesOf(given))),

    /** Makes one, however often the call is made with the same object until it has been answered. */
    async createOnce(runner: Runner, given: NewSubscription): Promise<Subscription> {
      const id = reserved.get(given) ?? (await runner.run(reserveId, []));
      reserved.set(given, id);
      const row = await runner.run(insertReserved, [...valuesOf(given), id]);
      reserved.delete(given);
      return readSubscription(row);
    },

    async update(runner: Runner, accountId: string, id: number, changes: SubscriptionChanges): Promise<Subscription | null> {
      if (!Number.isSafeInteger(id)) return null;
      const { url, topic, format, encoding, data, attributes, ordering, coalesceMs } = changes;
      const wanted = [url, topic, format, encoding, data, attributes && toJson(attributes), ordering, coalesceMs];
      const row = await runner.run(update, [accountId, id, ...wanted.map((value) => value ?? null)]);
      return row ? readSubscription(row) : null;
    },

    async end(runner: Runner, accountId: string, id: number, reason: string): Promise<Subscription | null> {
      if (!Number.isSafeInteger(id)) return null;
      const row = await runner.run(end, [accountId, id, reason]);
      return row ? readSubscription(row) : null;
    },

    async find(runner: Runner, keys: readonly TopicKey[]): Promise<readonly Subscription[]> {
      const given = keys.map(({ accountId, topic }) => ({ account_id: accountId, topic }));
      const found = new Map<number, Subscription>();
      for (const row of await runner.run(find, [toJson(given)])) found.set(row.id, readSubscription(row));
      return [...found.values()];
    },

    async move(runner: Runner, moves: readonly HealthMove[]): Promise<readonly (Subscription | null)[]> {
      const given = moves.map(({ subscriptionId, healthVersion, health, reason, pauseLaneMs }, position) => ({
        position,
        id: subscriptionId,
        version: healthVersion,
        health,
        reason,
        pause_ms: pauseLaneMs,
      }));
      const changed: (Subscription | null)[] = moves.map(() => null);
      for (const { position, row } of await runner.run(move, [toJson(given)])) changed[position] = readSubscription(row);
      return changed;
    },
  };
}

function valuesOf(given: NewSubscription): readonly (string | number)[] {
  const { accountId, url, topic, format, encoding, data, attributes, ordering = 'none', coalesceMs = 0 } = given;
  return [accountId, url, topic, format, encoding, data, toJson(attributes), ordering, coalesceMs];
}
