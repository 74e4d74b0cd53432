import type { Catalog, EventType, ObjectType } from '@hookwell/core';
import type { Json } from './schema-components.ts';

const formats = ['full', 'lightweight', 'notify'] as const;
type Format = (typeof formats)[number];

const about: Readonly<Record<Format, string>> = {
  full: 'Every field of the record.',
  lightweight: 'A few fields of the record.',
  notify: 'Only the id of the record.',
};

/** What subscriptions are sent: a webhook for each event in each format, whose record may be of any object type. */
export function payloadWebhooks(catalog: Catalog): { readonly webhooks: Json; readonly schemas: Json } {
  const objectTypes = [...catalog.objectTypes.values()];
  const webhooks: Record<string, Json> = {};
  for (const event of catalog.events.values()) {
    for (const format of formats) webhooks[`${event.name}.${format}`] = { post: webhook(event, format, objectTypes) };
  }
  return { webhooks, schemas: recordSchemas(objectTypes) };
}

function webhook(event: EventType, format: Format, objectTypes: readonly ObjectType[]): Json {
  const { name, parameter } = event;
  const schema = {
    type: 'object',
    required: ['webhook_id', 'object_type_id', 'event', 'data', 'timestamp'],
    properties: {
      webhook_id: { type: 'integer', minimum: 1, description: 'The number of the subscription.' },
      object_type_id: { type: 'integer', minimum: 0, description: 'The number of the object type of the record.' },
      event: {
        type: 'object',
        required: ['type', ...(parameter === null ? [] : [parameter])],
        properties: {
          type: { type: 'string', const: name },
          ...(parameter === null
            ? {}
            : { [parameter]: { type: 'integer', minimum: 0, description: 'The number of the event.' } }),
        },
      },
      data: { type: 'object', description: 'The record.' },
      timestamp: { type: 'integer', description: 'When it happened, in epoch seconds.' },
    },
    $ref: `#/components/schemas/Record_${format}`,
  };
  const bracketed = { style: 'deepObject', explode: true };
  const examples = Object.fromEntries(
    shownOf(event, objectTypes).map((objectType) => [
      objectType.name.replaceAll(/[^A-Za-z0-9]+/g, '_'),
      { summary: objectType.name, value: payload(event, format, objectType) },
    ]),
  );
  return {
    operationId: `${name}_${format}`,
    summary: `${name}(N), ${format}`,
    description: `${about[format]} Sent for each record that it happens to, as a form with brackets (\`data[id]=8\`) or as JSON, as the subscription has it.`,
    // Receivers know senders by the signature.
    security: [],
    parameters: headers,
    requestBody: {
      required: true,
      content: {
        // First, although forms are what is sent by default: pages show an example of it, and of a form only its names.
        'application/json': { schema, examples },
        'application/x-www-form-urlencoded': { schema, encoding: { event: bracketed, data: bracketed }, examples },
      },
    },
    responses: {
      '2XX': { description: 'Taken: it is not sent again.' },
      410: { description: 'The subscription ends.' },
      default: { description: 'It is tried again later, and redirects are not followed.' },
    },
  };
}

const headers: readonly Json[] = [
  {
    name: 'webhook-id',
    in: 'header',
    required: true,
    description: 'The delivery: the same on every attempt, so that what arrives twice can be told.',
    schema: { type: 'string' },
    example: '0198c5a2-6f0e-7cc4-b3b7-0a4f1c1e5a11',
  },
  {
    name: 'webhook-timestamp',
    in: 'header',
    required: true,
    description: 'When this attempt was made, in epoch seconds.',
    schema: { type: 'string', pattern: '^[0-9]+$' },
    example: '1795558435',
  },
  {
    name: 'webhook-signature',
    in: 'header',
    required: false,
    description:
      'Standard Webhooks: `v1,` and the signature of id, timestamp and body; several with spaces between. Where the host signs.',
    schema: { type: 'string' },
    example: 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
  },
];

/** A schema for each object type in each format, and one for each format that takes any of them. */
function recordSchemas(objectTypes: readonly ObjectType[]): Json {
  const schemas: Record<string, Json> = {
    FieldValue: {
      type: ['string', 'number', 'boolean'],
      description:
        'The value of a field; empty when it has none. In a form everything is a text, and true and false are 1 and 0.',
    },
  };
  for (const format of formats) {
    schemas[`Record_${format}`] = {
      type: 'object',
      oneOf: objectTypes.map(({ id, name }) => ({
        title: name,
        required: ['object_type_id', 'data'],
        properties: {
          object_type_id: { type: 'integer', const: id },
          data: { $ref: `#/components/schemas/Object_${id}_${format}` },
        },
      })),
    };
    for (const objectType of objectTypes) {
      const fields = fieldsOf(objectType, format);
      schemas[`Object_${objectType.id}_${format}`] = {
        title: `${objectType.name}, ${format}`,
        type: 'object',
        required: fields,
        additionalProperties: false,
        properties: Object.fromEntries(fields.map((field) => [field, { $ref: '#/components/schemas/FieldValue' }])),
      };
    }
  }
  return schemas;
}

function fieldsOf({ fields, lightweight }: ObjectType, format: Format): readonly string[] {
  if (format === 'notify') return ['id'];
  return format === 'lightweight' ? lightweight : fields;
}

/** The object types that examples show: all of them for what is about an object type, else the first one. */
function shownOf({ parameter }: EventType, objectTypes: readonly ObjectType[]): readonly ObjectType[] {
  return parameter === null ? objectTypes : objectTypes.slice(0, 1);
}

const exampleValues: Readonly<Record<string, string | number>> = {
  id: 8,
  firstname: 'Mary',
  lastname: 'Jones',
  email: 'mary@example.com',
  name: 'An example',
};

function payload({ name, parameter }: EventType, format: Format, objectType: ObjectType): Json {
  const fields = fieldsOf(objectType, format);
  return {
    webhook_id: 1,
    object_type_id: objectType.id,
    event: { type: name, ...(parameter === null ? {} : { [parameter]: 3 }) },
    data: Object.fromEntries(fields.map((field) => [field, exampleValues[field] ?? ''])),
    timestamp: 1_795_558_435,
  };
}
