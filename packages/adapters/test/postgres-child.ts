import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process that works on a schema, and what it has printed. */
export interface Child {
  readonly process: ChildProcess;
  /** The lines that it has printed to their end. */
  readonly lines: () => string[];
  /** Resolves when it has printed so many lines. */
  readonly printed: (count: number) => Promise<void>;
  /** Resolves when it has ended, with its exit code and its signal. */
  readonly ended: Promise<unknown[]>;
}

/** Starts `postgres-process.ts`. */
export function startChild(task: 'start' | 'store' | 'claim', url: string, schema: string): Child {
  const file = fileURLToPath(new URL('postgres-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=source', file, task, url, schema], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = once(child, 'close');
  const lines = (): string[] => text.split('\n').slice(0, -1);
  return {
    process: child,
    lines,
    ended,
    async printed(count) {
      while (lines().length < count) {
        const more = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)]);
        if (!more) throw new Error(`it ended after it had printed: ${text}`);
      }
    },
  };
}
