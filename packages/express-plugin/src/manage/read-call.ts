import type { TObject, TSchema } from 'typebox';
import { checkStructure, parameterBounds, type Bounds } from '../contract/bounds.ts';
import { checkNamesOnce } from '../contract/check-names-once.ts';
import { readRawBody } from '../contract/read-raw-body.ts';
import { shown } from '../contract/refusal.ts';
import { queryOf, type HostRequest } from '../request.ts';
import { checkValues, isNested } from './check-values.ts';
import { Problem } from './problem.ts';
import type { ManageRoute } from './route.ts';

/** How much structure a member may have whose schema has members of its own: more than any filter may. */
const nestedBounds: Bounds = { names: 300, depth: 24 };

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
 * @throws {Refusal} 400 for a body that cannot be read
 */
export async function readBody(request: HostRequest, body: ManageRoute['body']): Promise<Record<string, unknown> | null> {
  const given = await readJson(request, body);
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

async function readJson(request: HostRequest, body: ManageRoute['body']): Promise<Readonly<Record<string, unknown>> | undefined> {
  const raw = await readRawBody(request);
  if (raw === undefined || raw === '') return undefined;
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (!/^application\/(?:[^/]+\+)?json$/.test(type)) {
    throw new Problem(
      'unsupported_media_type',
      `The body is ${type === '' ? 'of no type' : shown(type)}. Send JSON with "Content-Type: application/json".`,
    );
  }
  const value: unknown = typeof raw === 'string' ? parse(raw) : raw;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Problem('invalid_body', 'The body is JSON, but not an object. Send {…}.');
  }
  const given = value as Readonly<Record<string, unknown>>;
  const schemas: Readonly<Record<string, TSchema>> = body?.schema.properties ?? {};
  const nested = Object.keys(given).filter((name) => Object.hasOwn(schemas, name) && isNested(schemas[name] as TSchema));
  for (const name of nested) checkStructure(given[name], nestedBounds, `The member "${name}"`);
  const others = Object.fromEntries(Object.entries(given).filter(([name]) => !nested.includes(name)));
  checkStructure(others, parameterBounds, 'The body');
  if (typeof raw === 'string') checkNamesOnce(raw, 'The body');
  return given;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem('invalid_body', 'The body is not the JSON that its Content-Type says it is.');
  }
}
