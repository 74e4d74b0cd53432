import Type, { type Static } from 'typebox';
import {
  closed,
  count,
  deliveryId,
  orNull,
  pageOf,
  pageParameters,
  subscriptionId,
  text,
  time,
  timeOrNull,
  topic,
} from './schema-parts.ts';

const states = ['running', 'done', 'cancelled', 'failed'] as const;
const finalOutcomes = ['delivered', 'failed', 'cancelled'] as const;

export const ReplayPath = Type.Object(
  { id: Type.String({ minLength: 1, maxLength: 200, description: 'The id of a replay.' }) },
  closed,
);

export const ListReplaysQuery = Type.Object(
  {
    ...pageParameters,
    state: Type.Optional(
      Type.Array(Type.Enum([...states]), { minItems: 1, maxItems: 4, description: 'Only those in one of these states.' }),
    ),
  },
  closed,
);

const filter = {
  subscriptionId: Type.Optional(subscriptionId),
  topic: Type.Optional(topic),
  objectTypeId: Type.Optional(count('Only about a record of this object type; goes with `recordId`.')),
  recordId: Type.Optional(
    Type.Union([Type.Integer(), Type.String({ minLength: 1, maxLength: 200 })], {
      description: 'Only about the record of this id; goes with `objectTypeId`.',
    }),
  ),
  from: Type.Optional(
    time('Only what ended then or later: when its last attempt began. For what is missing, when its event was stored.'),
  ),
  until: Type.Optional(time('Only what ended before; now at the latest.')),
  outcomes: Type.Optional(
    Type.Array(Type.Enum([...finalOutcomes]), {
      maxItems: 3,
      description: 'How a delivery must have ended. `failed` when left out, and none where only what is missing is asked for.',
    }),
  ),
  missing: Type.Optional(
    Type.Boolean({
      default: false,
      description:
        'Whether to send stored events, too, that a subscription to their topic never got: from before it was there, for example.',
    }),
  ),
};

export const ReplayFilterBody = Type.Object(filter, { ...closed, title: 'ReplayFilter' });

export const NewReplayBody = Type.Object(
  {
    ...filter,
    pacePerSecond: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10_000, description: 'At most how many deliveries are made due in a second.' }),
    ),
  },
  { ...closed, title: 'NewReplay' },
);

export const ReplaySchema = Type.Object(
  {
    id: text('Its id.'),
    state: Type.Enum([...states], { description: 'What became of it so far; `done` once all of its deliveries have ended.' }),
    reason: text('Why it was cancelled or has failed; else empty.'),
    filter: Type.Object(
      {
        subscriptionId: orNull(subscriptionId, 'Null for all subscriptions.'),
        topic: orNull(Type.String(), 'Null for all topics.'),
        objectTypeId: orNull(Type.Integer(), 'Null for all records.'),
        recordId: orNull(Type.String(), 'Null for all records.'),
        from: time('From when on.'),
        until: timeOrNull('Up to when; null for all up to when it was made.'),
        outcomes: Type.Array(Type.Enum([...finalOutcomes])),
        missing: Type.Boolean(),
      },
      { ...closed, title: 'ReplayFilterAsked', description: 'What it was made for.' },
    ),
    pacePerSecond: Type.Integer({ minimum: 1, description: 'At most how many deliveries it makes due in a second.' }),
    createdAt: time('When it was made.'),
    endedAt: timeOrNull('When it ended; null while it runs.'),
    looking: Type.Boolean({ description: 'Whether it still looks for more to send.' }),
    matched: count('How many deliveries it has found so far.'),
    queued: count('How many of them it has made due; the others were unfinished, or what they need was gone.'),
    waiting: count('How many of these are unfinished, as of its last step.'),
    delivered: count('How many were delivered.'),
    failed: count('How many failed for good.'),
    cancelled: count('How many were cancelled.'),
  },
  { ...closed, title: 'Replay' },
);

export const ReplayPageSchema = pageOf('ReplayPage', ReplaySchema);

export const ReplayPreviewSchema = Type.Object(
  {
    count: count('How many deliveries would be sent.'),
    complete: Type.Boolean({ description: 'Whether everything was looked at; else there may be more.' }),
    examples: Type.Array(
      Type.Object(
        {
          deliveryId: orNull(deliveryId, 'Null for what was never sent.'),
          subscriptionId,
          eventId: Type.String(),
          topic: Type.String(),
        },
        { ...closed, title: 'ReplayExample' },
      ),
      { description: 'The first few of them.' },
    ),
  },
  { ...closed, title: 'ReplayPreview' },
);

export type ReplayFilterJson = Static<typeof ReplayFilterBody>;
export type ReplayJson = Static<typeof ReplaySchema>;
export type ReplayPageJson = Static<typeof ReplayPageSchema>;
export type ReplayPreviewJson = Static<typeof ReplayPreviewSchema>;
