import { attemptFields, type Attempt, type AttemptField } from '@hookwell/core';
import { seconds, type Collection } from './collection.ts';
import { payloads } from './payloads.ts';
import type { Call } from './route.ts';

/**
 * The log, as `GET WebhookLog` and `GET WebhookLogs` show it: one line for each attempt to send a delivery, and one for
 * each delivery that ended unsent. The contract names no fields and no object type number, so that all of them are ours:
 *
 * - `id`; `webhook_id` of the subscription; `event` as it was subscribed to
 * - `date` when the attempt began, in epoch seconds; `duration_ms` how long it took
 * - `outcome`: `delivered`, `retry`, `failed` or `cancelled`; `reason` in words, empty when delivered
 * - `code` the status of the answer, `0` when there was none; `response` the beginning of its body
 * - `attempt` 1 for the first one of its delivery, `0` when it ended unsent; `next_attempt` when the next one is due, in
 *   epoch seconds, null when there is none
 * - `delivery_id` the same on every attempt, the `webhook-id` that receivers see; `event_id`
 * - `payload` the body as it was sent; empty when nothing was, and once the event is no longer kept
 */
export const webhookLogs: Collection<Attempt, AttemptField> = {
  objectType: { id: 9_145, name: 'WebhookLog' },
  fields: {
    id: { alias: 'ID', type: 'numeric', query: 'id', show: ({ id }) => String(id) },
    webhook_id: {
      alias: 'Webhook ID',
      type: 'numeric',
      query: 'subscriptionId',
      show: ({ subscriptionId }) => String(subscriptionId),
    },
    event: { alias: 'Event', type: 'text', query: 'topic', show: ({ topic }) => topic },
    date: { alias: 'Date', type: 'timestamp', query: 'startedAt', show: ({ startedAt }) => seconds(startedAt) },
    outcome: { alias: 'Outcome', type: 'text', query: 'outcome', show: ({ outcome }) => outcome },
    code: { alias: 'Code', type: 'numeric', query: 'status', show: ({ status }) => String(status) },
    reason: { alias: 'Reason', type: 'text', query: 'reason', show: ({ reason }) => reason },
    attempt: { alias: 'Attempt', type: 'numeric', query: 'number', show: ({ number }) => String(number) },
    duration_ms: {
      alias: 'Duration in ms',
      type: 'numeric',
      query: 'durationMs',
      show: ({ durationMs }) => String(durationMs),
    },
    next_attempt: {
      alias: 'Next Attempt',
      type: 'timestamp',
      show: ({ nextAttemptAt }) => (nextAttemptAt === null ? null : seconds(nextAttemptAt)),
    },
    delivery_id: { alias: 'Delivery ID', type: 'text', query: 'deliveryId', show: ({ deliveryId }) => deliveryId },
    event_id: { alias: 'Event ID', type: 'text', query: 'eventId', show: ({ eventId }) => eventId },
    response: { alias: 'Response', type: 'text', show: ({ answer }) => answer },
    payload: { alias: 'Payload', type: 'text', show: (_row, { payload }) => payload },
  },
  types: attemptFields,
  searched: ['topic', 'reason'],
  sort: { field: 'id', direction: 'desc' },
  list: async (engine, accountId, query) => engine.deliveries.attempts(accountId, query),
  payload: { field: 'payload', of: sentPayloads },
};

/** A line knows its subscription by number only, and its encoding and format are the subscription's. */
async function sentPayloads(call: Call, rows: readonly Attempt[]): Promise<readonly string[]> {
  const ids = [...new Set(rows.map(({ subscriptionId }) => subscriptionId))];
  if (ids.length === 0) return [];
  const found = await call.engine.subscriptions.list(call.account.accountId, {
    which: 'all',
    where: { kind: 'in', field: 'id', values: ids, negated: false },
    limit: ids.length,
  });
  const byId = new Map(found.rows.map((subscription) => [subscription.id, subscription]));
  return payloads(
    call,
    rows.map(({ subscriptionId, eventId, number }) => {
      const subscription = number === 0 ? undefined : byId.get(subscriptionId);
      return subscription ? { subscription, eventId } : null;
    }),
  );
}
