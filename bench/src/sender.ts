import { standardWebhooks, type StoredEvent, type Subscription } from '@hookwell/core';
import { Agent, type Dispatcher } from 'undici';
import { inFlight, laneCount, secret, urlOf } from './workload.ts';

/** Called once for each request, with what went wrong or with null. */
export type Done = (problem: Error | null) => void;

/** Sends a body to the subscriber of a lane, once. */
export type Send = (lane: number, deliveryId: string, body: string, done: Done) => void;

/** Signed requests through undici, for all contestants but the engine, which brings its own. */
export interface Sender {
  readonly send: Send;
  readonly close: () => Promise<void>;
}

/** Ready to be given to undici. */
interface Target {
  readonly origin: string;
  readonly path: string;
}

/** One of undici's ways to send. */
type Way = (agent: Agent, options: Dispatcher.DispatchOptions & Target, done: Done) => void;

/** undici's `dispatch`: as little as a sender can do. */
const byDispatch: Way = (agent, options, done) => {
  agent.dispatch(options, new AnswerHandler(done));
};

/** undici's `request`, which is how most people would write it. */
const byRequest: Way = (agent, options, done) => {
  const sent = async (): Promise<void> => {
    const { statusCode, body } = await agent.request(options);
    await body.text();
    done(problemOf(statusCode));
  };
  sent().catch(done);
};

/**
 * Makes a sender whose requests have the engine's headers, in the same order, signed by the same plugin.
 *
 * @param connections to each origin at most; a request that finds none free waits in undici
 */
export function openSender(by: 'dispatch' | 'request', origins: readonly string[], connections = inFlight): Sender {
  const agent = new Agent({ connections, pipelining: 1 });
  const { request: sign } = standardWebhooks({ secret });
  const targets = Array.from({ length: laneCount + 1 }, (_, lane) => targetOf(urlOf(lane, origins)));
  const way = by === 'dispatch' ? byDispatch : byRequest;
  return {
    send(lane, deliveryId, body, done) {
      const startedAt = Date.now();
      const headers = ['content-type', 'application/json', 'user-agent', 'Hookwell', 'webhook-id', deliveryId];
      headers.push('webhook-timestamp', String(Math.floor(startedAt / 1_000)));
      headers.push(
        ...(sign?.({ deliveryId, subscription: anySubscription, event: anyEvent, attempt: 1, body, startedAt }) ?? []),
      );
      way(agent, { ...(targets[lane] as Target), method: 'POST', headers, body }, done);
    },
    close: async () => agent.close(),
  };
}

class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #done: Done;
  #status = 0;

  constructor(done: Done) {
    this.#done = done;
  }

  onRequestStart(): void {}

  onResponseStart(_controller: unknown, status: number): void {
    this.#status = status;
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    this.#done(problemOf(this.#status));
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.#done(error);
  }
}

function problemOf(status: number): Error | null {
  return status === 200 ? null : new Error(`a request was answered ${status}`);
}

function targetOf(url: string): Target {
  const { origin, pathname } = new URL(url);
  return { origin, path: pathname };
}

/** The plugin looks at the subscription only where each has a secret of its own. */
const anySubscription = {} as Subscription;
const anyEvent = {} as StoredEvent;
