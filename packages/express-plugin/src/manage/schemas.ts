import Type, { type Static } from 'typebox';
import {
  closed,
  coalesceMs,
  count,
  deliveryId,
  encoding,
  filter,
  ordering,
  orNull,
  outcome,
  pageOf,
  subscriptionId,
  text,
  time,
  timeOrNull,
  topic,
} from './schema-parts.ts';

/** What `health` can be. */
export const healthStates = ['healthy', 'failing', 'suspended', 'paused', 'unsubscribed'] as const;

/*
 * What the management API answers. Each schema with a `title` is a component of the OpenAPI document under that name.
 */

export const SubscriptionSchema = Type.Object(
  {
    id: subscriptionId,
    url: text('Where payloads go.'),
    topic,
    format: text('`full`, `lightweight`, `notify`, or one that the host has added.'),
    encoding,
    ordering,
    coalesceMs,
    createdAt: time('When it was made.'),
    health: Type.Enum([...healthStates], { description: 'How its endpoint is doing; `paused` when its owner holds it.' }),
    healthReason: text('Why, in plain words; empty while it is healthy.'),
    healthSince: time('Since when.'),
    healthNext: text('What happens next, in plain words; empty while it is healthy.'),
    consecutiveFailures: count('Failed attempts since the last good answer.'),
    failingSince: timeOrNull('When the first of them was.'),
    heldUntil: timeOrNull(
      'Until when nothing is sent, because the endpoint asked for time or the next probe is due; null when nothing is held for a known time.',
    ),
    lastAttemptAt: timeOrNull('When the last attempt began; null before any.'),
    lastStatus: count('The status of the last answer; 0 when there was none.'),
    filter: orNull(
      filter,
      'Which events it gets; null when it gets every one of its topic, and when its filter cannot be read, which lets none through.',
    ),
    hasSecret: Type.Boolean({ description: 'Whether its payloads are signed with a secret of its own, which can be rotated.' }),
    headerNames: Type.Array(Type.String(), {
      description:
        'The headers of its own that its requests carry, by name; `authorization` is that of `auth`. No answer has values.',
    }),
  },
  { ...closed, title: 'Subscription' },
);

const attempt = {
  id: Type.Integer({ minimum: 1, description: 'The number of the log line; it grows with time.' }),
  subscriptionId,
  deliveryId,
  eventId: text('The event that it is about.'),
  topic,
  number: count('1 for the first attempt of its delivery; 0 when it ended without any.'),
  outcome,
  reason: text('Why, in plain words; empty when it was delivered.'),
  status: count('The status of the answer; 0 when there was none.'),
  startedAt: time('When the request began.'),
  durationMs: Type.Number({ minimum: 0, description: 'How long it took, in milliseconds.' }),
  nextAttemptAt: timeOrNull('When the next attempt is due; null when the outcome is final.'),
};

export const AttemptSchema = Type.Object(attempt, { ...closed, title: 'Attempt' });

export const HeaderSchema = Type.Object({ name: Type.String(), value: Type.String() }, { ...closed, title: 'Header' });

export const AttemptDetailsSchema = Type.Object(
  {
    ...attempt,
    headers: Type.Array(HeaderSchema, {
      description:
        'The headers of the request as far as they are known; signatures and what else plugins add are made while sending and not kept. Empty when nothing was sent.',
    }),
    answer: text('The beginning of the body of the answer, at most 4 KiB.'),
  },
  { ...closed, title: 'AttemptDetails' },
);

export const DeliverySchema = Type.Object(
  {
    id: deliveryId,
    subscriptionId,
    eventId: text('The event that it is about.'),
    state: Type.Enum(['waiting', 'sending'], { description: 'Whether somebody is sending it right now.' }),
    attempts: count('How many attempts were made.'),
    failures: count('How many of them count on the retry schedule.'),
    createdAt: time('When it was stored.'),
    dueAt: timeOrNull('When it is due; null while it is being sent, or waits for an earlier one.'),
    waitsForEarlier: Type.Boolean({ description: 'Whether it waits for an earlier one of its order, which is not finished.' }),
  },
  { ...closed, title: 'Delivery' },
);

export const CancelledEventSchema = Type.Object(
  {
    cancelled: count('How many of its deliveries waited, and are cancelled.'),
    sending: count('How many are being sent, and go on.'),
    ended: count('How many had ended before, as far as the log knows of them.'),
  },
  { ...closed, title: 'CancelledEvent' },
);

export const EventSchema = Type.Object(
  {
    id: Type.String(),
    topic,
    objectTypeId: count('The number of the object type of its record.'),
    record: Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]), {
      description:
        'The record as it was when the event was stored, every field of its object type; its `id` only, once it is no longer kept.',
    }),
    occurredAt: time('When it happened.'),
  },
  { ...closed, title: 'Event' },
);

export const RequestSchema = Type.Object(
  {
    method: Type.Literal('POST'),
    url: Type.String(),
    contentType: Type.String(),
    body: Type.String(),
    rebuilt: Type.Literal(true, { description: 'Bodies are not kept: this one is composed again.' }),
    note: text('What that means, in plain words.'),
  },
  { ...closed, title: 'Request' },
);

export const DeliveryDetailsSchema = Type.Object(
  {
    id: deliveryId,
    state: Type.Enum(['waiting', 'sending', 'delivered', 'failed', 'cancelled'], {
      description: 'What became of it so far: a finished delivery has the outcome of its last attempt.',
    }),
    next: text('What happens next, in plain words.'),
    topic,
    subscriptionId,
    eventId: Type.String(),
    createdAt: timeOrNull('When it was stored; null once it is finished.'),
    dueAt: timeOrNull('When it is due; null while it is being sent and once it is finished.'),
    canReplay: Type.Boolean({ description: 'Whether it can be sent again.' }),
    canCancel: Type.Boolean({ description: 'Whether it can be cancelled.' }),
    request: orNull(RequestSchema, 'The request as it would be sent now; null once its event or its subscription is gone.'),
    event: orNull(EventSchema, 'Null once it is no longer kept.'),
    subscription: orNull(SubscriptionSchema, 'Null once it is no longer kept.'),
    attempts: Type.Array(AttemptDetailsSchema, {
      description: 'Every attempt that the log still has, newest first, at most 100.',
    }),
  },
  { ...closed, title: 'DeliveryDetails' },
);

export const TestResultSchema = Type.Object(
  {
    deliveryId,
    outcome: Type.Enum(['delivered', 'failed']),
    status: count('The status of the answer; 0 when there was none.'),
    reason: text('Why it failed, in plain words; empty when it was delivered.'),
    answer: text('The beginning of the body of the answer, at most 4 KiB.'),
    durationMs: Type.Number({ minimum: 0, description: 'How long it took, in milliseconds.' }),
  },
  { ...closed, title: 'TestResult' },
);

export const NewSecretSchema = Type.Object(
  { secret: text('The new signing secret, `whsec_` and base64. It is shown this once.') },
  { ...closed, title: 'NewSecret' },
);

/** A subscription that was just made, with what is shown of it this once. */
export const CreatedSubscriptionSchema = Type.Object(
  { ...SubscriptionSchema.properties, secret: Type.Optional(NewSecretSchema.properties.secret) },
  { ...closed, title: 'CreatedSubscription' },
);

export const SubscriptionPageSchema = pageOf('SubscriptionPage', SubscriptionSchema);
export const DeliveryPageSchema = pageOf('DeliveryPage', DeliverySchema);
export const AttemptPageSchema = pageOf('AttemptPage', AttemptSchema);

export type SubscriptionJson = Static<typeof SubscriptionSchema>;
export type AttemptJson = Static<typeof AttemptSchema>;
export type AttemptDetailsJson = Static<typeof AttemptDetailsSchema>;
export type DeliveryJson = Static<typeof DeliverySchema>;
export type EventJson = Static<typeof EventSchema>;
export type RequestJson = Static<typeof RequestSchema>;
export type DeliveryDetailsJson = Static<typeof DeliveryDetailsSchema>;
export type TestResultJson = Static<typeof TestResultSchema>;
export type CreatedSubscriptionJson = Static<typeof CreatedSubscriptionSchema>;
export type NewSecretJson = Static<typeof NewSecretSchema>;
export type SubscriptionPageJson = Static<typeof SubscriptionPageSchema>;
export type DeliveryPageJson = Static<typeof DeliveryPageSchema>;
export type AttemptPageJson = Static<typeof AttemptPageSchema>;
