import type { Explanation } from '@hookwell/core';
import { defineRoute, type ManageRoute } from './route.ts';
import { ExplanationQuery, ExplanationSchema, type ExplanationJson } from './schemas-explanations.ts';
import { DeliveryPath, SubscriptionPath } from './schemas-requests.ts';
import { isoTime } from './show.ts';

/** An answer that is an explanation. */
const explanation = (example: ExplanationJson) =>
  ({
    status: 200,
    description: 'Where it stands, why, and what happens next.',
    contentType: 'application/json',
    schema: ExplanationSchema,
    example,
  }) as const;

/** Why something was sent, or was not. */
export const explanationRoutes: readonly ManageRoute[] = [
  defineRoute({
    id: 'explainDelivery',
    tag: 'Deliveries',
    method: 'GET',
    path: '/manage/deliveries/{id}/explanation',
    summary: 'Ask why a delivery was not sent',
    description: 'Says in plain words where a delivery stands: held, waiting for its next attempt, cancelled and why.',
    permission: 'read',
    parameters: DeliveryPath,
    query: null,
    body: null,
    answer: explanation({
      state: 'retrying',
      because: 'attempt 2 failed: HTTP 503',
      next: 'attempt 3 follows',
      at: '2026-01-15T12:05:00.000Z',
    }),
    errors: ['not_found'],
    async run({ accountId, engine, path }) {
      return showExplanation(await engine.explain.delivery(accountId, path.id));
    },
  }),

  defineRoute({
    id: 'explainSubscription',
    tag: 'Subscriptions',
    method: 'GET',
    path: '/manage/subscriptions/{id}/explanation',
    summary: 'Ask why a subscription was not sent something',
    description:
      'Says in plain words whether its events are sent and why not. With `eventId`, why that event was sent to it, or was not: left out by a filter or a plan, of another topic, or where its delivery stands.',
    permission: 'read',
    parameters: SubscriptionPath,
    query: ExplanationQuery,
    body: null,
    answer: explanation({ state: 'filtered', because: 'the plugin "filters" leaves it out', next: '', at: null }),
    errors: ['invalid_parameter', 'not_found'],
    async run({ accountId, engine, path, query: { eventId } }) {
      const { explain } = engine;
      return showExplanation(
        eventId === undefined ? await explain.subscription(accountId, path.id) : await explain.event(accountId, eventId, path.id),
      );
    },
  }),
];

function showExplanation({ state, because, next, at }: Explanation): ExplanationJson {
  return { state, because, next, at: at === null ? null : isoTime(at) };
}
