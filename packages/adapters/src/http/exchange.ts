import { readAnswer, type TransportResult } from '@hookwell/core';
import type { Dispatcher } from 'undici';
import { answerText } from './answer-text.ts';
import { maxHeaderBytes, type Connection } from './connection.ts';
import type { ConnectedHandler } from './connections.ts';
import { failure, failureOf, isClosing, type Failure, type Outages } from './failure.ts';
import type { HttpTransportOptions } from './http-options.ts';
import type { Limited } from './in-flight.ts';

/** How much of an answer is read, in bytes; then the connection is given up. */
export const maxReadBytes = 65_536;

const tooLargeHeaders = 'the headers of the answer are larger than 16 KiB';

/** What all exchanges of a transport share. */
export interface ExchangeContext {
  readonly options: Pick<HttpTransportOptions, 'totalMs' | 'connectMs' | 'headersMs' | 'monotonicNow'>;
  readonly outages: Pick<Outages, 'shared'>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** How much of an answer is kept, in bytes. */
  readonly keptBytes: number;
  readonly onSettled: (exchange: Exchange) => void;
}

/** One request and its answer: settles once, with a result, whatever undici reports and in which order. */
export class Exchange implements ConnectedHandler, Limited {
  readonly dueAt: number;
  connection: Connection | undefined = undefined;
  readonly #context: ExchangeContext;
  readonly #resolve: (result: TransportResult) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #settled = false;
  #reused = false;
  #writtenAt = 0;
  #answering = false;
  #status = 0;
  #retryAfter: string | null = null;
  #read = 0;
  #kept: Buffer | null = null;

  constructor(context: ExchangeContext, resolve: (result: TransportResult) => void) {
    this.#context = context;
    this.#resolve = resolve;
    this.dueAt = context.options.monotonicNow() + context.options.totalMs;
  }

  /** Ends it because its time is over. */
  expire(): void {
    this.#incomplete(
      failure('endpoint', `no ${this.#answering ? 'complete ' : ''}answer within ${this.#context.options.totalMs} ms`),
    );
    this.#giveUp();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Its time was over while it waited for a connection. Throwing here keeps it from being written, and the connection.
    if (this.#settled) throw new Error('the time of this request is over');
    this.#controller = controller;
    this.#reused = this.connection !== undefined && this.connection.answers > 0;
    this.#writtenAt = this.#context.options.monotonicNow();
    this.connection?.watch(this);
  }

  hasHeaders(): boolean {
    return this.#status !== 0;
  }

  /** Ends it because more has arrived than an answer may have, outside of what is counted as its body. */
  overflow(): void {
    this.#incomplete(failure('endpoint', this.#status === 0 ? tooLargeHeaders : 'the answer has no end'));
    this.#giveUp();
  }

  onResponseStarted(): void {
    this.#answering = true;
  }

  onResponseStart(_controller: unknown, status: number, headers: Readonly<Record<string, string | string[] | undefined>>): void {
    if (status < 200) return;
    if ((this.connection?.arrivedBytes() ?? 0) > maxHeaderBytes && sizeOf(headers) > maxHeaderBytes) {
      this.#settle(failure('endpoint', tooLargeHeaders));
      this.#giveUp();
      return;
    }
    this.#status = status;
    const retryAfter = headers['retry-after'];
    this.#retryAfter = (typeof retryAfter === 'string' ? retryAfter : retryAfter?.[0]) ?? null;
  }

  onResponseData(_controller: unknown, chunk: Buffer): void {
    if (this.#settled) return;
    const { keptBytes } = this.#context;
    if (this.#read < keptBytes) {
      const part = chunk.length <= keptBytes - this.#read ? chunk : chunk.subarray(0, keptBytes - this.#read);
      this.#kept = this.#kept === null ? part : Buffer.concat([this.#kept, part]);
    }
    this.#read += chunk.length;
    if (this.#read <= maxReadBytes) return;
    this.#settle(this.#answer());
    this.#giveUp();
  }

  onResponseEnd(): void {
    this.connection?.answered(this.#context.options.monotonicNow() - this.#writtenAt);
    this.#settle(this.#answer());
    this.connection?.free();
  }

  onResponseError(_controller: unknown, error: unknown): void {
    // Later, because undici is in the middle of taking its connection apart.
    queueMicrotask(() => this.connection?.free());
    if (this.#settled) return;
    const { options, outages } = this.#context;
    this.#incomplete({ ...failureOf(error, outages, options), unsent: this.#isUnsent(error) });
  }

  /** A status that refuses says all there is to say, even when the body breaks off; one that accepts does not. */
  #incomplete(problem: Failure): void {
    if (this.#status >= 300) this.#settle(this.#answer());
    else if (this.#status === 0) this.#settle(problem);
    else {
      const reason = `HTTP ${this.#status}, but incomplete: ${problem.reason}`;
      this.#settle({ ...problem, reason, status: this.#status, answer: this.#text() });
    }
  }

  /**
   * A kept connection that the receiver closed before it can have had the request: the closing was seen so soon after the
   * request was written that it began before those bytes arrived.
   */
  #isUnsent(error: unknown): boolean {
    if (!this.#reused || this.#answering || this.connection === undefined || !isClosing(error)) return false;
    return this.connection.isBeforeArrival(this.#context.options.monotonicNow() - this.#writtenAt);
  }

  #answer(): TransportResult {
    const { now } = this.#context;
    return readAnswer({ status: this.#status, retryAfter: this.#retryAfter, body: this.#text() }, now());
  }

  #text(): string {
    const { keptBytes } = this.#context;
    return answerText(this.#kept, this.#read > keptBytes, keptBytes);
  }

  #settle(result: TransportResult): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#kept = null;
    this.#context.onSettled(this);
    this.#resolve(result);
  }

  #giveUp(): void {
    this.#controller?.abort(new Error('enough was read, or the time is over'));
  }
}

/** About how many bytes headers took on the wire. */
function sizeOf(headers: Readonly<Record<string, string | string[] | undefined>>): number {
  let size = 0;
  for (const [name, value] of Object.entries(headers)) {
    for (const one of typeof value === 'string' ? [value] : (value ?? [])) size += name.length + one.length + 4;
  }
  return size;
}
