import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { HookwellError } from '../errors.ts';
import { defineChanges, type CatalogChange, type CatalogChangeDefinition } from './catalog-change.ts';

/** One kind of record that the CRM holds, e.g. contacts. */
export const ObjectTypeSchema = Type.Object(
  {
    id: Type.Integer({ minimum: 0, description: 'Its number: 0 for contacts, 10000 and up for custom objects.' }),
    name: Type.String({ minLength: 1, maxLength: 64, description: 'What people call it, e.g. "Contact".' }),
    fields: Type.Array(Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$' }), {
      minItems: 1,
      maxItems: 1_000,
      description: 'Every field, in the order in which payloads carry them. Must contain "id".',
    }),
    lightweight: Type.Optional(
      Type.Array(Type.String(), {
        minItems: 1,
        description: 'The fields of the lightweight format. By default "id" and the first three other fields.',
      }),
    ),
  },
  { additionalProperties: false },
);

/** A kind of event that subscriptions can name. Its topic is written `name(number)`. */
export const EventTypeSchema = Type.Object(
  {
    parameter: Type.Union([Type.String({ pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$' }), Type.Null()], {
      description: 'The key under which payloads carry the number, e.g. "tag_id"; null when it is the object type id.',
    }),
  },
  { additionalProperties: false },
);

/** An object type as {@link defineCatalog} takes it. */
export type ObjectTypeDefinition = Readonly<Omit<Static<typeof ObjectTypeSchema>, 'fields' | 'lightweight'>> & {
  readonly fields: readonly string[];
  readonly lightweight?: readonly string[];
};
/** An event type as {@link defineCatalog} takes it. */
export type EventTypeDefinition = Readonly<Static<typeof EventTypeSchema>>;

/** What {@link defineCatalog} takes. */
export interface CatalogDefinition {
  readonly objectTypes: readonly ObjectTypeDefinition[];
  readonly events: Readonly<Record<string, EventTypeDefinition>>;
  readonly changes?: readonly CatalogChangeDefinition[];
}

/** An object type with its defaults filled in. */
export interface ObjectType {
  readonly id: number;
  readonly name: string;
  readonly fields: readonly string[];
  readonly lightweight: readonly string[];
  /** A record with nothing in it: every field, in order, is null. */
  readonly blank: Readonly<Record<string, null>>;
}

/** An event type with its name. */
export interface EventType {
  readonly name: string;
  readonly parameter: string | null;
}

/** The events and object types of one CRM; `EventName` is the union of its event names. Made by {@link defineCatalog}. */
export interface Catalog<EventName extends string = string> {
  readonly objectTypes: ReadonlyMap<number, ObjectType>;
  readonly events: ReadonlyMap<EventName, EventType>;
  /** What has changed in it, as feeds of API changes tell developers; newest first. */
  readonly changes: readonly CatalogChange[];
  /** What it was made from, to be spread into a larger catalog. */
  readonly definition: {
    readonly objectTypes: readonly ObjectTypeDefinition[];
    readonly events: Readonly<Record<EventName, EventTypeDefinition>>;
    readonly changes: readonly CatalogChangeDefinition[];
  };
}

const forbiddenNames = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Makes a catalog of the host's object types and events; the event names become part of its type, so that a topic
 * with a misspelt event does not compile.
 *
 * @throws {HookwellError} `invalid_catalog` when a name, a field or a number is not usable, saying which and why.
 * @example
 * const catalog = defineCatalog({
 *   objectTypes: [...ontraportCatalog.definition.objectTypes, { id: 10_001, name: 'Car', fields: ['id', 'make', 'model'] }],
 *   events: { ...ontraportCatalog.definition.events, purchase_product: { parameter: 'product_id' } },
 *   changes: [{ at: '2026-11-25', kind: 'added', title: 'The event purchase_product' }],
 * })
 */
export function defineCatalog<const Events extends Readonly<Record<string, EventTypeDefinition>>>(definition: {
  readonly objectTypes: readonly ObjectTypeDefinition[];
  readonly events: Events;
  readonly changes?: readonly CatalogChangeDefinition[];
}): Catalog<keyof Events & string> {
  type EventName = keyof Events & string;
  const objectTypes = new Map<number, ObjectType>();
  for (const objectType of definition.objectTypes) {
    const defined = defineObjectType(objectType);
    if (objectTypes.has(defined.id)) {
      throw invalid(`object type ${defined.id} is defined twice; give "${defined.name}" a number of its own`, objectType);
    }
    objectTypes.set(defined.id, defined);
  }
  const events = new Map<EventName, EventType>();
  for (const name of Object.keys(definition.events) as EventName[]) {
    events.set(name, defineEventType(name, definition.events[name]));
  }
  return Object.freeze({
    objectTypes,
    events,
    changes: defineChanges(definition.changes ?? []),
    definition: { objectTypes: definition.objectTypes, events: definition.events, changes: definition.changes ?? [] },
  });
}

function defineObjectType(definition: ObjectTypeDefinition): ObjectType {
  const problem = Value.Errors(ObjectTypeSchema, definition)[0];
  if (problem) {
    throw invalid(`object type "${definition.name}": ${problem.instancePath || 'it'} ${problem.message}`, definition);
  }
  const { id, name, fields } = definition;
  const twice = fields.find((field, index) => fields.indexOf(field) !== index);
  if (twice !== undefined)
    throw invalid(`object type "${name}" has the field "${twice}" twice; name each field once`, definition);
  if (!fields.includes('id'))
    throw invalid(`object type "${name}" has no field "id"; every record needs one, so add it`, definition);
  const forbidden = fields.find((field) => forbiddenNames.has(field));
  if (forbidden !== undefined) {
    throw invalid(`object type "${name}": a field cannot be called "${forbidden}"; rename it for the outside world`, definition);
  }
  const lightweight = definition.lightweight ?? ['id', ...fields.filter((field) => field !== 'id').slice(0, 3)];
  const unknown = lightweight.find((field) => !fields.includes(field));
  if (unknown !== undefined) {
    throw invalid(
      `object type "${name}": lightweight names "${unknown}", which is not one of its fields; add it to fields`,
      definition,
    );
  }
  return Object.freeze({
    id,
    name,
    fields: Object.freeze([...fields]),
    lightweight: Object.freeze([...lightweight]),
    blank: blankRecord(fields),
  });
}

/**
 * Parsed and not put together field by field, because V8 keeps an object of many fields as a slow hash table when they came
 * by computed names; a copy of this one that is filled stays a fast object.
 */
function blankRecord(fields: readonly string[]): Readonly<Record<string, null>> {
  return JSON.parse(`{${fields.map((field) => `"${field}":null`).join(',')}}`) as Record<string, null>;
}

function defineEventType(name: string, definition: EventTypeDefinition | undefined): EventType {
  if (!/^[a-z][a-z0-9_]{0,63}$/.test(name) || forbiddenNames.has(name)) {
    throw invalid(
      `event "${name}": a name is 1 to 64 lower-case letters, digits and underscores, and starts with a letter`,
      name,
    );
  }
  if (definition === undefined || !Value.Check(EventTypeSchema, definition)) {
    throw invalid(`event "${name}" needs {parameter}: the payload key of its number such as "tag_id", or null`, definition);
  }
  if (definition.parameter === 'type' || forbiddenNames.has(definition.parameter ?? '')) {
    throw invalid(`event "${name}": its parameter cannot be called "${definition.parameter}"; choose another key`, definition);
  }
  return Object.freeze({ name, parameter: definition.parameter });
}

function invalid(message: string, value: unknown): HookwellError {
  return new HookwellError('invalid_catalog', `Invalid catalog: ${message}.`, { value });
}
