import { HookwellError } from '@hookwell/core';
import type { Connection } from './connection.ts';

/**
 * The steps from an empty file to the present tables, in order. A step that was published is never changed: what comes
 * later is a step of its own.
 */
export const migrations: readonly string[] = [
  `
  create table hookwell_subscriptions (
    id integer primary key autoincrement,
    account_id text not null,
    url text not null,
    topic text not null,
    format text not null,
    encoding text not null,
    data text not null,
    created_at integer not null,
    health text not null,
    health_reason text not null,
    health_since integer not null,
    health_version integer not null,
    consecutive_failures integer not null,
    failing_since integer,
    paused_until integer,
    last_attempt_at integer,
    last_status integer not null,
    last_event_id text
  );
  create index hookwell_subscriptions_by_account on hookwell_subscriptions (account_id, id);
  create index hookwell_subscriptions_by_topic on hookwell_subscriptions (account_id, topic) where health <> 'unsubscribed';
  create index hookwell_subscriptions_ended on hookwell_subscriptions (id) where health = 'unsubscribed';

  create table hookwell_events (
    position integer primary key autoincrement,
    id text not null unique,
    account_id text not null,
    topic text not null,
    object_type integer not null,
    occurred_at integer not null,
    stored_at integer not null,
    idempotency_key text,
    record text not null
  );
  create unique index hookwell_events_by_key on hookwell_events (account_id, idempotency_key) where idempotency_key is not null;

  create table hookwell_deliveries (
    id text primary key not null,
    account_id text not null,
    subscription_id integer not null,
    event_id text not null,
    attempts integer not null,
    failures integer not null,
    abandonments integer not null,
    created_at integer not null,
    due_at integer not null,
    fence text
  ) without rowid;
  create index hookwell_deliveries_by_lane on hookwell_deliveries (subscription_id, due_at);
  create index hookwell_deliveries_by_event on hookwell_deliveries (event_id);

  create table hookwell_attempts (
    id integer primary key autoincrement,
    account_id text not null,
    subscription_id integer not null,
    delivery_id text not null,
    event_id text not null,
    topic text not null,
    number integer not null,
    outcome text not null,
    reason text not null,
    status integer not null,
    started_at integer not null,
    duration_ms integer not null,
    next_attempt_at integer,
    answer text not null
  );
  create index hookwell_attempts_by_account on hookwell_attempts (account_id, id, subscription_id);
  create index hookwell_attempts_by_delivery on hookwell_attempts (delivery_id);
  create index hookwell_attempts_by_event on hookwell_attempts (event_id);
  create index hookwell_attempts_by_age on hookwell_attempts (outcome, started_at);
  `,

  `
  alter table hookwell_events add column metadata text not null default '{}';
  alter table hookwell_subscriptions add column attributes text not null default '{}';
  `,

  `
  create table hookwell_keys (
    id text primary key not null,
    account_id text not null,
    app_id text not null,
    digest text not null,
    last4 text not null,
    name text not null,
    owner text not null,
    permissions text not null,
    created_at integer not null,
    ends_at integer,
    last_used_at integer
  ) without rowid;
  create index hookwell_keys_by_app on hookwell_keys (app_id);
  create index hookwell_keys_by_account on hookwell_keys (account_id, id);
  `,

  `
  create index hookwell_subscriptions_closed on hookwell_subscriptions (id) where health in ('suspended', 'paused');
  `,

  `
  alter table hookwell_deliveries add column replayed integer;

  create table hookwell_replays (
    id text primary key not null,
    account_id text not null,
    state text not null,
    looks_at text not null,
    created_at integer not null,
    ended_at integer,
    due_at integer not null,
    fence text not null,
    replay text not null,
    unfinished text not null
  ) without rowid;
  create index hookwell_replays_by_account on hookwell_replays (account_id, id);
  create index hookwell_replays_running on hookwell_replays (due_at) where state = 'running';
  create index hookwell_replays_ended on hookwell_replays (ended_at) where state <> 'running';
  `,

  `
  alter table hookwell_subscriptions add column ordering text not null default 'none';
  alter table hookwell_subscriptions add column coalesce_ms integer not null default 0;
  alter table hookwell_deliveries add column order_key text;
  alter table hookwell_deliveries add column coalesce_key text;
  create index hookwell_deliveries_in_order on hookwell_deliveries (subscription_id, order_key, created_at, id)
    where order_key is not null;
  create unique index hookwell_deliveries_to_coalesce on hookwell_deliveries (subscription_id, coalesce_key)
    where coalesce_key is not null;
  `,

  `
  alter table hookwell_subscriptions add column reopened_at integer;
  `,

  `
  create table hookwell_sweeps (
    name text primary key not null,
    place text not null
  ) without rowid;
  `,
];

/**
 * Brings the tables up to date, one transaction per step. Two processes may do so at once: the second finds the steps
 * of the first.
 *
 * @throws {HookwellError} `storage_failed` when a newer version has written the file
 */
export function migrate(connection: Connection, now: number): void {
  const { database } = connection;
  if (isUpToDate(connection)) return;
  connection.writeNow(() => {
    database.exec('create table if not exists hookwell_migrations (version integer primary key, applied_at integer not null)');
  });
  const lastApplied = connection.prepareSql<{ version: number | null }>(
    'select max(version) as version from hookwell_migrations',
  );
  const apply = connection.prepareSql('insert into hookwell_migrations (version, applied_at) values (?, ?)');
  for (;;) {
    const done = connection.writeNow(() => {
      const applied = lastApplied.get()?.version ?? 0;
      if (applied > migrations.length) {
        throw new HookwellError(
          'storage_failed',
          `The tables in "${database.name}" are of version ${applied}, and this version of @hookwell/adapters knows ${migrations.length} at most: a newer one has written them. Update the package, or name another file.`,
          { value: applied },
        );
      }
      const step = migrations[applied];
      if (step === undefined) return true;
      database.exec(step);
      apply.run(applied + 1, now);
      return false;
    });
    if (done) return;
  }
}

/** Looked at without the lock of a writer, which another process may hold for a while. */
function isUpToDate(connection: Connection): boolean {
  return connection.read(() => {
    const table = connection.prepareSql("select 1 from sqlite_master where type = 'table' and name = 'hookwell_migrations'");
    if (table.get() === undefined) return false;
    const applied = connection.prepareSql<{ version: number | null }>('select max(version) as version from hookwell_migrations');
    return applied.get()?.version === migrations.length;
  });
}
