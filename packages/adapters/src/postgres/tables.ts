import type { AttemptsTable, DeliveriesTable, EventsTable, ReplaysTable, SubscriptionsTable } from '../sql/tables.ts';

/**
 * The tables as they are in the schema: those of sql/, and the days by which events and attempts are partitioned. Days
 * are counted from the epoch, in UTC, on the database's clock.
 */
export interface PostgresTables {
  readonly subscriptions: SubscriptionsTable;
  readonly events: Omit<EventsTable, 'position'> & { readonly day: number };
  readonly event_keys: EventKeysTable;
  readonly deliveries: DeliveriesTable & { readonly event_day: number };
  readonly replays: ReplaysTable;
  readonly attempts: AttemptsTable & { readonly event_day: number; readonly day: number };
}

/** The idempotency keys of the events that have one: unique over all days. */
export interface EventKeysTable {
  readonly account_id: string;
  readonly idempotency_key: string;
  readonly event_id: string;
  readonly day: number;
}
