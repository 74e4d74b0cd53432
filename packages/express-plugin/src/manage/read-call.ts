import type { TObject, TSchema } from 'typebox';
import { checkStructure, parameterBounds } from '../contract/bounds.ts';
import { readRawBody } from '../contract/read-raw-body.ts';
import { Refusal, shown } from '../contract/refusal.ts';
import { queryOf, type HostRequest } from '../request.ts';
import { checkValues } from './check-values.ts';
import { Problem } from './problem.ts';
import type { ManageRoute } from './route.ts';

/** The most parameters that a query may have. */
const maxPairs = 50;

/**
 * Reads the query by a route's schema: each parameter at most once, a list with commas between its parts.
 *
 * @throws {Problem} `invalid_parameter`
 */
export function readQuery(request: HostRequest, schema: TObject | null): Record<string, unknown> | null {
  const pairs = [...new URLSearchParams(queryOf(request))];
  if (pairs.length > maxPairs) {
    throw new Problem('invalid_parameter', `There are ${pairs.length} parameters; at most ${maxPairs} are taken.`);
  }
  const given: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, text] of pairs) {
    if (name in given) {
      throw new Problem('invalid_parameter', `The parameter ${shown(name)} is there twice. Send it once, a list with commas.`, {
        part: name,
      });
    }
    given[name] = readText(text, schema?.properties[name]);
  }
  return checkValues(schema ?? nothing, given, { code: 'invalid_parameter', noun: 'parameter' });
}

const nothing = { type: 'object', properties: {} } as unknown as TObject;

/** A text of the query as what its schema has; as it is where it cannot be that. */
function readText(text: string, schema: (TSchema & { readonly type?: string }) | undefined): unknown {
  if (schema?.type === 'array') return [...new Set(text.split(','))];
  if (schema?.type === 'integer' && /^(?:0|[1-9][0-9]{0,15})$/.test(text)) return Number(text);
  return text;
}

/**
 * Reads a JSON body by a route's schema; null where the route takes none.
 *
 * @throws {Problem} `unsupported_media_type`, `invalid_body`
 */
export async function readBody(request: HostRequest, body: ManageRoute['body']): Promise<Record<string, unknown> | null> {
  const given = await readJson(request);
  if (body === null) {
    if (given !== undefined && Object.keys(given).length > 0) {
      throw new Problem('invalid_body', 'There is a body, and none is taken here. Leave it out.');
    }
    return null;
  }
  if (given === undefined && body.required) {
    throw new Problem('invalid_body', `The body is missing. Send a JSON object such as ${JSON.stringify(body.example)}.`);
  }
  return checkValues(body.schema, given ?? {}, { code: 'invalid_body', noun: 'member' });
}

async function readJson(request: HostRequest): Promise<Readonly<Record<string, unknown>> | undefined> {
  let value: unknown;
  try {
    const raw = await readRawBody(request);
    if (raw === undefined || raw === '') return undefined;
    const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
    if (!/^application\/(?:[^/]+\+)?json$/.test(type)) {
      throw new Problem(
        'unsupported_media_type',
        `The body is ${type === '' ? 'of no type' : shown(type)}. Send JSON with "Content-Type: application/json".`,
      );
    }
    value = typeof raw === 'string' ? parse(raw) : raw;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Problem('invalid_body', 'The body is JSON, but not an object. Send {…}.');
    }
    checkStructure(value, parameterBounds, 'The body');
  } catch (error) {
    throw error instanceof Refusal && error.status === 400 ? new Problem('invalid_body', error.message) : error;
  }
  return value as Readonly<Record<string, unknown>>;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem('invalid_body', 'The body is not the JSON that its Content-Type says it is.');
  }
}
