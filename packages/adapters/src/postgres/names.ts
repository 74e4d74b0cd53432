/** The names of the tables and of the clock, with their schema and quoted, so that no `search_path` can bend them. */
export interface Names {
  /** The schema itself, quoted. */
  readonly schema: string;
  readonly subscriptions: string;
  readonly events: string;
  readonly eventKeys: string;
  readonly deliveries: string;
  readonly attempts: string;
  readonly keys: string;
  readonly replays: string;
  readonly sweeps: string;
  readonly migrations: string;
  /** The accounts of which nothing is forgotten, because a replay may still need it. */
  readonly sparedAccounts: string;
  /** The database's time, in milliseconds since the epoch. */
  readonly now: string;
  /** Any other name of the schema. */
  readonly of: (name: string) => string;
}

/** Makes the names of a schema. */
export function namesIn(schema: string): Names {
  const quoted = quote(schema);
  const of = (name: string): string => `${quoted}.${quote(name)}`;
  return {
    schema: quoted,
    subscriptions: of('subscriptions'),
    events: of('events'),
    eventKeys: of('event_keys'),
    deliveries: of('deliveries'),
    attempts: of('attempts'),
    keys: of('keys'),
    replays: of('replays'),
    sweeps: of('sweeps'),
    migrations: of('migrations'),
    sparedAccounts: `(select account_id from ${of('replays')} where state = 'running' and looks_at <> 'nothing')`,
    now: `${of('now_ms')}()`,
    of,
  };
}

/** A name as SQL takes it, whatever is in it. */
export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
