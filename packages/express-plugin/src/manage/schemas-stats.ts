import Type, { type Static } from 'typebox';
import { closed, count, deliveryId, orNull, type outcomes, subscriptionId, text, time } from './schema-parts.ts';

const milliseconds = (description: string) => orNull(Type.Number({ minimum: 0 }), description);

export const LatencySchema = Type.Object(
  {
    p50: milliseconds('Half of the attempts took at most so many milliseconds; null when there were none.'),
    p95: milliseconds('95 % of them did.'),
    p99: milliseconds('99 % of them did.'),
  },
  {
    ...closed,
    title: 'Latency',
    description:
      'Estimated from the classes of durations, so that it is as exact as they are narrow; beyond the last bound it is that bound, and means "at least".',
  },
);

const counts = {
  delivered: count('Attempts that delivered.'),
  retry: count('Attempts that failed and are tried again.'),
  failed: count('Attempts that failed for good.'),
  cancelled: count('Deliveries that ended unsent, and attempts that a cancellation ended.'),
  durations: Type.Array(count('Attempts whose duration is in that class.'), {
    description: 'How long attempts took, by class: one for each of `durationBoundsMs` (up to it), and one for what took longer.',
  }),
  successRate: orNull(
    Type.Number({ minimum: 0, maximum: 1 }),
    'Which part of the attempts delivered, cancelled ones left out; null when there were none.',
  ),
  latency: LatencySchema,
} satisfies Record<(typeof outcomes)[number], unknown> & Record<string, unknown>;

export const CountsSchema = Type.Object(counts, { ...closed, title: 'Counts' });

export const SpanSchema = Type.Object({ at: time('Its beginning.'), ...counts }, { ...closed, title: 'Span' });

export const BacklogSchema = Type.Object(
  {
    subscriptionId,
    waiting: count('How many deliveries wait for it; no more than 10,000 are counted.'),
    oldestAt: time('When the oldest of them was stored.'),
    oldestAgeSeconds: count('How long ago that is.'),
  },
  { ...closed, title: 'Backlog' },
);

export const StatsSchema = Type.Object(
  {
    from: time('The beginning of the first span.'),
    until: time('The end; what began then or later is not counted.'),
    every: Type.Integer({ minimum: 1, description: 'The length of a span, in seconds; the last one may be shorter.' }),
    durationBoundsMs: Type.Array(Type.Number(), {
      description: 'The upper bounds of the classes of durations, in milliseconds.',
    }),
    spans: Type.Array(SpanSchema, { description: 'Every span, those in which nothing happened too.' }),
    totals: CountsSchema,
    backlog: Type.Array(BacklogSchema, {
      description: 'What waits right now, by subscription; those with nothing are left out.',
    }),
  },
  { ...closed, title: 'Stats' },
);

export const ExampleSchema = Type.Object(
  { number: count('What stands in the brackets.'), name: text('What people call it, such as the name of a tag.') },
  { ...closed, title: 'Example' },
);

export const EventTypeSchema = Type.Object(
  {
    name: Type.String(),
    parameter: orNull(Type.String(), 'The key under which payloads carry the number; null when it is that of an object type.'),
    examples: Type.Array(ExampleSchema, {
      description: 'Numbers that mean something in this account, as far as the host tells.',
    }),
  },
  { ...closed, title: 'EventType' },
);

export const ObjectTypeSchema = Type.Object(
  {
    id: count('Its number: 0 for contacts, 10000 and up for custom objects.'),
    name: text('What people call it.'),
    fields: Type.Array(Type.String(), { description: 'Every field, in the order in which payloads carry them.' }),
    lightweight: Type.Array(Type.String(), { description: 'The fields of the lightweight format.' }),
  },
  { ...closed, title: 'ObjectType' },
);

export const CatalogSchema = Type.Object(
  {
    events: Type.Array(EventTypeSchema),
    objectTypes: Type.Array(ObjectTypeSchema),
    formats: Type.Array(Type.String(), { description: 'What `format` of a subscription can be.' }),
    encodings: Type.Array(Type.String(), { description: 'What `encoding` of a subscription can be.' }),
  },
  { ...closed, title: 'Catalog' },
);

/** The data of an event `change` of the live stream. */
export const ChangeSchema = Type.Object(
  {
    subscriptions: Type.Array(subscriptionId, { description: 'Subscriptions that changed, or whose deliveries did.' }),
    deliveries: Type.Array(deliveryId, { description: 'Deliveries that changed.' }),
    more: Type.Boolean({ description: 'Whether there are more than are named here: look at everything anew.' }),
  },
  { ...closed, title: 'Change' },
);

export type LatencyJson = Static<typeof LatencySchema>;
export type CountsJson = Static<typeof CountsSchema>;
export type SpanJson = Static<typeof SpanSchema>;
export type BacklogJson = Static<typeof BacklogSchema>;
export type StatsJson = Static<typeof StatsSchema>;
export type CatalogJson = Static<typeof CatalogSchema>;
export type ChangeJson = Static<typeof ChangeSchema>;
