import { orderings } from '@hookwell/core';
import Type, { type TObject, type TSchema } from 'typebox';

/** Objects have no members but those that are named: what is misspelt is refused, and answers hold no surprises. */
export const closed = { additionalProperties: false } as const;

/** A point in time, as JSON has it: `2026-01-15T12:00:00.000Z`. */
export const time = (description: string) => Type.String({ format: 'date-time', description });

/** Null where there is none. */
export const orNull = <Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Union([schema, Type.Null()], { description });

export const timeOrNull = (description: string) => orNull(Type.String({ format: 'date-time' }), description);

export const text = (description: string) => Type.String({ description });

/** A whole number from 0. */
export const count = (description: string) => Type.Integer({ minimum: 0, description });

export const subscriptionId = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'The number of a subscription.',
});

export const deliveryId = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'The id of a delivery: the `webhook-id` that receivers see.',
});

export const topic = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'An event with its target, such as `sub_tag(3)` or `object_create(0)`.',
});

/** What `outcome` can be. */
export const outcomes = ['delivered', 'retry', 'failed', 'cancelled'] as const;

export const outcome = Type.Enum([...outcomes], {
  description: 'What an attempt led to: `retry` is tried again, the others are final.',
});

export const encoding = Type.Enum(['form', 'json'], {
  description: 'How payloads are written: as a PHP-style form, or as JSON.',
});

export const ordering = Type.Enum([...orderings], {
  description:
    'In which order its deliveries are sent: in none, one after the other those about the same record, or all of them. It holds for what happens from then on.',
});

export const coalesceMs = Type.Integer({
  minimum: 0,
  maximum: 86_400_000,
  description:
    'For how long an event waits for later ones about the same record, which are then one delivery, of the newest. In milliseconds; 0 for not at all.',
});

/**
 * A filter. What it may be is said in words, because it is checked where it is kept: a schema that holds itself could not say
 * more to a client.
 */
export const filter = Type.Record(Type.String(), Type.Unknown(), {
  title: 'Filter',
  description:
    'Which events a subscription gets: an object of one member. `all` and `any` have a list of filters, `not` has one. The others test fields, each of which must hold: `exact` a value, `in` one of a list, `exists` true or false, `prefix` and `suffix` a text, `gt`, `gte`, `lt` and `lte` a number or a text. Fields are `data.` and a field of the record, `topic`, `object_type_id` and `timestamp`. At most 50 tests, 8 levels, and 2,000 characters of JSON.',
  examples: [{ all: [{ exact: { 'data.country': 'DE' } }, { gte: { 'data.spent': 100 } }] }],
});

/** Every list is answered page by page. */
export const pageParameters = {
  cursor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 500,
      description: 'The `next` of the page before, with the same other parameters. The first page when left out.',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100, default: 50, description: 'At most how many rows the page has.' }),
  ),
};

/** A page of a list; rows that are added meanwhile neither shift nor repeat what is on the next one. */
export const pageOf = <Schema extends TObject>(title: string, row: Schema) =>
  Type.Object(
    {
      rows: Type.Array(row),
      next: orNull(Type.String(), 'The `cursor` of the next page; null when this is the last one.'),
      remaining: count('How many rows there are from here on, this page included: on the first page, all of them.'),
    },
    { ...closed, title },
  );

/** What is searched for anywhere in some texts of a row. */
export const searchText = (where: string) =>
  Type.String({
    minLength: 1,
    maxLength: 200,
    description: `Only rows that have this text in ${where}. The case of ASCII letters makes no difference; \`%\` and \`_\` stand for any one character.`,
  });
