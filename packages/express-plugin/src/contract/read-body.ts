import { parameterBounds } from './bounds.ts';
import type { Given } from './parameters.ts';
import { nestPairs, parseForm } from './parse-form.ts';
import { parseJson, readJson } from './parse-json.ts';
import { readRawBody } from './read-raw-body.ts';
import { malformed } from './refusal.ts';
import type { HostRequest } from '../request.ts';

/**
 * Reads the parameters of a body, whatever the method: form or JSON, from the stream, or from what a body parser of the
 * host has made of it.
 *
 * @throws {Refusal} 400 for a body that is too large, ends early or is neither; 500 when somebody read and dropped it
 */
export async function readBody(request: HostRequest): Promise<Map<string, Given>> {
  const body = await readRawBody(request);
  const kind = kindOf(request);
  if (body === undefined) return new Map();
  if (typeof body === 'string') return parseText(body, kind);
  return kind === 'form' ? nestPairs(pairsOf(body)) : readJson(body);
}

type Kind = 'form' | 'json' | 'unknown';

function kindOf({ headers }: HostRequest): Kind {
  const type = (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/x-www-form-urlencoded') return 'form';
  if (/^(?:application|text)\/(?:[^/]+\+)?json$/.test(type)) return 'json';
  if (type.startsWith('multipart/')) {
    throw malformed('A multipart body is not taken. Send a form as application/x-www-form-urlencoded, or application/json.');
  }
  return 'unknown';
}

/** A body without a type that says what it is: JSON when it looks like an object, else a form (ours). */
function parseText(text: string, kind: Kind): Map<string, Given> {
  return kind === 'json' || (kind === 'unknown' && text.trimStart().startsWith('{')) ? parseJson(text) : parseForm(text);
}

/** Takes a form apart again that a parser of the host's has put together, nested or flat, so that one rule holds for all. */
function pairsOf(body: unknown): (readonly [name: string, value: string])[] {
  const pairs: (readonly [name: string, value: string])[] = [];
  const walk = (name: string, value: unknown, depth: number): void => {
    if (pairs.length > parameterBounds.names) return;
    if (typeof value !== 'object' || value === null || depth > parameterBounds.depth) {
      if (name !== '') pairs.push([name, typeof value === 'string' ? value : JSON.stringify(value ?? '')]);
    } else if (Array.isArray(value)) {
      // A list of one was written as a list; of two it may have been the same name twice.
      for (const part of value) walk(value.length === 1 ? `${name}[]` : name, part, depth + 1);
    } else {
      for (const [inner, part] of Object.entries(value)) walk(name === '' ? inner : `${name}[${inner}]`, part, depth + 1);
    }
  };
  walk('', body, 0);
  return pairs;
}
