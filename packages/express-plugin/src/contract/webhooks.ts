import { subscriptionFields, type Subscription, type SubscriptionField } from '@hookwell/core';
import { seconds, type Collection } from './collection.ts';
import { payloads } from './payloads.ts';

/**
 * Subscriptions, as `GET Webhook` and `GET Webhooks` show them: those that are not unsubscribed. The seven fields of the
 * contract first; behind them ours, which say how the endpoint is doing, why, since when and what happens next.
 */
export const webhooks: Collection<Subscription, SubscriptionField> = {
  objectType: { id: 145, name: 'Webhook' },
  fields: {
    id: { alias: 'ID', type: 'numeric', query: 'id', show: ({ id }) => String(id) },
    event: { alias: 'Event', type: 'text', query: 'topic', show: ({ topic }) => topic },
    data: { alias: 'Data', type: 'text', query: 'data', show: ({ data }) => data },
    url: { alias: 'URL', type: 'text', query: 'url', show: ({ url }) => url },
    last_hook: {
      alias: 'Last Hook',
      type: 'timestamp',
      query: 'lastAttemptAt',
      show: ({ lastAttemptAt }) => (lastAttemptAt === null ? null : seconds(lastAttemptAt)),
    },
    last_code: { alias: 'Last Code', type: 'numeric', query: 'lastStatus', show: ({ lastStatus }) => String(lastStatus) },
    last_payload: { alias: 'Last Payload', type: 'text', show: (_row, { payload }) => payload },
    health: { alias: 'Health', type: 'text', query: 'health', show: ({ health }) => health },
    health_reason: { alias: 'Health Reason', type: 'text', show: ({ healthReason }) => healthReason },
    health_since: { alias: 'Health Since', type: 'timestamp', show: ({ healthSince }) => seconds(healthSince) },
    health_next: { alias: 'What Happens Next', type: 'text', show: (row, { engine }) => engine.subscriptions.next(row) },
  },
  types: subscriptionFields,
  searched: ['url', 'topic', 'data'],
  sort: { field: 'id', direction: 'asc' },
  list: async (engine, accountId, query) => engine.subscriptions.list(accountId, query),
  payload: {
    field: 'last_payload',
    // The contract has the form text here, whatever encoding the subscription has chosen.
    of: async (call, rows) =>
      payloads(
        call,
        rows.map((row) =>
          row.lastEventId === null ? null : { subscription: { ...row, encoding: 'form' }, eventId: row.lastEventId },
        ),
      ),
  },
};
