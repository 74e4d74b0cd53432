import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a bench as its npm script does, and answers what it prints and its exit code. */
export async function runBench(name: 'isolation' | 'host' | 'scale' | 'retention', ...args: readonly string[]) {
  const child = spawn(process.execPath, ['--conditions=source', `bench/src/${name}/main.ts`, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}
