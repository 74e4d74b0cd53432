import { postgresMigrations, postgresStorage } from '@hookwell/adapters/postgres';
import type { Pool } from 'pg';
import {
  failedEvery,
  historyDays,
  historyFanOut,
  keyedEvery,
  otherAccounts,
  otherSubscriptions,
  recordAfter,
  recordBefore,
} from './history-rows.ts';
import { laneCount } from './workload.ts';

const dayMs = 86_400_000;

/**
 * Makes the tables in a schema that is not there yet, with a partition for each day of a history that goes back from
 * today.
 */
export async function makePostgresDays(pool: Pool, schema: string): Promise<void> {
  for (const { sql } of postgresMigrations({ schema })) await pool.query(sql);
  // A storage makes the partitions of today and of the next days: this one takes an earlier day for today.
  const clock = async (lateMs: number): Promise<unknown> =>
    pool.query(
      `create or replace function "${schema}".now_ms() returns bigint language sql volatile
        return floor(extract(epoch from clock_timestamp()) * 1000)::bigint - ${lateMs}`,
    );
  await clock((historyDays - 1) * dayMs);
  const storage = postgresStorage({ pool, schema, migrate: false });
  await storage.start({ now: Date.now });
  await storage.stop();
  await clock(0);
}

/**
 * Writes a history of so many finished deliveries into a schema whose days and lanes are there: events, the lines of their
 * deliveries in order of time, and the subscriptions of other accounts. Leaves the tables as autovacuum would.
 */
export async function fillPostgres(pool: Pool, schema: string, deliveries: number): Promise<void> {
  const table = (name: string): string => `"${schema}".${name}`;
  const events = Math.ceil(deliveries / historyFanOut);
  const { rows } = await pool.query<{ now: string }>(`select "${schema}".now_ms()::text as now`);
  const now = Number(rows[0]?.now);
  const today = Math.floor(now / dayMs);
  // An even share of the events for each day, evenly over the day, as far as it is over.
  const place = `
    select e, (first_day + e * ${historyDays} / ${events})::integer as day,
      (((e::bigint * ${historyDays}) % ${events})::double precision / ${events}) as share
    from generate_series(0, ${events} - 1) as e cross join (select ${today - historyDays + 1} as first_day) f`;
  const at = `(day::bigint * ${dayMs} + floor(share * least(${dayMs}, ${now} - day::bigint * ${dayMs})))::bigint`;
  const hex = "lpad(to_hex(at), 12, '0')";
  const id = (of: string): string =>
    `concat_ws('-', left(${hex}, 8), right(${hex}, 4), '7' || substr(md5(${of}), 1, 3), '8' || substr(md5(${of}), 4, 3),
      substr(md5(${of}), 7, 12))`;
  const account = `case when e % 2 = 0 then '1' else 'other-' || e % ${otherAccounts} end`;
  const given = `(select e, day, ${at} as at from (${place}) p) t`;
  await pool.query(`
    insert into ${table('subscriptions')} (
      account_id, url, topic, format, encoding, data, created_at, health, health_reason, health_since, health_version,
      consecutive_failures, last_status
    )
    select 'other-' || n % ${otherAccounts}, 'http://127.0.0.1/' || n, 'sub_tag(' || n || ')', 'full', 'json', '', ${now},
      'healthy', '', ${now}, 0, 0, 0
    from generate_series(1, ${otherSubscriptions}) as n`);
  await pool.query(
    `insert into ${table('events')} (
      day, id, account_id, topic, object_type, occurred_at, stored_at, idempotency_key, record
    )
    select day, ${id("'e' || e")}, ${account}, 'sub_tag(' || e % ${laneCount} + 1 || ')', 0, at, at,
      case when e % ${keyedEvery} = 0 then 'key-' || e end, $1::text || e || $2::text
    from ${given}`,
    [recordBefore, recordAfter],
  );
  await pool.query(`
    insert into ${table('event_keys')} (account_id, idempotency_key, event_id, day)
    select account_id, idempotency_key, id, day from ${table('events')} where idempotency_key is not null`);
  await pool.query(`
    insert into ${table('attempts')} (
      day, account_id, subscription_id, delivery_id, event_id, event_day, topic, number, outcome, reason, status, started_at,
      duration_ms, answer
    )
    select day, ${account},
      case when e % 2 = 0 then d % ${laneCount} + 1 else ${laneCount} + 1 + d % ${otherSubscriptions} end,
      ${id("'d' || d")}, ${id("'e' || e")}, day, 'sub_tag(' || e % ${laneCount} + 1 || ')', 1,
      case when d % ${failedEvery} = 0 then 'failed' else 'delivered' end,
      case when d % ${failedEvery} = 0 then 'HTTP 500' else '' end,
      case when d % ${failedEvery} = 0 then 500 else 200 end, at, 20, 'ok'
    from ${given} cross join lateral (
      select e * ${historyFanOut} + n as d from generate_series(0, ${historyFanOut - 1}) as n
    ) f
    where d < ${deliveries}
    order by e`);
  for (const name of ['subscriptions', 'events', 'event_keys', 'attempts']) await pool.query(`vacuum (analyze) ${table(name)}`);
  await pool.query('checkpoint');
}
