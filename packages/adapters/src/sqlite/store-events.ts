import type { NewDelivery, StoreBatch, StoredEvent } from '@hookwell/core';
import { sql } from 'kysely';
import { readEvent } from '../sql/read-rows.ts';
import type { Connection } from './connection.ts';
import { prepareOrders } from './orders.ts';
import { bound, queries } from './queries.ts';

/** Makes the call that stores events with their deliveries. */
export function prepareStoreEvents(connection: Connection) {
  const orders = prepareOrders(connection);
  const insertEvent = connection.prepare(
    queries
      .insertInto('hookwell_events')
      .values({
        id: bound<string>(),
        account_id: bound<string>(),
        topic: bound<string>(),
        object_type: bound<number>(),
        occurred_at: bound<number>(),
        stored_at: bound<number>(),
        idempotency_key: bound<string | null>(),
        record: bound<string>(),
        metadata: bound<string>(),
      })
      .onConflict((conflict) =>
        conflict.columns(['account_id', 'idempotency_key']).where('idempotency_key', 'is not', null).doNothing(),
      ),
  );
  const findByKey = connection.prepare(
    queries
      .selectFrom('hookwell_events')
      .selectAll()
      .where('account_id', '=', bound<string>())
      .where('idempotency_key', '=', bound<string>()),
  );
  const given = queries.insertInto('hookwell_deliveries').values({
    id: bound<string>(),
    account_id: bound<string>(),
    subscription_id: bound<number>(),
    event_id: bound<string>(),
    attempts: sql.lit(0),
    failures: sql.lit(0),
    abandonments: sql.lit(0),
    created_at: bound<number>(),
    due_at: bound<number>(),
    fence: bound<string | null>(),
    order_key: bound<string | null>(),
    coalesce_key: bound<string | null>(),
  });
  const insertDelivery = connection.prepare(given);
  /** The same; what waits under its key is given its event instead. */
  const insertOrUpdate = connection.prepare(
    given.onConflict((conflict) =>
      conflict
        .columns(['subscription_id', 'coalesce_key'])
        .where('coalesce_key', 'is not', null)
        .doUpdateSet({ event_id: (row) => row.ref('excluded.event_id') }),
    ),
  );

  function storeEvent(event: StoredEvent, now: number): StoredEvent {
    const { id, accountId, topic, objectType, record, occurredAt, idempotencyKey, metadata } = event;
    const { changes } = insertEvent.run(
      id,
      accountId,
      topic,
      objectType,
      occurredAt,
      now,
      idempotencyKey,
      JSON.stringify(record),
      JSON.stringify(metadata),
    );
    if (changes === 1) return event;
    const earlier = findByKey.get(accountId, idempotencyKey);
    if (!earlier) throw new Error(`event "${id}" was neither stored nor found under its idempotency key`);
    return readEvent(earlier);
  }

  function storeDelivery(delivery: NewDelivery, batch: StoreBatch, now: number): void {
    const { id, accountId, subscriptionId, eventId, leased, orderKey = null, coalesceKey = null, dueInMs = 0 } = delivery;
    const [dueAt, fence] = leased ? [now + batch.leaseMs, batch.fence] : [now + dueInMs, null];
    const createdAt = orders.createdAt({ subscriptionId, orderKey }, now);
    const insert = coalesceKey === null ? insertDelivery : insertOrUpdate;
    insert.run(id, accountId, subscriptionId, eventId, createdAt, dueAt, fence, orderKey, coalesceKey);
  }

  return (batch: StoreBatch, now: number): readonly StoredEvent[] => {
    const answers: StoredEvent[] = [];
    const leftOut = new Set<string>();
    for (const event of batch.events) {
      const stored = storeEvent(event, now);
      if (stored !== event) leftOut.add(event.id);
      answers.push(stored);
    }
    for (const delivery of batch.deliveries) {
      if (!leftOut.has(delivery.eventId)) storeDelivery(delivery, batch, now);
    }
    return answers;
  };
}
