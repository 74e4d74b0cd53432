import { maxBodyBytes } from './bounds.ts';
import { malformed, Refusal } from './refusal.ts';
import type { HostRequest } from '../request.ts';

/**
 * Reads a body, whatever the method: its text, from the stream or as a body parser of the host has kept it, or what such a
 * parser has made of it; undefined when there is none.
 *
 * @throws {Refusal} 400 for a body that is too large, ends early or is no text; 500 when somebody read and dropped it
 */
export async function readRawBody(request: HostRequest): Promise<unknown> {
  if (Number(request.headers['content-length']) > maxBodyBytes) throw tooLarge();
  // Express 4 sets an empty `body` on requests that no parser has touched: only the stream tells.
  const body = request.readableDidRead ? request.body : await readStream(request);
  if (body === undefined) {
    if (!hasBody(request)) return undefined;
    throw new Refusal(
      500,
      'The body of this request was read before it came here, and not kept. Whoever runs this server must mount the webhooks before whatever reads it, or keep the body in "request.body".',
    );
  }
  return typeof body === 'string' || Buffer.isBuffer(body) ? textOf(body) : body;
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
