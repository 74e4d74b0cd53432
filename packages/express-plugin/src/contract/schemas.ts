import Type, { type TObject, type TSchema } from 'typebox';
import type { Collection } from './collection.ts';
import { webhookLogTexts, webhookTexts, type FieldText } from './field-texts.ts';
import { webhookLogs } from './webhook-logs.ts';
import { webhooks } from './webhooks.ts';

/*
 * What the contract answers, for the documents that describe it. Each schema with a `title` of one word is a component of
 * the OpenAPI document under that name.
 */

const closed = { additionalProperties: false } as const;

/** A kind of record with what its fields are, ready to be described. */
export interface DescribedCollection {
  readonly collection: Pick<Collection, 'objectType' | 'fields'>;
  readonly texts: Readonly<Record<string, FieldText>>;
  /** Every field, as `GET Webhook` answers it. */
  readonly record: TObject;
  /** A record as lists answer it: the fields of `listFields`, or all. */
  readonly row: TObject;
  readonly example: Readonly<Record<string, string | null>>;
}

const numeric = { pattern: '^-?[0-9]+(\\.[0-9]+)?$' };

function described(
  collection: Pick<Collection, 'objectType' | 'fields'>,
  texts: Readonly<Record<string, FieldText>>,
): DescribedCollection {
  const { objectType, fields } = collection;
  const properties: Record<string, TSchema> = {};
  const example: Record<string, string | null> = {};
  for (const [name, { type }] of Object.entries(fields)) {
    const text = texts[name];
    if (!text) throw new Error(`The field "${name}" of ${objectType.name} has no text in field-texts.ts.`);
    const { description } = text;
    example[name] = text.example;
    properties[name] =
      type === 'timestamp'
        ? Type.Union([Type.String(numeric), Type.Null()], { description, examples: [text.example] })
        : Type.String({ ...(type === 'numeric' ? numeric : {}), description, examples: [text.example] });
  }
  return {
    collection,
    texts,
    record: Type.Object(properties, { ...closed, title: objectType.name }),
    row: Type.Partial(Type.Object(properties), { ...closed, title: `${objectType.name}Fields` }),
    example,
  };
}

/** Subscriptions, described. */
export const describedWebhooks = described(webhooks as unknown as Collection, webhookTexts);

/** The log, described. */
export const describedWebhookLogs = described(webhookLogs as unknown as Collection, webhookLogTexts);

const account = Type.Union([Type.Integer(), Type.String()], {
  title: 'AccountId',
  description: 'The account: an integer, or a text where the host has ids that are none.',
});

/** What every success is wrapped into. */
export function envelopeOf(data: TSchema, kind: 'one' | 'collection' = 'one'): TObject {
  const members = { code: Type.Literal(0, { description: 'Always 0.' }), data, account_id: account };
  if (kind === 'one') return Type.Object(members, closed);
  return Type.Object(
    {
      ...members,
      misc: Type.Array(Type.Unknown(), { maxItems: 0, description: 'Always empty.' }),
      count: Type.Optional(
        Type.String({ pattern: '^[0-9]+$', description: 'How many there are in all, when `count=true` was sent.' }),
      ),
    },
    closed,
  );
}

/** What subscribing answers. */
export const NewWebhookSchema = Type.Object(
  {
    url: Type.String(),
    event: Type.String(),
    id: Type.Integer({ minimum: 1, description: 'The number of the subscription: an integer here, a text in lists.' }),
    owner: Type.String({ description: 'The user who subscribed.' }),
    data: Type.Optional(Type.String({ description: 'The parameter `data` as JSON text, when it was sent.' })),
  },
  { ...closed, title: 'NewWebhook' },
);

/** What `getInfo` answers. */
export const CollectionInfoSchema = Type.Object(
  {
    listFields: Type.Array(Type.Literal('')),
    listFieldSettings: Type.Array(Type.Unknown(), { maxItems: 0 }),
    cardViewSettings: Type.Array(Type.Unknown(), { maxItems: 0 }),
    viewMode: Type.Array(Type.Unknown(), { maxItems: 0 }),
    count: Type.String({ pattern: '^[0-9]+$', description: 'How many there are.' }),
  },
  { ...closed, title: 'CollectionInfo' },
);

/** What `meta` answers of a kind of record. */
export function metaOf({ collection: { objectType } }: DescribedCollection): TObject {
  const one = Type.Object(
    {
      name: Type.Literal(objectType.name),
      fields: Type.Record(
        Type.String(),
        Type.Object({ alias: Type.String(), type: Type.Enum(['numeric', 'text', 'timestamp']) }, closed),
      ),
    },
    { ...closed, title: `${objectType.name}Meta` },
  );
  return Type.Object(
    { [String(objectType.id)]: Type.Optional(one), [objectType.name]: Type.Optional(one) },
    { ...closed, minProperties: 1, description: 'Under the number of the object type, or under its name.' },
  );
}
