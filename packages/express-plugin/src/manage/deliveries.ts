import type { Condition, DeliveryField } from '@hookwell/core';
import { deliveryDetailsExample, deliveryExample } from './example.ts';
import { equal, listPage } from './list-page.ts';
import { defineRoute, type ManageContext, type ManageRoute } from './route.ts';
import { CancelledEventSchema, DeliveryDetailsSchema, DeliveryPageSchema, type DeliveryDetailsJson } from './schemas.ts';
import { DeliveryPath, EventPath, ListDeliveriesQuery, ReasonBody } from './schemas-requests.ts';
import { showDelivery } from './show.ts';
import { showDeliveryDetails } from './show-delivery-details.ts';

const tag = 'Deliveries';

/** An answer that is the delivery with all that is known of it. */
const details = (description: string) =>
  ({
    status: 200,
    description,
    contentType: 'application/json',
    schema: DeliveryDetailsSchema,
    example: deliveryDetailsExample,
  }) as const;

/** Everything below `manage/deliveries`. */
export const deliveryRoutes: readonly ManageRoute[] = [
  defineRoute({
    id: 'listDeliveries',
    tag,
    method: 'GET',
    path: '/manage/deliveries',
    summary: 'List the deliveries that wait',
    description: 'Those that are not finished, the oldest first. Finished ones are in the log of attempts.',
    permission: 'read',
    parameters: null,
    query: ListDeliveriesQuery,
    body: null,
    answer: {
      status: 200,
      description: 'A page of deliveries.',
      contentType: 'application/json',
      schema: DeliveryPageSchema,
      example: { rows: [deliveryExample], next: null, remaining: 1 },
    },
    errors: ['invalid_parameter', 'invalid_cursor'],
    async run(call) {
      const { accountId, engine, query } = call;
      const { subscriptionId } = query;
      const where: Condition<DeliveryField>[] = subscriptionId === undefined ? [] : [equal('subscriptionId', subscriptionId)];
      return listPage(query, {
        name: 'deliveries',
        accountId,
        ids: 'string',
        direction: 'asc',
        where,
        list: async (asked) => engine.deliveries.list(accountId, asked),
        show: (row) => showDelivery(row, call),
      });
    },
  }),

  defineRoute({
    id: 'getDelivery',
    tag,
    method: 'GET',
    path: '/manage/deliveries/{id}',
    summary: 'See a delivery',
    description: 'Every attempt with its request and the beginning of its answer, and what happens next.',
    permission: 'read',
    parameters: DeliveryPath,
    query: null,
    body: null,
    answer: details('The delivery.'),
    errors: ['not_found'],
    async run(call) {
      return showDeliveryDetails(await call.engine.deliveries.get(call.accountId, call.path.id), call);
    },
  }),

  defineRoute({
    id: 'replayDelivery',
    tag,
    method: 'POST',
    path: '/manage/deliveries/{id}/replay',
    summary: 'Send a delivery again',
    description: 'Makes a finished delivery due again, under its old id.',
    permission: 'subscribe',
    parameters: DeliveryPath,
    query: null,
    body: null,
    answer: details('The delivery as it is now.'),
    errors: ['cross_site', 'not_found', 'wrong_state'],
    async run(call) {
      const { accountId, engine, path } = call;
      // Whose it is comes first, so that it is the same answer for what is another account's.
      await engine.deliveries.get(accountId, path.id);
      await engine.deliveries.replay(accountId, path.id);
      return seen(call, path.id);
    },
  }),

  defineRoute({
    id: 'cancelDelivery',
    tag,
    method: 'POST',
    path: '/manage/deliveries/{id}/cancel',
    summary: 'Cancel a delivery',
    description: 'Ends a delivery that waits, before it is sent. The log says so, with the reason.',
    permission: 'unsubscribe',
    parameters: DeliveryPath,
    query: null,
    body: { schema: ReasonBody, required: false, example: { reason: 'sent by hand' } },
    answer: details('The delivery as it ended.'),
    errors: ['invalid_body', 'unsupported_media_type', 'cross_site', 'not_found', 'wrong_state'],
    async run(call) {
      const { accountId, engine, path, body } = call;
      await engine.deliveries.get(accountId, path.id);
      await engine.deliveries.cancel(accountId, path.id, body.reason);
      return seen(call, path.id);
    },
  }),

  defineRoute({
    id: 'cancelEvent',
    tag,
    method: 'POST',
    path: '/manage/events/{id}/cancel',
    summary: 'Cancel an event',
    description: 'Ends all deliveries of an event that wait, before they are sent. Those that are being sent go on.',
    permission: 'unsubscribe',
    parameters: EventPath,
    query: null,
    body: { schema: ReasonBody, required: false, example: { reason: 'sent by mistake' } },
    answer: {
      status: 200,
      description: 'What became of its deliveries.',
      contentType: 'application/json',
      schema: CancelledEventSchema,
      example: { cancelled: 2, sending: 0, ended: 1 },
    },
    errors: ['invalid_body', 'unsupported_media_type', 'cross_site', 'not_found'],
    async run({ accountId, engine, path, body, live }) {
      const cancelled = await engine.deliveries.cancelEvent(accountId, path.id, body.reason);
      live.touch(accountId, {});
      return cancelled;
    },
  }),
];

/** The delivery as it is after a change, of which no notice of the engine tells. */
async function seen(call: ManageContext & { readonly accountId: string }, deliveryId: string): Promise<DeliveryDetailsJson> {
  const { accountId, engine, live } = call;
  const json = showDeliveryDetails(await engine.deliveries.get(accountId, deliveryId), call);
  live.touch(accountId, { subscriptionId: json.subscriptionId, deliveryId });
  return json;
}
