import { resolveOptions, type TransportAdapter, type TransportResult } from '@hookwell/core';
import QuickLRU from 'quick-lru';
import type { Agent } from 'undici';
import { openConnections, plainConnector, type Connector } from './connections.ts';
import { Exchange, type ExchangeContext } from './exchange.ts';
import { failure, Outages } from './failure.ts';
import { HttpTransportOptionsSchema, type HttpTransportOptions, type HttpTransportOptionsInput } from './http-options.ts';
import { InFlight } from './in-flight.ts';
import { readUrl, type Target } from './read-url.ts';

/** URLs whose parts are remembered; parsing one for each request would cost a third of the throughput. */
const rememberedUrls = 5_000;

/**
 * Sends payloads over HTTP/1.1, pooled and kept alive, one request at a time on a connection. It follows no redirects,
 * unpacks nothing, reads at most 64 KiB of an answer and keeps 4 KiB of it.
 *
 * @throws {HookwellError} `invalid_option`
 * @example
 * const engine = createEngine({ storage, catalog, transports: [httpTransport({ totalMs: 10_000 })] })
 */
export function httpTransport(options: HttpTransportOptionsInput = {}): TransportAdapter {
  const resolved = resolveOptions(HttpTransportOptionsSchema, options, 'httpTransport');
  return httpTransportOver(plainConnector(resolved), resolved);
}

/** An {@link httpTransport} whose sockets are opened by `connector`. */
export function httpTransportOver(connector: Connector, options: HttpTransportOptions): TransportAdapter {
  const { protocols, totalMs, monotonicNow } = options;
  const outages = new Outages(monotonicNow);
  const inFlight = new InFlight<Exchange>(monotonicNow);
  const targets = new QuickLRU<string, Target | string>({ maxSize: rememberedUrls });
  let agent: Agent | undefined;
  let context: ExchangeContext | undefined;
  let stopping: Promise<void> | undefined;

  function targetOf(url: string): Target | string {
    let target = targets.get(url);
    if (target === undefined) {
      target = readUrl(url, protocols);
      targets.set(url, target);
    }
    return target;
  }

  async function close(closed: Agent): Promise<void> {
    await inFlight.empty();
    inFlight.close();
    await closed.destroy();
  }

  return {
    name: 'http',
    schemes: protocols,
    deadlineMs: totalMs,

    async start({ now }) {
      await stopping;
      if (agent) return;
      context = { options, outages, now, onSettled: (exchange) => inFlight.remove(exchange) };
      agent = openConnections(options, connector, (error, hostname) => outages.connected(error, hostname));
    },

    checkUrl(url) {
      const target = readUrl(url, protocols);
      return typeof target === 'string' ? target : null;
    },

    // Not an async function: wrapping one promise in another is measurable here.
    send(request) {
      if (!agent || !context) return Promise.resolve(failure('local', 'the http transport is not running'));
      const target = targetOf(request.url);
      if (typeof target === 'string') {
        return Promise.resolve(failure('policy', `its URL may not be sent to: ${target}`));
      }
      return transmit(agent, context, inFlight, target, request);
    },

    async stop() {
      if (agent) {
        stopping = close(agent);
        agent = undefined;
      }
      await stopping;
    },
  };
}

function transmit(
  agent: Agent,
  context: ExchangeContext,
  inFlight: InFlight<Exchange>,
  { origin, path }: Target,
  { headers, body }: { readonly headers: readonly string[]; readonly body: string },
): Promise<TransportResult> {
  return new Promise((resolve) => {
    const exchange = new Exchange(context, resolve);
    inFlight.add(exchange);
    try {
      // undici only reads the headers, although its types do not say so.
      agent.dispatch({ origin, path, method: 'POST', headers: headers as string[], body }, exchange);
    } catch (error) {
      exchange.onResponseError(null, error);
    }
  });
}
