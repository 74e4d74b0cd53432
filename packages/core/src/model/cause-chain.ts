/** The header of a delivery that names what led to it. */
export const causeHeader = 'webhook-cause';

/** How many causes are kept and sent, the nearest ones: no chain is taken to be longer. */
export const longestChain = 32;

/** What an id is in a chain: as it can stand in a header, without what lists are made with. */
const causeId = /^[A-Za-z0-9._~%:-]{1,64}$/;
/** Beyond what 32 ids of 64 characters take, nobody needs to look for more of them. */
const mostCharacters = 4_096;

/** The headers of a request: Node's, or those of `fetch`. */
export type IncomingHeaders =
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | { readonly get: (name: string) => string | null };

/**
 * The chain that events inherit which are emitted while a request is handled: what its `webhook-cause` says, and its
 * `webhook-id` where that does not stand there already; ids of deliveries, the oldest first. Whoever sends it may have made
 * it up, so nothing in it throws: what is no chain counts as none, and of a long one the end is taken.
 */
export function chainOfRequest(headers: IncomingHeaders): readonly string[] {
  const chain = readChain(headerOf(headers, causeHeader));
  const id = headerOf(headers, 'webhook-id');
  return causeId.test(id) && chain.at(-1) !== id ? withCause(chain, id) : chain;
}

/** The chain that a text has; an empty one when it is none. */
export function readChain(text: string): readonly string[] {
  if (text === '') return [];
  const isCut = text.length > mostCharacters;
  const ids = text.slice(-mostCharacters).split(',');
  // The first one may be half of an id.
  const chain = (isCut ? ids.slice(1) : ids).slice(-longestChain).map((id) => id.trim());
  return chain.every((id) => causeId.test(id)) ? chain : [];
}

/** The text of a chain, as it is sent and kept. */
export function writeChain(chain: readonly string[]): string {
  return chain.join(', ');
}

/** A chain with one more cause, the nearest. */
export function withCause(chain: readonly string[], deliveryId: string): readonly string[] {
  const id = causeId.test(deliveryId)
    ? deliveryId
    : encodeURIComponent(deliveryId)
        .replaceAll(/[!'()*]/g, '.')
        .slice(0, 64);
  return [...chain, id].slice(-longestChain);
}

function headerOf(headers: IncomingHeaders, name: string): string {
  const isFetched = typeof headers.get === 'function';
  const value = isFetched ? headers.get(name) : (headers as Readonly<Record<string, unknown>>)[name];
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'string').join(', ');
  return typeof value === 'string' ? value : '';
}
