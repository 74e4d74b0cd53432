import { HookwellError } from './errors.ts';
import { listed } from './model/suggestion.ts';
import type { TransportAdapter } from './transport-adapter.ts';

/** The transports of an engine, found by the scheme of a URL. */
export interface TransportsByScheme {
  readonly find: (url: string) => TransportAdapter | undefined;
  /** Says in one sentence what is wrong with a URL, and null when nothing is. */
  readonly checkUrl: (url: string) => string | null;
  /** The longest deadline of them, in milliseconds. */
  readonly deadlineMs: number;
}

/** The longest URL that a subscription may have, in bytes. */
const maxUrlBytes = 2_048;

/**
 * Indexes transports by scheme.
 *
 * @throws {HookwellError} `invalid_option` when two of them want the same scheme
 */
export function transportsByScheme(transports: readonly TransportAdapter[]): TransportsByScheme {
  const byScheme = new Map<string, TransportAdapter>();
  for (const transport of transports) {
    for (const scheme of transport.schemes) {
      const other = byScheme.get(scheme);
      if (other) {
        throw new HookwellError(
          'invalid_option',
          `createEngine: the transports "${other.name}" and "${transport.name}" both send to "${scheme}"; leave one of them out.`,
          { value: scheme },
        );
      }
      byScheme.set(scheme, transport);
    }
  }
  const find = (url: string): TransportAdapter | undefined =>
    byScheme.get(/^[A-Za-z][A-Za-z0-9+.-]*:/.exec(url)?.[0].toLowerCase() ?? '');
  return {
    find,
    checkUrl(url) {
      if (Buffer.byteLength(url) > maxUrlBytes) return `it is longer than ${maxUrlBytes} bytes`;
      const transport = find(url);
      if (!transport) return `it must begin with one of ${listed([...byScheme.keys()])}`;
      return transport.checkUrl(url);
    },
    deadlineMs: Math.max(0, ...transports.map((transport) => transport.deadlineMs)),
  };
}
