import { types } from 'node:util';
import { HookwellError } from '../errors.ts';
import type { Catalog, ObjectType } from './catalog.ts';
import { shown } from './shown.ts';
import { listed, suggestion } from './suggestion.ts';

/** A value of a record as a host may pass it. A `Date` is kept as whole Unix seconds. */
export type FieldInput = string | number | bigint | boolean | Date | null | undefined;

/** A value of a record as it is stored and sent. */
export type FieldValue = string | number | boolean | null;

/** A CRM record as it is stored: every field of its object type, in order; what the host left out is null. */
export type CrmRecord = Readonly<Record<string, FieldValue>>;

/**
 * The object type with that number or name.
 *
 * @throws {HookwellError} `unknown_object_type`, with the list of known ones.
 */
export function findObjectType(catalog: Catalog, idOrName: number | string): ObjectType {
  if (typeof idOrName === 'number') {
    const objectType = catalog.objectTypes.get(idOrName);
    if (objectType) return objectType;
  } else {
    for (const objectType of catalog.objectTypes.values()) if (objectType.name === idOrName) return objectType;
  }
  const known = [...catalog.objectTypes.values()].map(({ id, name }) => `${id} ${name}`);
  throw new HookwellError(
    'unknown_object_type',
    `Unknown object type ${shown(idOrName)}. Known ones: ${listed(known)}. Register others with defineCatalog.`,
    { value: idOrName },
  );
}

/**
 * Puts a host's record into the shape that is stored: every field of the object type, in its order.
 *
 * @throws {HookwellError} `invalid_record` when it is not a plain object, has no id, has a field that the object type
 * lacks, or a value that no form can carry (an object, an array, NaN). Nothing is stored then.
 */
export function normaliseRecord(record: Readonly<Record<string, FieldInput>>, objectType: ObjectType): CrmRecord {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw invalid(objectType, `is ${record === null ? 'null' : `a ${typeof record}`}, not an object of fields`, record);
  }
  const { blank } = objectType;
  // Both loops with for … in: V8 keeps ready where each field of such an object is.
  for (const name in record) if (blank[name] !== null && Object.hasOwn(record, name)) throw unknownField(name, objectType);
  const normalised: Record<string, FieldValue> = { ...blank };
  for (const name in normalised) normalised[name] = normaliseValue(record[name], name, objectType);
  const id = normalised['id'];
  if (id === null || id === '' || typeof id === 'boolean') throw invalid(objectType, 'has no id; pass its number or string', id);
  return normalised;
}

function unknownField(name: string, objectType: ObjectType): HookwellError {
  const hint = suggestion(name, objectType.fields);
  return invalid(objectType, `has the unknown field "${name}"${hint} Register it in the catalog or leave it out`, name);
}

function normaliseValue(value: FieldInput, name: string, objectType: ObjectType): FieldValue {
  switch (typeof value) {
    case 'string':
      return value.isWellFormed() ? value : value.toWellFormed();
    case 'boolean':
      return value;
    case 'undefined':
      return null;
    case 'bigint':
      return value.toString();
    case 'number':
      if (Number.isFinite(value)) return value;
      break;
    case 'object':
      if (value === null) return null;
      if (types.isDate(value) && !Number.isNaN(value.getTime())) return Math.floor(value.getTime() / 1_000);
      break;
    default:
  }
  const what = typeof value === 'object' && !types.isDate(value) ? 'an object or array' : shown(value);
  throw invalid(objectType, `has ${what} in "${name}"; pass a string, number, boolean, Date or null`, value);
}

function invalid(objectType: ObjectType, problem: string, value: unknown): HookwellError {
  return new HookwellError('invalid_record', `The ${objectType.name} record ${problem}.`, { value });
}
