import Type, { type Static } from 'typebox';
import { healthStates } from './schemas.ts';
import {
  closed,
  coalesceMs,
  deliveryId,
  encoding,
  filter,
  ordering,
  orNull,
  outcome,
  pageParameters,
  searchText,
  subscriptionId,
  time,
  topic,
} from './schema-parts.ts';

/*
 * What requests may carry. A parameter of the query that is a list is written with commas between.
 */

export const SubscriptionPath = Type.Object({ id: subscriptionId }, closed);
export const DeliveryPath = Type.Object({ id: deliveryId }, closed);
export const EventPath = Type.Object(
  { id: Type.String({ minLength: 1, maxLength: 200, description: 'The id of an event.' }) },
  closed,
);

export const ListSubscriptionsQuery = Type.Object(
  {
    ...pageParameters,
    which: Type.Optional(
      Type.Enum(['active', 'ended', 'all'], {
        default: 'active',
        description: 'Those that are subscribed, those that are not any more, or both.',
      }),
    ),
    health: Type.Optional(
      Type.Array(Type.Enum([...healthStates]), { minItems: 1, maxItems: 5, description: 'Only those in one of these states.' }),
    ),
    topic: Type.Optional(topic),
    text: Type.Optional(searchText('their URL, topic or format')),
  },
  closed,
);

const url = Type.String({ minLength: 1, maxLength: 2_048, description: 'Where payloads go.' });
const format = Type.String({
  minLength: 1,
  maxLength: 100,
  description: '`full`, `lightweight`, `notify`, or one that the host has added.',
});

/** No message shows what is wrong with it, and no answer has it. */
const secret = { writeOnly: true } as const;

const headers = Type.Array(
  Type.Object(
    { name: Type.String({ minLength: 1, maxLength: 64 }), value: Type.String({ minLength: 1, maxLength: 4_096 }) },
    { ...closed, title: 'NewHeader' },
  ),
  {
    ...secret,
    maxItems: 20,
    description:
      'Headers that its requests are to carry; none removes those that it has. They cannot say how a request is sent (`host`, `content-type`, `x-forwarded-…`) or by whom (`webhook-…`).',
  },
);
const auth = Type.Union(
  [
    Type.Object({ type: Type.Literal('none') }, { ...closed, title: 'NoAuth' }),
    Type.Object(
      {
        type: Type.Literal('basic'),
        username: Type.String({ minLength: 1, maxLength: 500 }),
        password: Type.String({ minLength: 1, maxLength: 500 }),
      },
      { ...closed, title: 'BasicAuth' },
    ),
    Type.Object(
      { type: Type.Literal('bearer'), token: Type.String({ minLength: 1, maxLength: 2_000 }) },
      { ...closed, title: 'BearerAuth' },
    ),
  ],
  { ...secret, description: 'What its requests are to send as `Authorization`; `none` removes what it has.' },
);

export const NewSubscriptionBody = Type.Object(
  {
    url,
    topic,
    format: Type.Optional({ ...format, default: 'full' }),
    encoding: Type.Optional({ ...encoding, default: 'form' }),
    ordering: Type.Optional({ ...ordering, default: 'none' }),
    coalesceMs: Type.Optional({ ...coalesceMs, default: 0 }),
    headers: Type.Optional(headers),
    auth: Type.Optional(auth),
    filter: Type.Optional(filter),
  },
  { ...closed, title: 'NewSubscription' },
);

export const SubscriptionChangesBody = Type.Object(
  {
    url: Type.Optional(url),
    topic: Type.Optional(topic),
    format: Type.Optional(format),
    encoding: Type.Optional(encoding),
    ordering: Type.Optional(ordering),
    coalesceMs: Type.Optional(coalesceMs),
    headers: Type.Optional(headers),
    auth: Type.Optional(auth),
    filter: Type.Optional(orNull(filter, 'Another filter; null for every event of the topic.')),
  },
  { ...closed, minProperties: 1, title: 'SubscriptionChanges', description: 'What is to be different; the rest stays as it is.' },
);

export const ReasonBody = Type.Object(
  {
    reason: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 200,
        description: 'Why, in plain words, for the log and for those who look at it.',
      }),
    ),
  },
  { ...closed, title: 'Reason' },
);

export const ListDeliveriesQuery = Type.Object({ ...pageParameters, subscriptionId: Type.Optional(subscriptionId) }, closed);

export const ListAttemptsQuery = Type.Object(
  {
    ...pageParameters,
    outcome: Type.Optional(
      Type.Array(outcome, { minItems: 1, maxItems: 4, description: 'Only those that led to one of these.' }),
    ),
    topic: Type.Optional(topic),
    subscriptionId: Type.Optional(subscriptionId),
    deliveryId: Type.Optional(deliveryId),
    from: Type.Optional(time('Only those that began then or later.')),
    until: Type.Optional(time('Only those that began before.')),
    text: Type.Optional(searchText('their reason, topic, delivery id, answer, or the record that they were about')),
  },
  closed,
);

export const StatsQuery = Type.Object(
  {
    from: Type.Optional(time('The beginning; 24 hours before `until` when left out.')),
    until: Type.Optional(time('The end; now when left out.')),
    every: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 31_536_000,
        description:
          'The length of a span, in seconds; one that makes at most 100 spans when left out. At most 500 spans are answered.',
      }),
    ),
    subscriptionId: Type.Optional(subscriptionId),
  },
  closed,
);

/** What the requests of a subscription are to carry, as a body has it. */
export interface HeadersJson {
  readonly headers?: Static<typeof headers> | undefined;
  readonly auth?: Static<typeof auth> | undefined;
}
export type NewSubscriptionJson = Static<typeof NewSubscriptionBody>;
