import { maxBodyBytes, parameterBounds } from './bounds.ts';
import type { Given } from './parameters.ts';
import { nestPairs, parseForm } from './parse-form.ts';
import { parseJson, readJson } from './parse-json.ts';
import { malformed, Refusal } from './refusal.ts';
import type { HostRequest } from '../request.ts';

/**
 * Reads the parameters of a body, whatever the method: form or JSON, from the stream, or from what a body parser of the
 * host has made of it.
 *
 * @throws {Refusal} 400 for a body that is too large, ends early or is neither; 500 when somebody read and dropped it
 */
export async function readBody(request: HostRequest): Promise<Map<string, Given>> {
  if (Number(request.headers['content-length']) > maxBodyBytes) throw tooLarge();
  // Express 4 sets an empty `body` on requests that no parser has touched: only the stream tells.
  const body = request.readableDidRead ? request.body : await readStream(request);
  const kind = kindOf(request);
  if (body === undefined) {
    if (!hasBody(request)) return new Map();
    throw new Refusal(
      500,
      'The body of this request was read before it came here, and not kept. Whoever runs this server must mount the webhooks before whatever reads it, or keep the body in "request.body".',
    );
  }
  if (typeof body === 'string' || Buffer.isBuffer(body)) return parseText(textOf(body), kind);
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

async function readStream(request: HostRequest): Promise<Buffer> {
  const { 'content-encoding': encoding = 'identity' } = request.headers;
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    // Destroying the stream on the way out would take the connection with it, and the answer.
    for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > maxBodyBytes) throw tooLarge();
      if (encoding.toLowerCase() !== 'identity') {
        throw malformed('A compressed body is not taken. Send it as it is, without Content-Encoding.');
      }
      parts.push(part);
    }
  } catch (error) {
    // The rest is thrown away as it comes, so that the connection can go on.
    request.resume();
    throw error instanceof Refusal ? error : malformed('The body ended before it was complete.');
  }
  return Buffer.concat(parts);
}

function textOf(body: string | Buffer): string {
  if (Buffer.byteLength(body) > maxBodyBytes) throw tooLarge();
  if (typeof body === 'string') return body;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    throw malformed('The body is not UTF-8.');
  }
}

function tooLarge(): Refusal {
  return malformed(`The body is too large: ${maxBodyBytes / 1_024} KiB are taken.`);
}

function hasBody({ headers }: HostRequest): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
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
