import cluster from 'node:cluster';
import type { FromProcess, ToProcess } from './processes.ts';
import { serve, type RunningCrm } from './serve.ts';
import { UsageError } from './usage-error.ts';

// One of several processes that serve the CRM on one port and deliver over one database: `processes.ts` starts them.

const tell = (message: FromProcess): void => void process.send?.(message);
let serving: Promise<RunningCrm> | undefined;

async function begin({ settings, options }: Extract<ToProcess, { type: 'serve' }>): Promise<void> {
  try {
    serving = serve(settings, options);
    await serving;
    tell({ type: 'ready' });
  } catch (error) {
    tell({ type: 'failed', message: (error as Error).message, isMistake: error instanceof UsageError });
    cluster.worker?.disconnect();
  }
}

/** Ends gracefully: what it holds and has not sent, the others can send at once. */
async function end(): Promise<void> {
  await (await serving?.catch(() => undefined))?.stop();
  cluster.worker?.disconnect();
}

process.on('message', (message: ToProcess) => void (message.type === 'serve' ? begin(message) : end()));
process.on('SIGTERM', () => void end());
// Ctrl-C reaches every process of a terminal; this one ends when the first one says so.
process.on('SIGINT', () => {});
