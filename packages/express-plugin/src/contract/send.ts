import type { ServerResponse } from 'node:http';

/** An answer before it is sent. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends an answer, unless the client has gone, or somebody else has answered meanwhile (a time-out of the host's). */
export function send(response: ServerResponse, { status, contentType, headers, body }: Answer): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    ...headers,
    'Content-Type': contentType,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  // Node leaves the body of an answer to HEAD out.
  response.end(body);
}
