import type { IncomingMessage } from 'node:http';

/** A request as it arrives here: Node's, with what Express and the host's body parsers may have added to it. */
export type HostRequest = IncomingMessage & {
  /** The whole path and query; `url` is what is left of it below the mount point. */
  readonly originalUrl?: string;
  /** The client's address, as the host's `trust proxy` setting has it. */
  readonly ip?: string | undefined;
  /** What a body parser made of the body. */
  readonly body?: unknown;
};

/** The path below the mount point, without the query: `/Webhooks`. */
export function pathOf({ url = '' }: IncomingMessage): string {
  // A proxy's request carries the whole URL, and Express leaves its beginning in place.
  const path = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
  const end = path.indexOf('?');
  return end < 0 ? path : path.slice(0, end);
}

/** The text behind the question mark, as the client sent it: the parser of `req.query` belongs to the host. */
export function queryOf({ originalUrl, url = '' }: HostRequest): string {
  const whole = originalUrl ?? url;
  const start = whole.indexOf('?');
  return start < 0 ? '' : whole.slice(start + 1);
}
