import { resolveOptions, type TransportAdapter, type TransportRequest, type TransportResult } from '@hookwell/core';
import QuickLRU from 'quick-lru';
import { AccessTokens } from './access-tokens.ts';
import { AddressGuard } from './address-guard.ts';
import { maxKeptBytes } from './answer-text.ts';
import { AuthorizedSend } from './authorized-send.ts';
import { Connections, type Connector, type OnConnected } from './connections.ts';
import { Exchange, maxReadBytes, type ExchangeContext } from './exchange.ts';
import { failure, Outages, refusedUrl } from './failure.ts';
import { guardedConnector } from './guarded-connector.ts';
import { HttpTransportOptionsSchema, type HttpTransportOptions, type HttpTransportOptionsInput } from './http-options.ts';
import { InFlight, type Limited } from './in-flight.ts';
import { readOAuth2Clients, type TokenRequest } from './oauth2-client.ts';
import { readUrl, type Target } from './read-url.ts';

/** URLs whose parts are remembered; parsing one for each request would cost a third of the throughput. */
const rememberedUrls = 5_000;

/**
 * Sends payloads over HTTP/1.1, pooled and kept alive, one request at a time on a connection. It follows no redirects,
 * unpacks nothing, reads at most 64 KiB of an answer and keeps 4 KiB of it. It connects to addresses of the public internet
 * only, and to what `allow` names.
 *
 * @throws {HookwellError} `invalid_option`
 * @example
 * const engine = createEngine({ storage, catalog, transports: [httpTransport({ totalMs: 10_000 })] })
 */
export function httpTransport(options: HttpTransportOptionsInput = {}): TransportAdapter {
  const resolved = resolveOptions(HttpTransportOptionsSchema, options, 'httpTransport');
  const guard = new AddressGuard(resolved);
  return httpTransportOver(guardedConnector(resolved, guard), guard, resolved);
}

/** An {@link httpTransport} whose sockets are opened by `connector`. */
export function httpTransportOver(connector: Connector, guard: AddressGuard, options: HttpTransportOptions): TransportAdapter {
  const { protocols, totalMs, monotonicNow } = options;
  const rules = { protocols, guard };
  const outages = new Outages(monotonicNow);
  const inFlight = new InFlight<Limited>(monotonicNow);
  const tokens = readOAuth2Clients(options.oauth2, rules).map((client) => new AccessTokens(client, { ask, monotonicNow }));
  const targets = new QuickLRU<string, Target | string>({ maxSize: rememberedUrls });
  let connections: Connections | undefined;
  let context: ExchangeContext | undefined;
  let stopping: Promise<void> | undefined;
  const track = (exchange: Exchange): void => inFlight.add(exchange);

  function targetOf(url: string): Target | string {
    let target = targets.get(url);
    if (target === undefined) {
      target = readUrl(url, rules);
      targets.set(url, target);
    }
    return target;
  }

  async function ask(request: TokenRequest): Promise<TransportResult> {
    if (!connections || !context) return failure('local', stopped);
    return transmit(connections, { ...context, keptBytes: maxReadBytes }, request.target, request, track);
  }

  async function close(closed: Connections): Promise<void> {
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
      if (connections) return;
      context = { options, outages, now, keptBytes: maxKeptBytes, onSettled: (exchange) => inFlight.remove(exchange) };
      const onConnected: OnConnected = (error, hostname) => outages.connected(error, hostname);
      connections = new Connections({ options, connector, onConnected });
    },

    checkUrl(url) {
      const target = readUrl(url, rules);
      return typeof target === 'string' ? target : null;
    },

    // Not an async function: wrapping one promise in another is measurable here.
    send(request) {
      if (!connections || !context) return Promise.resolve(failure('local', stopped));
      const target = targetOf(request.url);
      if (typeof target === 'string') {
        return Promise.resolve(failure('policy', refusedUrl(target)));
      }
      // It would tell its receiver that it is meant for another host than its URL says.
      if (hasHeader(request.headers, 'host')) {
        return Promise.resolve(failure('policy', 'it has a Host header, which only its URL decides; leave it out'));
      }
      const own = tokens.find(({ isFor }) => isFor(target, request.accountId));
      if (own && !hasHeader(request.headers, 'authorization'))
        return sendAuthorized(connections, { ...context, inFlight }, own, target, request);
      return transmit(connections, context, target, request, track);
    },

    async stop() {
      if (connections) {
        stopping = close(connections);
        connections = undefined;
      }
      await stopping;
    },
  };
}

const stopped = 'the http transport is not running';

function hasHeader(headers: readonly string[], wanted: string): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index];
    if (name?.length === wanted.length && name.toLowerCase() === wanted) return true;
  }
  return false;
}

/** Sends a request with a token, as one piece of work: its exchanges have no times of their own. */
function sendAuthorized(
  connections: Connections,
  context: ExchangeContext & { readonly inFlight: InFlight<Limited> },
  tokens: AccessTokens,
  target: Target,
  { headers, body }: TransportRequest,
): Promise<TransportResult> {
  const { options, inFlight } = context;
  const send = new AuthorizedSend({
    totalMs: options.totalMs,
    monotonicNow: options.monotonicNow,
    tokens,
    transmit: (token, begun) => {
      const authorized = { headers: [...headers, 'authorization', `Bearer ${token}`], body };
      return transmit(connections, { ...context, onSettled: () => undefined }, target, authorized, begun);
    },
    onSettled: (settled) => inFlight.remove(settled),
  });
  inFlight.add(send);
  void send.run();
  return send.result;
}

/** @param begun is told of the exchange, to end it in time */
function transmit(
  connections: Connections,
  context: ExchangeContext,
  { origin, path }: Target,
  { headers, body }: { readonly headers: readonly string[]; readonly body: string },
  begun: (exchange: Exchange) => void,
): Promise<TransportResult> {
  return new Promise((resolve) => {
    const exchange = new Exchange(context, resolve);
    begun(exchange);
    try {
      // undici only reads the headers, although its types do not say so.
      connections.dispatch({ origin, path, method: 'POST', headers: headers as string[], body }, exchange);
    } catch (error) {
      exchange.onResponseError(null, error);
    }
  });
}
