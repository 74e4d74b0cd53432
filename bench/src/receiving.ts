import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromReceiver, Report, ToReceiver } from './receiver.ts';
import { secret, type Workload } from './workload.ts';

/** The receiver as the bench sees it. */
export interface Receiving {
  readonly origins: readonly string[];
  /** Forgets the last run and waits for another; nothing may be under way. */
  readonly begin: (workload: Workload) => Promise<void>;
  /** Resolves when all of the run has arrived; rejects when nothing more comes. */
  readonly complete: () => Promise<void>;
  /** What arrived until now. */
  readonly report: () => Promise<Report>;
  readonly stop: () => void;
}

/** Starts the receiver in a process of its own. */
export async function startReceiver(): Promise<Receiving> {
  const script = fileURLToPath(new URL('./receiver.ts', import.meta.url));
  const child = fork(script, [secret], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    serialization: 'advanced',
  });
  let waiting: { type: FromReceiver['type']; resolve: (message: FromReceiver) => void; reject: (error: Error) => void }[] = [];
  let early: FromReceiver[] = [];

  child.on('message', (message: FromReceiver) => {
    const index = waiting.findIndex(({ type }) => type === message.type);
    const [found] = index < 0 ? [] : waiting.splice(index, 1);
    if (found) found.resolve(message);
    else early.push(message);
  });
  child.once('exit', (code) => {
    for (const { reject } of waiting) reject(new Error(`the receiver ended with exit code ${code}`));
    waiting = [];
  });

  async function next<Type extends FromReceiver['type']>(type: Type): Promise<Extract<FromReceiver, { type: Type }>> {
    const index = early.findIndex((message) => message.type === type);
    const [found] = index < 0 ? [] : early.splice(index, 1);
    const message =
      found ??
      (await new Promise<FromReceiver>((resolve, reject) => {
        waiting.push({ type, resolve, reject });
      }));
    return message as Extract<FromReceiver, { type: Type }>;
  }

  function tell(message: ToReceiver): void {
    child.send(message);
  }

  const { origins } = await next('listening');
  return {
    origins,
    async begin(workload) {
      early = [];
      tell({ type: 'begin', workload });
      await next('ready');
    },
    async complete() {
      const { how } = await next('ended');
      if (how === 'stalled') throw new Error('deliveries are missing: nothing has arrived for ten seconds');
    },
    async report() {
      tell({ type: 'report' });
      return (await next('report')).report;
    },
    stop() {
      if (child.connected) child.disconnect();
    },
  };
}
