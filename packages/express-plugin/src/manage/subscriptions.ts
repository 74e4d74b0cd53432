import type { Condition, SubscriptionField } from '@hookwell/core';
import { containing, equal, listPage } from './list-page.ts';
import { Problem } from './problem.ts';
import { endedExample, pausedExample, subscriptionExample } from './example.ts';
import { defineRoute, type ManageRoute } from './route.ts';
import {
  CreatedSubscriptionSchema,
  NewSecretSchema,
  SubscriptionPageSchema,
  SubscriptionSchema,
  TestResultSchema,
} from './schemas.ts';
import {
  ListSubscriptionsQuery,
  NewSubscriptionBody,
  ReasonBody,
  SubscriptionChangesBody,
  SubscriptionPath,
} from './schemas-requests.ts';
import { showSubscription } from './show.ts';
import { filterAttributes, namingFilter } from './subscription-filter.ts';
import { checkMove, headerAttributes } from './subscription-headers.ts';

const tag = 'Subscriptions';
const secretExample = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** An answer that is the subscription as it is by now. */
const subscription = (description: string, example = subscriptionExample) =>
  ({ status: 200, description, contentType: 'application/json', schema: SubscriptionSchema, example }) as const;

/** Everything below `manage/subscriptions`. */
export const subscriptionRoutes: readonly ManageRoute[] = [
  defineRoute({
    id: 'listSubscriptions',
    tag,
    method: 'GET',
    path: '/manage/subscriptions',
    summary: 'List subscriptions',
    description: 'The newest first.',
    permission: 'read',
    parameters: null,
    query: ListSubscriptionsQuery,
    body: null,
    answer: {
      status: 200,
      description: 'A page of subscriptions.',
      contentType: 'application/json',
      schema: SubscriptionPageSchema,
      example: { rows: [subscriptionExample], next: null, remaining: 1 },
    },
    errors: ['invalid_parameter', 'invalid_cursor'],
    async run(call) {
      const { accountId, engine, query } = call;
      const { which = 'active', health, topic, text } = query;
      const where: Condition<SubscriptionField>[] = [];
      if (health) where.push({ kind: 'in', field: 'health', values: health, negated: false });
      if (topic !== undefined) where.push(equal('topic', topic));
      if (text !== undefined) where.push(containing(text, ['url', 'topic', 'format']));
      return listPage(query, {
        name: 'subscriptions',
        accountId,
        ids: 'number',
        direction: 'desc',
        where,
        list: async (asked) => engine.subscriptions.list(accountId, { ...asked, which }),
        show: (row) => showSubscription(row, call),
      });
    },
  }),

  defineRoute({
    id: 'createSubscription',
    tag,
    method: 'POST',
    path: '/manage/subscriptions',
    summary: 'Subscribe',
    description: 'Makes a subscription. The same URL and topic twice are two subscriptions.',
    permission: 'subscribe',
    parameters: null,
    query: null,
    body: {
      schema: NewSubscriptionBody,
      required: true,
      example: { url: 'https://example.com/hooks', topic: 'sub_tag(4)', format: 'lightweight' },
    },
    answer: {
      ...subscription('The subscription, with its signing secret where it has one: it is shown this once.'),
      status: 201,
      schema: CreatedSubscriptionSchema,
      example: { ...subscriptionExample, hasSecret: true, secret: secretExample },
    },
    errors: [
      'invalid_body',
      'unsupported_media_type',
      'cross_site',
      'invalid_url',
      'invalid_topic',
      'unknown_format',
      'no_headers',
    ],
    async run(call) {
      const { accountId, engine, options, body } = call;
      const { url, topic, format, encoding, ordering, coalesceMs, filter } = body;
      const sealed = headerAttributes({ accountId }, body, call);
      // Where clients of the wire contract look for the format: what they would have asked with for the same.
      const wanted = { ...(format === 'full' ? {} : { format }), ...(encoding === 'form' ? {} : { encoding }) };
      const data = Object.keys(wanted).length === 0 ? '' : JSON.stringify(wanted);
      // One that is to be made has none to remove.
      const attributes = { ...sealed, ...filterAttributes(filter, call) } as Readonly<Record<string, string>>;
      const wish = { accountId, url, topic, format, encoding, ordering, coalesceMs, data, attributes };
      const created = await namingFilter(engine.subscriptions.create(wish));
      const json = showSubscription(created, call);
      const secret = json.hasSecret ? options.secrets?.secretsOf(created)[0] : undefined;
      return secret === undefined ? json : { ...json, secret };
    },
  }),

  defineRoute({
    id: 'getSubscription',
    tag,
    method: 'GET',
    path: '/manage/subscriptions/{id}',
    summary: 'See a subscription',
    description: 'One that has ended too, as long as it is kept.',
    permission: 'read',
    parameters: SubscriptionPath,
    query: null,
    body: null,
    answer: subscription('The subscription.'),
    errors: ['not_found'],
    async run(call) {
      return showSubscription(await call.engine.subscriptions.get(call.accountId, call.path.id, { which: 'all' }), call);
    },
  }),

  defineRoute({
    id: 'updateSubscription',
    tag,
    method: 'PATCH',
    path: '/manage/subscriptions/{id}',
    summary: 'Change a subscription',
    description:
      'Changes what is named and leaves the rest. Deliveries that wait go to the new URL, in the new format and encoding. To move one to another host, name its `headers` and `auth` again where it has such: nobody is sent what was chosen for somebody else.',
    permission: 'subscribe',
    parameters: SubscriptionPath,
    query: null,
    body: { schema: SubscriptionChangesBody, required: true, example: { url: 'https://example.com/new-hooks' } },
    answer: subscription('The subscription as it is now.'),
    errors: [
      'invalid_body',
      'unsupported_media_type',
      'cross_site',
      'not_found',
      'invalid_url',
      'invalid_topic',
      'unknown_format',
      'no_headers',
    ],
    async run(call) {
      const { accountId, engine, path, body } = call;
      const { headers, auth, filter, ...changes } = body;
      const before = await engine.subscriptions.get(accountId, path.id);
      if (body.url !== undefined) checkMove(before, body.url, body, call);
      const sealed = headerAttributes(before, { headers, auth }, call);
      const attributes = { ...sealed, ...filterAttributes(filter, call) };
      const given = Object.keys(attributes).length > 0 && { attributes };
      const updating = engine.subscriptions.update(accountId, path.id, { ...changes, ...given });
      return showSubscription(await namingFilter(updating), call);
    },
  }),

  defineRoute({
    id: 'deleteSubscription',
    tag,
    method: 'DELETE',
    path: '/manage/subscriptions/{id}',
    summary: 'Unsubscribe',
    description: 'Ends it. What waits for it is cancelled, each delivery as soon as it is due.',
    permission: 'unsubscribe',
    parameters: SubscriptionPath,
    query: null,
    body: null,
    answer: subscription('The subscription as it ended.', endedExample),
    errors: ['cross_site', 'not_found'],
    async run(call) {
      return showSubscription(await call.engine.subscriptions.remove(call.accountId, call.path.id), call);
    },
  }),

  defineRoute({
    id: 'pauseSubscription',
    tag,
    method: 'POST',
    path: '/manage/subscriptions/{id}/pause',
    summary: 'Pause a subscription',
    description: 'Sends nothing more to it until it is resumed, and keeps its events. One that is paused stays as it is.',
    permission: 'subscribe',
    parameters: SubscriptionPath,
    query: null,
    body: { schema: ReasonBody, required: false, example: { reason: 'our server moves' } },
    answer: subscription('The subscription as it is now.', pausedExample),
    errors: ['invalid_body', 'unsupported_media_type', 'cross_site', 'not_found'],
    async run(call) {
      return showSubscription(await call.engine.subscriptions.pause(call.accountId, call.path.id, call.body.reason), call);
    },
  }),

  defineRoute({
    id: 'resumeSubscription',
    tag,
    method: 'POST',
    path: '/manage/subscriptions/{id}/resume',
    summary: 'Resume a subscription',
    description: 'Lets one that is paused or suspended flow again, at once and oldest first. Any other stays as it is.',
    permission: 'subscribe',
    parameters: SubscriptionPath,
    query: null,
    body: null,
    answer: subscription('The subscription as it is now.'),
    errors: ['cross_site', 'not_found'],
    async run(call) {
      return showSubscription(await call.engine.subscriptions.resume(call.accountId, call.path.id), call);
    },
  }),

  defineRoute({
    id: 'testSubscription',
    tag,
    method: 'POST',
    path: '/manage/subscriptions/{id}/test',
    summary: 'Send a test event',
    description:
      'Sends a made-up record at once, and once, whatever its health, and waits for the answer. It is in the log like any other.',
    permission: 'subscribe',
    parameters: SubscriptionPath,
    query: null,
    body: null,
    answer: {
      status: 200,
      description: 'What came of it: a bad answer of the endpoint too.',
      contentType: 'application/json',
      schema: TestResultSchema,
      example: {
        deliveryId: '0199b0b4-2f00-7000-8000-000000000002',
        outcome: 'delivered',
        status: 200,
        reason: '',
        answer: 'thank you',
        durationMs: 41,
      },
    },
    errors: ['cross_site', 'not_found'],
    async run({ accountId, engine, path }) {
      const { deliveryId, outcome, status, reason, answer, durationMs } = await engine.deliveries.test(accountId, path.id);
      return { deliveryId, outcome, status, reason, answer, durationMs };
    },
  }),

  defineRoute({
    id: 'rotateSecret',
    tag,
    method: 'POST',
    path: '/manage/subscriptions/{id}/rotate-secret',
    summary: 'Rotate the signing secret',
    description:
      'Makes a new secret and answers it this once. For a while payloads are signed with the old one, too, so that nothing is refused meanwhile.',
    permission: 'subscribe',
    parameters: SubscriptionPath,
    query: null,
    body: null,
    answer: {
      status: 200,
      description: 'The new secret.',
      contentType: 'application/json',
      schema: NewSecretSchema,
      example: { secret: secretExample },
    },
    errors: ['cross_site', 'not_found', 'no_secret'],
    async run({ accountId, engine, path, options }) {
      // Whose it is comes first, so that it is the same answer for what is another account's.
      await engine.subscriptions.get(accountId, path.id);
      if (!options.secrets) {
        throw new Problem('no_secret', 'Subscriptions have no secrets of their own here, so that there is none to rotate.');
      }
      const { secret } = await options.secrets.rotate(engine, accountId, path.id);
      return { secret };
    },
  }),
];
