import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { behaviours, type Behaviour } from './behaviours.ts';
import type { Arrivals, EndpointsAnswer, EndpointsCall, Progress } from './endpoints-process.ts';

/** Endpoints in a process of their own, each with a path, and spread over origins. */
export interface Endpoints {
  readonly urlOf: (endpoint: number) => string;
  /** Forgets the last run and waits for another of so many records, in which endpoints behave as they are told. */
  readonly begin: (of: readonly Behaviour[], records: number) => Promise<void>;
  /**
   * Resolves when so many records have arrived at endpoints that answer, or with what is there once nothing has come for
   * `patienceMs`. Answers how many have arrived.
   */
  readonly arrived: (records: number, patienceMs: number) => Promise<number>;
  readonly report: () => Promise<Arrivals>;
  /** Cuts the connections on which somebody waits for an answer that does not come. */
  readonly cut: () => Promise<void>;
  readonly stop: () => void;
}

/** How often is asked whether all has arrived, in milliseconds. */
const askEveryMs = 10;

/** Starts endpoints on so many ports of the loopback. */
export async function startEndpoints(origins: number): Promise<Endpoints> {
  const script = fileURLToPath(new URL('./endpoints-process.ts', import.meta.url));
  const child = fork(script, [String(origins)], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    serialization: 'advanced',
  });
  const waiting = new Map<number, { resolve: (answer: unknown) => void; reject: (error: Error) => void }>();
  child.once('exit', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`the endpoints ended with exit code ${code}`));
  });
  const [first] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the endpoints ended with exit code ${code}`))),
  ])) as [EndpointsAnswer];
  const ports = 'ports' in first ? first.ports : [];
  child.on('message', (message: EndpointsAnswer) => {
    if (!('number' in message)) return;
    waiting.get(message.number)?.resolve(message.answer);
    waiting.delete(message.number);
  });

  let calls = 0;
  async function ask(call: EndpointsCall): Promise<unknown> {
    calls += 1;
    const number = calls;
    return new Promise((resolve, reject) => {
      waiting.set(number, { resolve, reject });
      child.send({ number, call });
    });
  }

  return {
    urlOf: (endpoint) => `http://127.0.0.1:${ports[endpoint % ports.length]}/${endpoint}`,
    async begin(of, records) {
      await ask({ type: 'begin', behaviours: Uint8Array.from(of, (behaviour) => behaviours.indexOf(behaviour)), records });
    },
    async arrived(records, patienceMs) {
      for (;;) {
        const { arrived, silentMs } = (await ask({ type: 'progress' })) as Progress;
        if (arrived >= records || silentMs > patienceMs) return arrived;
        await setTimeout(askEveryMs);
      }
    },
    report: async () => (await ask({ type: 'report' })) as Arrivals,
    async cut() {
      await ask({ type: 'cut' });
    },
    stop() {
      if (child.connected) child.disconnect();
    },
  };
}
