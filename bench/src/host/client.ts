import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ClientOrder, ClientReport } from './client-process.ts';

/** The client of the host's route. */
export interface Client {
  /** Sends requests as ordered; resolves when all of them are answered. */
  readonly run: (order: ClientOrder) => Promise<ClientReport>;
  readonly stop: () => void;
}

/** Starts the client in a process of its own. */
export function startClient(): Client {
  const script = fileURLToPath(new URL('./client-process.ts', import.meta.url));
  const child = fork(script, [], { execArgv: ['--disable-warning=ExperimentalWarning'], serialization: 'advanced' });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the client ended with exit code ${code}`);
  });
  ended.catch(() => {});
  return {
    async run(order) {
      const answered = once(child, 'message');
      child.send(order);
      const [report] = (await Promise.race([answered, ended])) as [ClientReport];
      return report;
    },
    stop() {
      if (child.connected) child.disconnect();
    },
  };
}
