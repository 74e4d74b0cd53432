import { checkStructure, parameterBounds } from './bounds.ts';
import { checkNamesOnce } from './check-names-once.ts';
import { Unusable, type Given } from './parameters.ts';
import { malformed } from './refusal.ts';

/**
 * Reads a JSON body.
 * @throws {Refusal} unless it is a JSON object within the bounds of parameters
 */
export function parseJson(text: string): Map<string, Given> {
  // A client that sets the type on every request has no body on some.
  if (text.trim() === '') return new Map();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed('The body is not the JSON that its Content-Type says it is.');
  }
  const given = readJson(value);
  checkNamesOnce(text, 'The body');
  return given;
}

/** Reads what was parsed from a JSON body, here or by a parser of the host's. Null is taken as not sent. */
export function readJson(value: unknown): Map<string, Given> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed('The body is JSON, but not an object of parameters.');
  }
  // A condition is JSON of its own grammar with its own bounds, whether it is sent as a text or as it is.
  const { condition, ...others } = value as Record<string, unknown>;
  checkStructure(others, parameterBounds, 'The body');
  const given = new Map<string, Given>();
  for (const [name, part] of Object.entries(others)) {
    const read = readValue(part);
    if (read !== null) given.set(name, read);
  }
  const read = Array.isArray(condition) ? JSON.stringify(condition) : readValue(condition ?? null);
  if (read !== null) given.set('condition', read);
  return given;
}

function readValue(value: unknown): Given | null {
  if (value === null) return null;
  if (Array.isArray(value)) return new Unusable('a list');
  if (typeof value === 'object') return value as Readonly<Record<string, unknown>>;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
