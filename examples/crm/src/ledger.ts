import { fork } from 'node:child_process';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isAcknowledged } from './expectation.ts';
import type { Arrival, ReceiverMessage } from './receiver.ts';

/** The receiver, a process of its own, and the ledger of all that it got. */
export interface Ledger {
  readonly url: string;
  readonly arrivals: readonly Arrival[];
  /** Is told of new arrivals. */
  onArrivals: (arrivals: readonly Arrival[]) => void;
  /** Resolves when so many requests have been acknowledged, or none has come for that long. */
  readonly settled: (acknowledged: number, patienceMs: number) => Promise<void>;
  /** Resolves when the ledger has all that the receiver has had until now. */
  readonly flush: () => Promise<void>;
  readonly stop: () => void;
}

/** Starts the receiver. */
export async function startReceiver(refuseEvery: number): Promise<Ledger> {
  const child = fork(fileURLToPath(new URL('./receiver.ts', import.meta.url)), [String(refuseEvery)]);
  const arrivals: Arrival[] = [];
  let acknowledged = 0;
  let lastAt = Date.now();
  const { promise: url, resolve: onReady, reject: onFailed } = Promise.withResolvers<string>();
  let onFlushed = () => {};
  child.once('error', onFailed);
  child.once('exit', (code) => onFailed(new Error(`The receiver ended with exit code ${code}.`)));
  child.on('message', (message: ReceiverMessage) => {
    if (message.type === 'ready') onReady(message.url);
    else if (message.type === 'flushed') onFlushed();
    else {
      for (const arrival of message.arrivals) arrivals.push(arrival);
      acknowledged += message.arrivals.filter(isAcknowledged).length;
      lastAt = Date.now();
      ledger.onArrivals(message.arrivals);
    }
  });
  const ledger: Ledger = {
    url: await url,
    arrivals,
    onArrivals: () => {},
    async settled(wanted, patienceMs) {
      lastAt = Date.now();
      while (acknowledged < wanted && Date.now() - lastAt < patienceMs && child.connected) await setTimeout(10);
    },
    async flush() {
      if (!child.connected) return;
      const flushed = new Promise<void>((resolve) => (onFlushed = resolve));
      child.send('flush');
      await flushed;
    },
    stop() {
      if (child.connected) child.disconnect();
    },
  };
  return ledger;
}
