import { postgresMigrations, postgresStorage } from '@hookwell/adapters/postgres';
import type { Pool } from 'pg';
import { recordAfter, recordBefore } from '../history-rows.ts';
import { dayMs, failedEvery, fanOut, historyAccounts, historyDays, keyedEvery } from './history.ts';

/** Days for which a storage makes partitions ahead, today's included. */
const daysAhead = 4;

/** Writes the same history into a schema that is not there yet, with a partition for each day. */
export async function fillPostgres(pool: Pool, schema: string, lines: number): Promise<void> {
  for (const { sql } of postgresMigrations({ schema })) await pool.query(sql);
  await makeDays(pool, schema);
  const table = (name: string): string => `"${schema}".${name}`;
  const { rows } = await pool.query<{ now: string }>(`select ${table('now_ms()')}::text as now`);
  const now = Number(rows[0]?.now);
  const today = Math.floor(now / dayMs);
  const events = Math.ceil(lines / fanOut);
  const hex = "lpad(to_hex(at), 12, '0')";
  const id = (kind: string, number: string): string =>
    `concat(left(${hex}, 8), '-', right(${hex}, 4), '-7000-8000-${kind}', lpad(to_hex(${number}), 11, '0'))`;
  for (let index = 0; index < historyDays; index += 1) {
    const day = today - historyDays + 1 + index;
    const [first, last] = [Math.floor((events * index) / historyDays), Math.floor((events * (index + 1)) / historyDays) - 1];
    const lasts = Math.min(dayMs, now - day * dayMs);
    const given = `(
      select e, ${day * dayMs}::bigint + ((e - ${first})::bigint * ${lasts} / ${Math.max(1, last - first + 1)}) as at
      from generate_series(${first}::bigint, ${last}::bigint) as e
    ) t`;
    const account = `'past-' || e % ${historyAccounts}`;
    await pool.query(
      `insert into ${table('events')} (day, id, account_id, topic, object_type, occurred_at, stored_at, idempotency_key, record)
      select ${day}, ${id('e', 'e')}, ${account}, 'sub_tag(1)', 0, at, at,
        case when e % ${keyedEvery} = 0 then 'key-' || e end, $1::text || e || $2::text from ${given}`,
      [recordBefore, recordAfter],
    );
    await pool.query(`
      insert into ${table('event_keys')} (account_id, idempotency_key, event_id, day)
      select account_id, idempotency_key, id, day from ${table('events')} where day = ${day} and idempotency_key is not null`);
    await pool.query(`
      insert into ${table('attempts')} (
        day, account_id, subscription_id, delivery_id, event_id, event_day, topic, number, outcome, reason, status, started_at,
        duration_ms, answer
      )
      select ${day}, ${account}, 1000000 + d % 1000, ${id('d', 'd')}, ${id('e', 'e')}, ${day}, 'sub_tag(1)', 1,
        case when d % ${failedEvery} = 0 then 'failed' else 'delivered' end,
        case when d % ${failedEvery} = 0 then 'HTTP 500' else '' end,
        case when d % ${failedEvery} = 0 then 500 else 200 end, at, 20, 'ok'
      from ${given} cross join lateral (
        select e * ${fanOut} + n as d from generate_series(0, ${fanOut - 1}) as n
      ) f where d < ${lines}`);
  }
  for (const name of ['events', 'event_keys', 'attempts']) await pool.query(`vacuum (analyze) ${table(name)}`);
  await pool.query('checkpoint');
}

/** Makes the partitions of all days: a storage makes those of what it takes for today and the next days. */
async function makeDays(pool: Pool, schema: string): Promise<void> {
  const clock = async (lateMs: number): Promise<unknown> =>
    pool.query(
      `create or replace function "${schema}".now_ms() returns bigint language sql volatile
        return floor(extract(epoch from clock_timestamp()) * 1000)::bigint - ${lateMs}`,
    );
  for (let back = historyDays - 1; back > -daysAhead; back -= daysAhead) {
    await clock(Math.max(0, back) * dayMs);
    const storage = postgresStorage({ pool, schema, migrate: false });
    await storage.start({ now: Date.now });
    await storage.stop();
  }
  await clock(0);
}
