import type { IncomingMessage } from 'node:http';

/**
 * Whether a request comes from a page of this very origin, or from no page at all. What changes something on the word of a
 * session must ask this: a browser sends the session's cookie along with what other sites make it send.
 */
export function isSameOrigin({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const site = headers['sec-fetch-site'];
  // "none" is what a person typed or bookmarked, which only ever reads.
  if (site !== undefined) return site === 'same-origin';
  const { origin, host } = headers;
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === host?.toLowerCase();
}
