import Database from 'better-sqlite3';
import { accountOf, dayMs, failedEvery, fanOut, historyDays, idOf, keyedEvery, recordOf } from './history.ts';

/** Events written in one transaction. */
const eventsAtOnce = 100_000;

/** Writes a history of so many lines of the log, with their events, into a file whose tables are there. */
export function fillSqlite(filename: string, lines: number): void {
  const database = new Database(filename);
  database.pragma('synchronous = off');
  const now = Date.now();
  const events = Math.ceil(lines / fanOut);
  const event = database.prepare(`
    insert into hookwell_events (id, account_id, topic, object_type, occurred_at, stored_at, idempotency_key, record)
    values (?, ?, 'sub_tag(1)', 0, ?, ?, ?, ?)`);
  const attempt = database.prepare(`
    insert into hookwell_attempts (
      account_id, subscription_id, delivery_id, event_id, topic, number, outcome, reason, status, started_at, duration_ms, answer
    ) values (?, ?, ?, ?, 'sub_tag(1)', 1, ?, ?, ?, ?, 20, 'ok')`);
  const fill = database.transaction((from: number, until: number) => {
    for (let number = from; number < until; number += 1) {
      const at = Math.floor(now - (1 - number / events) * historyDays * dayMs);
      const [account, eventId] = [accountOf(number), idOf(at, number, 'e')];
      event.run(eventId, account, at, at, number % keyedEvery === 0 ? `key-${number}` : null, recordOf(number));
      for (let line = number * fanOut; line < Math.min((number + 1) * fanOut, lines); line += 1) {
        const outcome = line % failedEvery === 0 ? (['failed', 'HTTP 500', 500] as const) : (['delivered', '', 200] as const);
        attempt.run(account, 1_000_000 + (line % 1_000), idOf(at, line, 'd'), eventId, ...outcome, at);
      }
    }
  });
  for (let from = 0; from < events; from += eventsAtOnce) fill(from, Math.min(events, from + eventsAtOnce));
  database.pragma('wal_checkpoint(truncate)');
  database.close();
}
