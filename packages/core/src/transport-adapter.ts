import type { TransportResult } from './model/transport-result.ts';

/** One attempt's request, ready to be sent as it is. */
export interface TransportRequest {
  readonly deliveryId: string;
  readonly accountId: string;
  readonly subscriptionId: number;
  readonly topic: string;
  readonly url: string;
  /** Names and values in turn, in the order of the wire: `['content-type', 'application/json', …]`. */
  readonly headers: readonly string[];
  readonly body: string;
}

/** What the engine hands a transport when it starts. */
export interface TransportContext {
  /** Milliseconds since the epoch, for dates in answers. */
  readonly now: () => number;
}

/**
 * How payloads leave the process: the port that a transport adapter fills. Each promise is a case of the conformance
 * suite (`transportConformance` in `@hookwell/core/testing`) whose title begins with the member's name.
 */
export interface TransportAdapter {
  /** What messages call it, e.g. `http`. */
  readonly name: string;

  /** The URL schemes it sends to, with their colon: `['https:', 'http:']`. */
  readonly schemes: readonly string[];

  /** By when `send` has settled, in milliseconds from its call, whatever the receiver does. */
  readonly deadlineMs: number;

  /** Opens what it needs; a second call changes nothing. */
  readonly start: (context: TransportContext) => Promise<void>;

  /** Says in one sentence what is wrong with a URL that it will not send to, and null when nothing is. */
  readonly checkUrl: (url: string) => string | null;

  /** Sends one request and resolves with what came of it, before the deadline and without ever rejecting. */
  readonly send: (request: TransportRequest) => Promise<TransportResult>;

  /** Closes its connections once what is in flight has ended; a second call changes nothing. */
  readonly stop: () => Promise<void>;
}

/** Every member of the port and its type, for checks at run time. */
export const transportMembers = {
  name: 'string',
  schemes: 'object',
  deadlineMs: 'number',
  start: 'function',
  checkUrl: 'function',
  send: 'function',
  stop: 'function',
} as const satisfies Record<keyof TransportAdapter, string>;
