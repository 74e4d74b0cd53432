import Database from 'better-sqlite3';
import {
  accountOf,
  failedEvery,
  historyDays,
  historyFanOut,
  keyedEvery,
  otherAccounts,
  otherSubscriptions,
  recordAfter,
  recordBefore,
  subscriptionOf,
} from './history-rows.ts';
import { laneCount } from './workload.ts';

/** Writes the same history into an SQLite file whose tables and lanes are there. */
export function fillSqlite(filename: string, deliveries: number): void {
  const database = new Database(filename);
  const now = Date.now();
  const events = Math.ceil(deliveries / historyFanOut);
  const timeOf = (event: number): number => Math.floor(now - (1 - event / events) * historyDays * 86_400_000);
  const subscription = database.prepare(`
    insert into hookwell_subscriptions (
      account_id, url, topic, format, encoding, data, created_at, health, health_reason, health_since, health_version,
      consecutive_failures, last_status
    ) values (?, ?, ?, 'full', 'json', '', ?, 'healthy', '', ?, 0, 0, 0)`);
  const event = database.prepare(`
    insert into hookwell_events (id, account_id, topic, object_type, occurred_at, stored_at, idempotency_key, record)
    values (?, ?, ?, 0, ?, ?, ?, ?)`);
  const attempt = database.prepare(`
    insert into hookwell_attempts (
      account_id, subscription_id, delivery_id, event_id, topic, number, outcome, reason, status, started_at, duration_ms, answer
    ) values (?, ?, ?, ?, ?, 1, ?, ?, ?, ?, 20, 'ok')`);
  database.transaction(() => {
    for (let number = 1; number <= otherSubscriptions; number += 1) {
      const account = `other-${number % otherAccounts}`;
      subscription.run(account, `http://127.0.0.1/${number}`, `sub_tag(${number})`, now, now);
    }
    for (let number = 0; number < events; number += 1) {
      const [account, topic, at] = [accountOf(number), `sub_tag(${(number % laneCount) + 1})`, timeOf(number)];
      const eventId = idOf(at, number, 'e');
      const key = number % keyedEvery === 0 ? `key-${number}` : null;
      event.run(eventId, account, topic, at, at, key, recordBefore + number + recordAfter);
      for (let copy = number * historyFanOut; copy < Math.min((number + 1) * historyFanOut, deliveries); copy += 1) {
        const outcome = copy % failedEvery === 0 ? (['failed', 'HTTP 500', 500] as const) : (['delivered', '', 200] as const);
        attempt.run(account, subscriptionOf(copy, number), idOf(at, copy, 'd'), eventId, topic, ...outcome, at);
      }
    }
  })();
  database.pragma('wal_checkpoint(truncate)');
  database.close();
}

/** As long as a UUIDv7, and sorted by time as one. */
function idOf(at: number, number: number, kind: string): string {
  const time = at.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${kind}${number.toString(16).padStart(11, '0')}`;
}
