import { closest, distance } from 'fastest-levenshtein';
import { kinds, type Kind } from './catalog.ts';
import type { Value } from './tables.ts';

/** Something that the CRM will not do for its caller, with the HTTP status that says so. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** `. Did you mean "email"?` for a name that is nearly one of the known ones, else a full stop. */
export function suggestion(name: string, known: readonly string[]): string {
  const near = closest(name, known);
  return distance(name, near) <= Math.max(2, Math.floor(name.length / 3)) ? `. Did you mean "${near}"?` : '.';
}

/**
 * The fields that somebody gave for a record of that kind.
 * @throws {Refusal} unless it is an object of the kind's own fields that hold texts, numbers or null
 */
export function checkFields(kind: Kind, given: unknown): Readonly<Record<string, Value>> {
  const { name, fields } = kinds[kind];
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new Refusal(400, `Send the ${name} as a JSON object of its fields: ${fields.join(', ')}.`);
  }
  const checked: Record<string, Value> = {};
  for (const [field, value] of Object.entries(given)) {
    if (!fields.includes(field)) throw new Refusal(400, `A ${name} has no field "${field}"${suggestion(field, fields)}`);
    if (field === 'id' && !(Number.isSafeInteger(value) && Number(value) > 0)) {
      throw new Refusal(400, `An id is a whole number from 1 up. Leave it out: the CRM then numbers the ${name} itself.`);
    }
    if (value !== null && typeof value !== 'string' && typeof value !== 'number') {
      throw new Refusal(400, `The field "${field}" must be a text, a number or null.`);
    }
    checked[field] = value;
  }
  return checked;
}
