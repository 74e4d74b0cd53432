import { EventEmitter } from 'node:events';
import { Client, type buildConnector, type Dispatcher, errors } from 'undici';
import { Connection, maxAnswerBytes } from './connection.ts';
import type { HttpTransportOptions } from './http-options.ts';

/** A request as it goes to undici. */
export type OriginRequest = Dispatcher.DispatchOptions & { readonly origin: string };

/** A handler that is told over which connection its request goes, and that says there when it has ended. */
export interface ConnectedHandler extends Dispatcher.DispatchHandler {
  connection: Connection | undefined;
}

/** Opens sockets. */
export type Connector = buildConnector.connector;

/** Receives what each attempt to open a connection came to: the error, or null. */
export type OnConnected = (error: Error | null, hostname: string) => void;

interface ConnectionsContext {
  readonly options: Pick<HttpTransportOptions, 'connections' | 'maxOrigins' | 'keepAliveMs' | 'headersMs' | 'monotonicNow'>;
  /** Guards addresses. */
  readonly connector: Connector;
  readonly onConnected: OnConnected;
}

/**
 * Pooled keep-alive connections, one request at a time on each: HTTP/1.1 without pipelining, so that no answer can hold
 * up another. Every socket is opened by the connector. What undici's own pool would do: but here the connection that was
 * answered last is the next to be used, before undici has put it to rest and set a timer for that, and nobody looks
 * through all of them for one that is free.
 */
export class Connections {
  readonly #context: ConnectionsContext;
  readonly #origins = new Map<string, Origin>();

  constructor(context: ConnectionsContext) {
    this.#context = context;
  }

  /** Sends a request over a connection to its origin as soon as one is free; the handler is told of everything. */
  dispatch(request: OriginRequest, handler: ConnectedHandler): void {
    let origin = this.#origins.get(request.origin);
    if (!origin) {
      if (this.#origins.size >= this.#context.options.maxOrigins) throw new errors.MaxOriginsReachedError();
      origin = new Origin(request.origin, this.#context, () => this.#origins.delete(request.origin));
      this.#origins.set(request.origin, origin);
    }
    origin.dispatch(request, handler);
  }

  /** Closes all of them, whatever is under way. */
  async destroy(): Promise<void> {
    await Promise.all([...this.#origins.values()].map(async (origin) => origin.destroy()));
  }
}

/** The connections to one origin. */
class Origin {
  readonly #url: string;
  readonly #context: ConnectionsContext;
  readonly #onUnused: () => void;
  readonly #clients = new Set<ConnectedClient>();
  /** Those without a request; the one that was used last comes last. */
  readonly #free: ConnectedClient[] = [];
  /** Requests that found none free. */
  readonly #waiting: { readonly request: OriginRequest; readonly handler: ConnectedHandler }[] = [];

  constructor(url: string, context: ConnectionsContext, onUnused: () => void) {
    this.#url = url;
    this.#context = context;
    this.#onUnused = onUnused;
  }

  dispatch(request: OriginRequest, handler: ConnectedHandler): void {
    const client = this.#free.pop() ?? this.#open();
    if (client) client.dispatch(request, handler);
    else this.#waiting.push({ request, handler });
  }

  async destroy(): Promise<void> {
    for (const { handler } of this.#waiting.splice(0))
      handler.onResponseError?.(null as never, new errors.ClientDestroyedError());
    await Promise.all([...this.#clients].map(async (client) => client.destroy()));
  }

  #open(): ConnectedClient | undefined {
    if (this.#clients.size >= this.#context.options.connections) return undefined;
    const client = new ConnectedClient(this.#url, this.#context, () => this.#freed(client));
    this.#clients.add(client);
    client.on('disconnect', () => this.#disconnected(client));
    client.on('connectionError', () => this.#forget(client));
    return client;
  }

  #freed(client: ConnectedClient): void {
    if (!this.#clients.has(client)) return;
    const next = this.#waiting.shift();
    if (next) client.dispatch(next.request, next.handler);
    else if (client.stats.connected) this.#free.push(client);
    else this.#forget(client);
  }

  /** One with a request that was not written yet connects again by itself; one whose request broke off is freed by that. */
  #disconnected(client: ConnectedClient): void {
    const index = this.#free.indexOf(client);
    if (index === -1) return;
    this.#free.splice(index, 1);
    this.#forget(client);
  }

  #forget(client: ConnectedClient): void {
    if (!this.#clients.delete(client)) return;
    client.close(() => undefined);
    const next = this.#waiting.shift();
    if (next) this.dispatch(next.request, next.handler);
    else if (this.#clients.size === 0) this.#onUnused();
  }
}

/** An undici client, which is one connection at a time, that tells its handlers so. */
class ConnectedClient extends Client {
  readonly #connection: Connection;

  /** @param onFree is told when its request has ended */
  constructor(origin: string, { options, connector, onConnected }: ConnectionsContext, onFree: () => void) {
    const { keepAliveMs, headersMs, monotonicNow } = options;
    const connection = new Connection(onFree);
    super(origin, {
      allowH2: false,
      pipelining: 1,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: 60_000,
      // More than can arrive: beyond it undici makes an error of every further header, which costs 90 ms of processor time for
      // each answer that has enough of them. The limit is ours to watch.
      maxHeaderSize: 4 * maxAnswerBytes,
      headersTimeout: headersMs,
      // The same as above, so that undici keeps one timer for both: two different ones cost a tenth of the throughput.
      bodyTimeout: headersMs,
      connect(target, callback) {
        const began = monotonicNow();
        connector(target, (...result) => {
          if (result[0] === null) {
            connection.opened(monotonicNow() - began, target.protocol === 'https:');
            connection.over(result[1]);
          }
          onConnected(result[0], target.hostname);
          callback(...result);
        });
      },
    });
    this.#connection = connection;
    // What undici cannot tell a handler it emits here, where an error without a listener would end the process.
    EventEmitter.prototype.on.call(this, 'error', () => undefined);
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: ConnectedHandler): boolean {
    handler.connection = this.#connection;
    return super.dispatch(options, handler);
  }
}
