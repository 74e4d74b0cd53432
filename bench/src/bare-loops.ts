import { randomUUID } from 'node:crypto';
import { standardWebhooks, type StoredEvent, type Subscription } from '@hookwell/core';
import { Agent, type Dispatcher } from 'undici';
import type { Contestant, Prepared } from './contestant.ts';
import { inFlight, requestsOf, secret, urlOf, type Request, type Workload } from './workload.ts';

/** Ready to be given to undici. */
interface Target {
  readonly origin: string;
  readonly path: string;
}

/** Sends one request and calls back with its status, or with what went wrong. */
type Send = (agent: Agent, options: Dispatcher.DispatchOptions & Target, done: Done) => void;
type Done = (problem: Error | null) => void;

/** undici's `dispatch`, 100 requests in flight: as little as a sender can do. Nothing is stored, nothing is tried again. */
export const dispatchLoop = bareLoop('dispatch', 'bare undici dispatch loop', (agent, options, done) => {
  agent.dispatch(options, new AnswerHandler(done));
});

/** undici's `request`, 100 requests in flight, which is how most people would write it. */
export const requestLoop = bareLoop('request', 'bare undici request loop', (agent, options, done) => {
  const sent = async (): Promise<void> => {
    const { statusCode, body } = await agent.request(options);
    await body.text();
    done(problemOf(statusCode));
  };
  sent().catch(done);
});

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
  return status === 200 ? null : new Error(`a bare loop was answered ${status}`);
}

function bareLoop(name: 'dispatch' | 'request', what: string, send: Send): Contestant {
  return {
    name,
    what,
    async prepare(_mode, workload, origins) {
      return prepare(workload, origins, send);
    },
  };
}

function prepare(workload: Workload, origins: readonly string[], send: Send): Prepared {
  const agent = new Agent({ connections: inFlight, pipelining: 1 });
  const { request: sign } = standardWebhooks({ secret });
  const requests = Array.from({ length: workload.records }, (_, index) => requestsOf(index + 1, workload.fanOut));
  const targets = new Map<number, Target>();
  for (const { lane } of requests.flat()) targets.set(lane, targetOf(urlOf(lane, origins)));
  let pending = 0;
  let problem: Error | null = null;
  let onSettled = (): void => {};

  /** The same headers as the engine's, in the same order, signed by the same plugin. */
  function start({ lane, body }: Request, onEnd: () => void): void {
    const startedAt = Date.now();
    const deliveryId = randomUUID();
    const headers = ['content-type', 'application/json', 'user-agent', 'Hookwell', 'webhook-id', deliveryId];
    headers.push('webhook-timestamp', String(Math.floor(startedAt / 1_000)));
    headers.push(...(sign?.({ deliveryId, subscription: anySubscription, event: anyEvent, attempt: 1, body, startedAt }) ?? []));
    pending += 1;
    send(agent, { ...(targets.get(lane) as Target), method: 'POST', headers, body }, (failed) => {
      problem ??= failed;
      pending -= 1;
      onEnd();
      if (pending === 0) onSettled();
    });
  }

  return {
    async sendAll() {
      const all = requests.flat();
      let next = 0;
      const startNext = (): void => {
        const request = all[next];
        if (!request) return;
        next += 1;
        start(request, startNext);
      };
      for (let started = 0; started < inFlight; started += 1) startNext();
    },
    send(record) {
      for (const request of requests[record - 1] ?? []) start(request, () => {});
    },
    async settled() {
      if (pending > 0) {
        await new Promise<void>((resolve) => {
          onSettled = resolve;
        });
      }
      if (problem) throw problem;
    },
    close: async () => agent.close(),
  };
}

function targetOf(url: string): Target {
  const { origin, pathname } = new URL(url);
  return { origin, path: pathname };
}

/** The plugin looks at the subscription only where each has a secret of its own. */
const anySubscription = {} as Subscription;
const anyEvent = {} as StoredEvent;
