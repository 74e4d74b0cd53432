import { postgresStorage } from '@hookwell/adapters/postgres';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import type { StorageAdapter } from '@hookwell/core';
import Database from 'better-sqlite3';
import { Pool } from 'pg';

/** Leases that run out soon after a kill, and a log that keeps all that is written here. */
export const replayOptions = {
  leaseMs: 4_000,
  retention: { maxAttemptsPerAccount: 10_000_000 },
} as const;

/** A place is an SQLite file, or the URL of a PostgreSQL database. */
export function openStorage(place: string): StorageAdapter {
  if (!place.startsWith('postgres')) return sqliteStorage({ filename: place });
  const pool = new Pool({ connectionString: place, max: 6 });
  // It ends with the database of the test.
  pool.on('error', () => undefined);
  return postgresStorage({ pool });
}

/** Deliveries that have failed, so many, of one subscription and an event each; the tables must be there. */
export async function fillWithFailures(place: string, subscriptionId: number, count: number): Promise<void> {
  const record = JSON.stringify({ id: 8, firstname: 'Mary', lastname: 'Jones', email: 'mary@example.com', phone: '' });
  const now = Date.now() - 3_600_000;
  if (!place.startsWith('postgres')) {
    const database = new Database(place);
    const numbers = `with recursive n (i) as (select 1 union all select i + 1 from n where i < ${count})`;
    database.transaction(() => {
      database
        .prepare(
          `insert into hookwell_events (id, account_id, topic, object_type, occurred_at, stored_at, record)
          ${numbers} select 'e' || i, 'replayed', 'sub_tag(3)', 0, ${now}, ${now}, ? from n`,
        )
        .run(record);
      database.exec(`insert into hookwell_attempts (
          account_id, subscription_id, delivery_id, event_id, topic, number, outcome, reason, status, started_at, duration_ms, answer
        ) ${numbers} select 'replayed', ${subscriptionId}, 'd' || i, 'e' || i, 'sub_tag(3)', 1, 'failed', 'HTTP 500', 500, ${now}, 9, ''
        from n`);
    })();
    database.close();
    return;
  }
  const pool = new Pool({ connectionString: place, max: 1 });
  const day = `(hookwell.now_ms() / 86400000)::integer`;
  await pool.query(
    `insert into hookwell.events (day, id, account_id, topic, object_type, occurred_at, stored_at, record, metadata)
    select ${day}, 'e' || i, 'replayed', 'sub_tag(3)', 0, ${now}, ${now}, $1, '{}' from generate_series(1, ${count}) as i`,
    [record],
  );
  await pool.query(
    `insert into hookwell.attempts (
      day, account_id, subscription_id, delivery_id, event_id, event_day, topic, number, outcome, reason, status, started_at,
      duration_ms, answer
    ) select ${day}, 'replayed', ${subscriptionId}, 'd' || i, 'e' || i, ${day}, 'sub_tag(3)', 1, 'failed', 'HTTP 500', 500,
      ${now}, 9, '' from generate_series(1, ${count}) as i`,
  );
  await pool.query('analyze');
  await pool.end();
}

/** How many deliveries of the account have so many lines of the log. */
export async function countByLines(place: string): Promise<ReadonlyMap<number, number>> {
  const query = (schema: string): string => `select lines, count(*) as deliveries from (
      select delivery_id, count(*) as lines from ${schema}attempts where account_id = 'replayed' group by delivery_id
    ) as d group by lines`;
  if (!place.startsWith('postgres')) {
    const database = new Database(place);
    const rows = database.prepare(query('hookwell_')).all() as { lines: number; deliveries: number }[];
    database.close();
    return new Map(rows.map(({ lines, deliveries }) => [lines, deliveries]));
  }
  const pool = new Pool({ connectionString: place, max: 1 });
  const { rows } = await pool.query<{ lines: string; deliveries: string }>(query('hookwell.'));
  await pool.end();
  return new Map(rows.map(({ lines, deliveries }) => [Number(lines), Number(deliveries)]));
}
