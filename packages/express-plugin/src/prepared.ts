import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { HostRequest } from './request.ts';

/** A body that is sent again and again, and asked for by clients that have it. */
export interface Prepared {
  readonly contentType: string;
  readonly plain: Buffer;
  /** Compressed; null where that saves nothing, or is not worth it. */
  readonly small: Buffer | null;
  readonly etag: string;
}

/** Prepares a body that will be sent as it is, however often it is asked for. */
export function prepare(contentType: string, plain: Buffer): Prepared {
  const etag = `"${createHash('sha256').update(plain).digest('base64url').slice(0, 22)}"`;
  return { contentType, plain, small: null, etag };
}

/** Prepares a body, compressed too where that makes it smaller. */
export async function prepareSmall(contentType: string, plain: Buffer): Promise<Prepared> {
  const small = await promisify(gzip)(plain, { level: 9 });
  return { ...prepare(contentType, plain), small: small.length < plain.length ? small : null };
}

/** How a prepared body is sent. */
interface Sending {
  /** `Cache-Control`, and what else the answer carries, with a body or without. */
  readonly headers: Readonly<Record<string, string>>;
  /** When the body came to be; clients that know no better may ask by that. */
  readonly modified?: Date;
}

/** Answers 200 with the body, or 304 to a client that has it. */
export function sendPrepared(
  request: HostRequest,
  response: ServerResponse,
  { contentType, plain, small, etag }: Prepared,
  { headers, modified }: Sending,
): void {
  if (response.headersSent || response.destroyed) return;
  const common = {
    ...headers,
    ETag: etag,
    'X-Content-Type-Options': 'nosniff',
    ...(modified && { 'Last-Modified': modified.toUTCString() }),
    ...(small && { Vary: 'Accept-Encoding' }),
  };
  if (isKnown(request.headers, etag, modified)) {
    response.writeHead(304, common).end();
    return;
  }
  const compressed = small !== null && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '') ? small : null;
  const body = compressed ?? plain;
  response.writeHead(200, {
    ...common,
    'Content-Type': contentType,
    'Content-Length': body.length,
    ...(compressed && { 'Content-Encoding': 'gzip' }),
  });
  // Node leaves the body of an answer to HEAD out.
  response.end(body);
}

/** Whether the client has it already. */
function isKnown(headers: HostRequest['headers'], etag: string, modified: Date | undefined): boolean {
  const known = headers['if-none-match'];
  if (known !== undefined) {
    return known.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag);
  }
  return modified !== undefined && Date.parse(headers['if-modified-since'] ?? '') >= modified.getTime();
}
