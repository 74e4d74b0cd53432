import Type, { type Static } from 'typebox';
import { healthStates } from './schemas.ts';
import {
  closed,
  deliveryId,
  encoding,
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

export const NewSubscriptionBody = Type.Object(
  {
    url,
    topic,
    format: Type.Optional({ ...format, default: 'full' }),
    encoding: Type.Optional({ ...encoding, default: 'form' }),
  },
  { ...closed, title: 'NewSubscription' },
);

export const SubscriptionChangesBody = Type.Object(
  { url: Type.Optional(url), topic: Type.Optional(topic), format: Type.Optional(format), encoding: Type.Optional(encoding) },
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

export type NewSubscriptionJson = Static<typeof NewSubscriptionBody>;
