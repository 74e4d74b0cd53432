import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const host = fileURLToPath(new URL('../../packages/adapters/test/postgres-host.ts', import.meta.url));

/** A PostgreSQL server of this run's own, that makes durable what it commits, and that can be harmed. */
export interface OwnPostgres {
  readonly url: string;
  readonly port: number;
  /** Stops all its processes in the middle of what they do. */
  readonly freeze: () => Promise<void>;
  readonly thaw: () => Promise<void>;
  /** Shuts it down as a crash does, and resolves when it serves again. */
  readonly crash: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts the server; it is gone when this process is. */
export async function startOwnPostgres(): Promise<OwnPostgres> {
  const child = spawn(process.execPath, [host, 'on'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const url = await nextLine(child, lines);
  // Orders are answered in turn.
  let last: Promise<unknown> = Promise.resolve();
  const order = (name: string) => async (): Promise<void> => {
    last = last.then(async () => {
      child.stdin.write(`${name}\n`);
      return nextLine(child, lines);
    });
    await last;
  };
  return {
    url,
    port: Number(new URL(url).port),
    freeze: order('freeze'),
    thaw: order('thaw'),
    crash: order('crash'),
    async stop() {
      const ended = once(child, 'close');
      child.stdin.end();
      await ended;
    },
  };
}

async function nextLine(child: ChildProcess, lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done === true) throw new Error(`the PostgreSQL server of the run is gone (${child.exitCode ?? child.signalCode})`);
  return value;
}
