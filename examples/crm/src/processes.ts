import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Settings } from './arguments.ts';
import { explain, openDatabase } from './database.ts';
import { crmAt } from './remote-crm.ts';
import type { RunningCrm, ServeOptions } from './serve.ts';
import { UsageError } from './usage-error.ts';
import { createWebhooks } from './webhooks.ts';

/** What a process of the CRM is told. */
export type ToProcess =
  | { readonly type: 'serve'; readonly settings: Settings; readonly options: ServeOptions }
  | { readonly type: 'stop' };

/** What it tells. */
export type FromProcess =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string; readonly isMistake: boolean };

/** Processes that may end by themselves within a minute before the CRM gives up. */
const maxEndsPerMinute = 10;

/**
 * Serves the CRM by several processes over one database. Each is a whole one, with an engine of its own; they share one
 * port, and Node hands each the next connection. This process makes the tables, and looks on: its engine sends nothing.
 * @throws {UsageError} when the port or the database cannot be used
 */
export async function serveByProcesses(settings: Settings): Promise<RunningCrm> {
  const database = await openDatabase(settings.database ?? '');
  const { engine } = createWebhooks(database, settings);
  const port = settings.port === 0 ? await freePort() : settings.port;
  const processes = startProcesses({ ...settings, port });
  const stop = async () => {
    await processes.stop();
    await engine.stop();
    await database.close();
  };
  try {
    await engine.start({ deliver: false });
    await processes.start(settings.processes ?? 1);
  } catch (error) {
    await stop();
    throw explain(error, settings.database ?? '');
  }
  const url = `http://127.0.0.1:${port}`;
  return { url, crm: crmAt(url), engine, stop, restarts: processes.restarts, broken: processes.broken };
}

function startProcesses(settings: Settings) {
  cluster.setupPrimary({ exec: fileURLToPath(new URL('./crm-process.ts', import.meta.url)), args: [] });
  const workers = new Set<Worker>();
  const { promise: broken, reject: giveUp } = Promise.withResolvers<never>();
  broken.catch(() => {}); // Somebody may be told only later, or never.
  let ends: readonly number[] = [];
  let restarts = 0;
  let stopping = false;

  /** Resolves when the process serves; from then on it is started again whenever it ends. */
  async function start(name: string): Promise<void> {
    const worker = cluster.fork();
    workers.add(worker);
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    let serves = false;
    worker.on('message', (message: FromProcess) => {
      if (message.type === 'failed')
        return reject(message.isMistake ? new UsageError(message.message) : new Error(message.message));
      serves = true;
      resolve();
    });
    worker.on('exit', (code, signal) => {
      workers.delete(worker);
      const end = `Process ${name} (${worker.process.pid}) ended with ${signal ?? `exit code ${code}`}`;
      reject(new Error(`${end} before it was ready.`));
      if (!serves || stopping) return;
      console.error(`${end}; another one takes its place.`);
      void replace(name);
    });
    worker.send({ type: 'serve', settings, options: { processName: name } } satisfies ToProcess);
    await ready;
    console.error(`Process ${name} is ${worker.process.pid}`);
  }

  async function replace(name: string): Promise<void> {
    while (!stopping) {
      ends = [...ends, Date.now()].filter((at) => at > Date.now() - 60_000);
      if (ends.length > maxEndsPerMinute) {
        return giveUp(new Error(`Processes of the CRM ended ${ends.length} times within a minute, so it gives up.`));
      }
      try {
        await start(name);
        restarts += 1;
        return;
      } catch (error) {
        console.error((error as Error).message);
        await setTimeout(500);
      }
    }
  }

  return {
    broken,
    restarts: () => restarts,
    async start(count: number): Promise<void> {
      await Promise.all(Array.from({ length: count }, async (_, index) => start(`${index + 1}`)));
    },
    /** Ends them gracefully, all at once. */
    async stop(): Promise<void> {
      stopping = true;
      await Promise.all(
        [...workers].map(async (worker) => {
          const ended = once(worker, 'exit');
          if (worker.isConnected()) worker.send({ type: 'stop' } satisfies ToProcess);
          await ended;
        }),
      );
    },
  };
}

/** A port that stays the same when every process has ended: one that Node chooses for them would not. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
