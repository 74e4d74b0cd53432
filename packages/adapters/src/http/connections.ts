import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { Agent, Client, Pool, type buildConnector, type Dispatcher } from 'undici';
import type { HttpTransportOptions } from './http-options.ts';

/** How large the headers of an answer may be, in bytes. */
export const maxHeaderBytes = 16_384;

/** The headers and the body that may be read, and what one read may bring on top, in bytes. */
const maxAnswerBytes = maxHeaderBytes + 65_536 + 65_536;

/** Who reads an answer. */
export interface Reader {
  /** Whether the headers of the answer itself have ended. */
  readonly hasHeaders: () => boolean;
  /** More has arrived than any answer may have. */
  readonly overflow: () => void;
}

/** One connection to a receiver, as far as it says what may have become of a request. */
export class Connection {
  /** Answers that came over it. */
  answers = 0;
  #reader: Reader | undefined;
  #readBefore = 0;
  #parsed = 0;
  #socket: Socket | undefined;
  /** No less than the time that its bytes take to the receiver and back, in milliseconds. */
  #roundTripMs = 0;

  /** @param tookMs how long that took; TLS takes two round trips or more, plain connections one */
  opened(tookMs: number, secure: boolean): void {
    this.answers = 0;
    this.#roundTripMs = secure ? tookMs / 2 : tookMs;
  }

  /**
   * Tells when more arrives than an answer may have in all. Where neither headers nor body grow, nobody else counts: a reason,
   * a chunk's extension and answers before the answer have no end that the parser knows of.
   */
  watch(reader: Reader): void {
    this.#reader = reader;
    this.#parsed = 0;
    this.#readBefore = this.#socket?.bytesRead ?? 0;
  }

  /** How much has arrived of the answer, what the parser has not looked at yet included, in bytes. */
  arrivedBytes(): number {
    return (this.#socket?.bytesRead ?? 0) - this.#readBefore;
  }

  /** Counts what arrives over it. */
  over(socket: Socket): void {
    this.#reader = undefined;
    this.#socket = socket;
    socket.on('readable', () => {
      const reader = this.#reader;
      if (reader === undefined) return;
      const arrived = this.arrivedBytes();
      // What had arrived when this ran last has been parsed since.
      if (arrived > maxAnswerBytes || (this.#parsed > maxHeaderBytes && !reader.hasHeaders())) reader.overflow();
      this.#parsed = arrived;
    });
  }

  answered(tookMs: number): void {
    this.answers += 1;
    this.#reader = undefined;
    if (tookMs < this.#roundTripMs) this.#roundTripMs = tookMs;
  }

  /**
   * Whether something that is seen so long after a request was written began before the request arrived. The time of a
   * round trip is only known from above, hence the half of it; and where it is so short that it is mostly the time of
   * this process, the answer is no.
   */
  isBeforeArrival(sinceWrittenMs: number): boolean {
    return this.#roundTripMs >= measurableMs && sinceWrittenMs < this.#roundTripMs / 2;
  }
}

/** The shortest round trip that can be told from the work of this process, in milliseconds. */
const measurableMs = 10;

/** A handler that is told over which connection its request goes. */
export interface ConnectedHandler extends Dispatcher.DispatchHandler {
  connection: Connection | undefined;
}

/** Opens sockets. */
export type Connector = buildConnector.connector;

/** Receives what each attempt to open a connection came to: the error, or null. */
export type OnConnected = (error: Error | null, hostname: string) => void;

/**
 * Pooled keep-alive connections, one request at a time on each: HTTP/1.1 without pipelining, so that no answer can hold
 * up another. Every socket is opened by `connector`, which guards addresses.
 */
export function openConnections(
  options: Pick<HttpTransportOptions, 'connections' | 'maxOrigins' | 'keepAliveMs' | 'headersMs' | 'monotonicNow'>,
  connector: Connector,
  onConnected: OnConnected,
): Agent {
  return new Agent({
    allowH2: false,
    pipelining: 1,
    connections: options.connections,
    maxOrigins: options.maxOrigins,
    keepAliveTimeout: options.keepAliveMs,
    keepAliveMaxTimeout: 60_000,
    // More than can arrive: beyond it undici makes an error of every further header, which costs 90 ms of processor time for
    // each answer that has enough of them. The limit is ours to watch.
    maxHeaderSize: 4 * maxAnswerBytes,
    headersTimeout: options.headersMs,
    // The same as above, so that undici keeps one timer for both: two different ones cost a tenth of the throughput.
    bodyTimeout: options.headersMs,
    factory: (origin, poolOptions: Pool.Options) =>
      new Pool(origin, {
        ...poolOptions,
        factory: (url, clientOptions: Client.Options) =>
          new ConnectedClient(url, clientOptions, connector, onConnected, options.monotonicNow),
      }),
  });
}

/** An undici client, which is one connection at a time, that tells its handlers so. */
class ConnectedClient extends Client {
  readonly #connection: Connection;

  constructor(url: URL, options: Client.Options, connector: Connector, onConnected: OnConnected, now: () => number) {
    const connection = new Connection();
    super(url, {
      ...options,
      connect(target, callback) {
        const began = now();
        connector(target, (...result) => {
          if (result[0] === null) {
            connection.opened(now() - began, target.protocol === 'https:');
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
