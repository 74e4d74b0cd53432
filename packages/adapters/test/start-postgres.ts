import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A PostgreSQL server that runs for as long as this process, or until it is stopped. */
export interface StartedPostgres {
  /** Of a superuser, who may make databases and roles. */
  readonly url: string;
  /** Resolves when it is gone, and all that it kept. */
  readonly stop: () => Promise<void>;
}

/**
 * Starts an empty PostgreSQL server in a process of its own.
 *
 * @param fsync whether it makes durable what it commits; tests that kill no server need not wait for that
 */
export async function startPostgres({ fsync }: { readonly fsync: boolean }): Promise<StartedPostgres> {
  const host = fileURLToPath(new URL('postgres-host.ts', import.meta.url));
  const child = spawn(process.execPath, [host, fsync ? 'on' : 'off'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const [line] = (await Promise.race([once(child.stdout.setEncoding('utf8'), 'data'), ended.then(() => [null])])) as [
    string | null,
  ];
  if (line === null) throw new Error('the PostgreSQL server did not start; what it said is above');
  return {
    url: line.trim(),
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
