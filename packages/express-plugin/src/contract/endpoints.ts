import type { Catalog } from '@hookwell/core';
import Type, { type TObject, type TSchema } from 'typebox';
import type { Permission } from '../options.ts';
import { collectionParameters } from './collection-parameters.ts';
import {
  CollectionInfoSchema,
  describedWebhookLogs,
  describedWebhooks,
  envelopeOf,
  metaOf,
  NewWebhookSchema,
  type DescribedCollection,
} from './schemas.ts';

/** What a client is told when something is wrong: a status beyond those of every endpoint, and the text as it may look. */
export type Refusals = Readonly<Record<number, string>>;

/** An endpoint of the contract as documents describe it. What serves it is in `routes.ts`. */
export interface Endpoint {
  /** The `operationId`. */
  readonly id: string;
  readonly tag: 'Webhooks' | 'Webhook log';
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the mount point. */
  readonly path: string;
  readonly summary: string;
  readonly description: string;
  readonly permission: Permission;
  readonly query: TObject | null;
  /** Taken as a form and as JSON alike; the JSON may have objects where the form has JSON text. */
  readonly body: { readonly form: TObject; readonly json: TObject; readonly examples: readonly BodyExample[] } | null;
  readonly answer: { readonly description: string; readonly schema: TSchema; readonly example: unknown };
  readonly refusals: Refusals;
}

/** A body as it may look, by the name that pickers show. */
export interface BodyExample {
  readonly name: string;
  readonly summary: string;
  readonly value: Readonly<Record<string, unknown>>;
}

const id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, examples: [1] });

const invalidQuery = {
  400: 'Invalid query: there is no field "tag". Use one of id, event, data, url, last_hook, last_code, health.',
};
const invalidId = { 400: 'The parameter "id" is "x". Send a whole number from 1 up.' };

const envelope = (data: unknown, more: object = {}): unknown => ({ code: 0, data, account_id: 1, ...more });

/** Every endpoint, in the order in which people use them; events are those of the catalog. */
export function endpoints(catalog: Catalog): readonly Endpoint[] {
  return [
    subscribe(catalog),
    ...(['DELETE', 'POST'] as const).map(unsubscribe),
    ...reading(describedWebhooks, 'Webhooks', { one: 'subscription', many: 'subscriptions', first: 'oldest' }),
    ...reading(describedWebhookLogs, 'Webhook log', { one: 'line of the log', many: 'lines of the log', first: 'newest' }),
  ];
}

function subscribe(catalog: Catalog): Endpoint {
  const names = [...catalog.events.keys()];
  const examples = names.map((name): BodyExample => {
    const number = catalog.events.get(name)?.parameter === null ? ([...catalog.objectTypes.keys()][0] ?? 0) : 3;
    const event = `${name}(${number})`;
    return {
      name,
      summary: `${event}, lightweight`,
      value: { url: 'https://example.com/hooks', event, data: '{"format":"lightweight"}' },
    };
  });
  const url = Type.String({
    format: 'uri',
    maxLength: 2_048,
    description: 'Where payloads go: an address of yours, or of a request bin.',
    examples: ['https://example.com/hooks'],
  });
  const event = Type.String({
    pattern: `^(${names.join('|')})\\((0|[1-9][0-9]{0,15})\\)$`,
    description: `An event with its number: ${names.map((name) => `\`${name}(N)\``).join(', ')}.`,
    examples: [examples[0]?.value['event']],
  });
  const settings =
    'What payloads are to be like: `format` is `full` (the default), `lightweight`, `notify` or one that the host has added; `encoding` is `form` (the default) or `json`. Other keys are kept and mean nothing.';
  const text = Type.String({
    maxLength: 4_096,
    description: `${settings} A form may send \`data[format]\` instead.`,
    examples: ['{"format":"lightweight"}'],
  });
  const object = Type.Object(
    { format: Type.Optional(Type.String()), encoding: Type.Optional(Type.Enum(['form', 'json'])) },
    { additionalProperties: true },
  );
  return {
    id: 'subscribe',
    tag: 'Webhooks',
    method: 'POST',
    path: '/Webhook/subscribe',
    summary: 'Subscribe to an event',
    description: 'The same URL and event may be subscribed to twice, and are then two subscriptions.',
    permission: 'subscribe',
    query: null,
    body: {
      form: Type.Object({ url, event, data: Type.Optional(text) }),
      json: Type.Object({
        url,
        event,
        data: Type.Optional(Type.Union([text, object], { description: settings, examples: [{ format: 'lightweight' }] })),
      }),
      examples,
    },
    answer: {
      description: 'The subscription.',
      schema: envelopeOf(NewWebhookSchema),
      example: envelope({ ...examples[0]?.value, id: 1, owner: '1' }),
    },
    refusals: {
      400: 'Unknown event "sub_tags". Did you mean "sub_tag"?',
      403: 'This user may not subscribe.',
    },
  };
}

function unsubscribe(method: 'DELETE' | 'POST'): Endpoint {
  const parameter = Type.Object({ id: { ...id, description: 'The number of the subscription.' } });
  const byPost = method === 'POST';
  return {
    id: byPost ? 'unsubscribeByPost' : 'unsubscribe',
    tag: 'Webhooks',
    method,
    path: '/Webhook/unsubscribe',
    summary: byPost ? 'Unsubscribe, for clients that cannot send DELETE' : 'Unsubscribe',
    description: byPost
      ? 'Does the same as the one with `DELETE`.'
      : 'Nothing more is sent; what waits to be sent is cancelled. `id` may stand in a body, too: as a form or as JSON.',
    permission: 'unsubscribe',
    query: byPost ? null : parameter,
    body: byPost
      ? { form: parameter, json: parameter, examples: [{ name: 'one', summary: 'Subscription 1', value: { id: 1 } }] }
      : null,
    answer: {
      description: 'It is gone.',
      schema: envelopeOf(Type.Literal('Deleted')),
      example: envelope('Deleted'),
    },
    refusals: {
      ...invalidId,
      403: 'This user may not unsubscribe.',
      404: 'No subscription 1 in this account; list them to see which there are.',
    },
  };
}

function reading(
  described: DescribedCollection,
  tag: Endpoint['tag'],
  words: { readonly one: string; readonly many: string; readonly first: string },
): readonly Endpoint[] {
  const { name, id: number } = described.collection.objectType;
  const list = collectionParameters(described);
  const { example } = described;
  const common = { tag, method: 'GET', permission: 'read', body: null } as const;
  const denied = { 403: 'This user may not read.' };
  return [
    {
      ...common,
      id: `get${name}`,
      path: `/${name}`,
      summary: `See one ${words.one}`,
      description: 'Every value is a text or null.',
      query: Type.Object({ id: { ...id, description: `The number of the ${words.one}.` } }),
      answer: { description: 'It.', schema: envelopeOf(described.record), example: envelope(example) },
      refusals: { ...invalidId, ...denied, 404: `No ${name} 1 in this account.` },
    },
    {
      ...common,
      id: `list${name}s`,
      path: `/${name}s`,
      summary: `See ${words.many}`,
      description: `Without parameters: the ${words.first} 50.`,
      query: list,
      answer: {
        description: 'A page of them.',
        schema: envelopeOf(Type.Array(described.row), 'collection'),
        example: envelope([example], { misc: [] }),
      },
      refusals: { ...invalidQuery, ...denied },
    },
    {
      ...common,
      id: `count${name}s`,
      path: `/${name}s/getInfo`,
      summary: `Count ${words.many}`,
      description: 'Takes the parameters of the list; only what chooses among the records makes a difference.',
      query: list,
      answer: {
        description: 'How many there are.',
        schema: envelopeOf(CollectionInfoSchema),
        example: envelope({ listFields: [''], listFieldSettings: [], cardViewSettings: [], viewMode: [], count: '2' }),
      },
      refusals: { ...invalidQuery, ...denied },
    },
    {
      ...common,
      id: `describe${name}s`,
      path: `/${name}s/meta`,
      summary: `See the fields of ${words.many}`,
      description: 'What each field is called and holds.',
      query: Type.Partial(
        Type.Object({
          format: Type.Enum(['byId', 'byName'], {
            description: `Whether the answer stands under \`${number}\` or under \`${name}\`; \`byId\` when left out.`,
            examples: ['byName'],
          }),
        }),
      ),
      answer: {
        description: 'The fields.',
        schema: envelopeOf(metaOf(described)),
        example: envelope({ [name]: { name, fields: { id: { alias: 'ID', type: 'numeric' } } } }),
      },
      refusals: { 400: 'The parameter "format" is "x". Send byId or byName.', ...denied },
    },
  ];
}
