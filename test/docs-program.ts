import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { fileNameOf } from '../docs/src/check-code.ts';
import { readPage, type Page } from '../docs/src/page.ts';
import { root } from '../docs/src/pages.ts';

/** A folder in which the packages of the workspace can be imported, for a test. */
export function exampleFolder(t: ExecutionContext): string {
  const cache = join(root, 'docs', '.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'run-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A page whose blocks were written as the files that they say they are. */
export interface Written {
  readonly page: Page;
  readonly folder: string;
}

/** Writes the blocks of a page that name a file, after `change`. */
export function writeBlocks(t: ExecutionContext, file: string, change: (code: string) => string = (code) => code): Written {
  const page = readPage(root, file);
  const folder = exampleFolder(t);
  for (const { code } of page.blocks) {
    const name = fileNameOf(code);
    if (name !== undefined) writeFileSync(join(folder, name), change(code));
  }
  return { page, folder };
}

/** The blocks of a page in one language. */
export function codeOf({ blocks }: Page, language: string): readonly string[] {
  return blocks.filter((block) => block.language === language).map(({ code }) => code);
}

/** A program that runs, and what it has printed. */
export interface Program {
  readonly child: ChildProcess;
  readonly printed: () => string;
  /** Resolves when that was printed. */
  readonly until: (holds: (printed: string) => boolean) => Promise<void>;
  /** Ends it; answers its exit code, or null when a signal ended it. */
  readonly end: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/** Starts Node with these arguments, as the workspace runs it. */
export function startNode(
  t: ExecutionContext,
  folder: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Program {
  const child = spawn(process.execPath, ['--conditions=source', '--disable-warning=ExperimentalWarning', ...args], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return follow(t, child);
}

/** Follows what a program prints. */
export function follow(t: ExecutionContext, child: ChildProcess): Program {
  let printed = '';
  const looks = new Set<() => void>();
  const ended = once(child, 'close');
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      printed += chunk.toString('utf8');
      for (const look of looks) look();
    });
  }
  t.teardown(() => void child.kill('SIGKILL'));
  return {
    child,
    printed: () => printed,
    async until(holds) {
      if (holds(printed)) return;
      await new Promise<void>((resolve, reject) => {
        const look = (): void => {
          if (!holds(printed)) return;
          looks.delete(look);
          resolve();
        };
        looks.add(look);
        void ended.then(() => reject(new Error(`the program has ended (${child.exitCode}) and printed: ${printed}`)));
      });
    },
    async end(signal = 'SIGTERM') {
      child.kill(signal);
      await ended;
      return child.exitCode;
    },
  };
}

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when somebody listens on the port. */
export async function listening(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, 'localhost');
    const connected = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (connected) return;
    await setTimeout(20);
  }
}

/** The words of a command as a shell reads them, as far as the guides use its quotes. */
export function wordsOf(command: string): readonly string[] {
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => double ?? single ?? plain ?? '');
}

/** Does what a `curl` command of the guides does, so that the tests need no curl. */
export async function runCurl(command: string): Promise<Response> {
  const [program, ...words] = wordsOf(command);
  if (program !== 'curl') throw new Error(`not a curl command: ${command}`);
  const headers = new Headers();
  const data: string[] = [];
  let method: string | undefined;
  let url: string | undefined;
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '-H') {
      const [name = '', value = ''] = (words.shift() ?? '').split(': ');
      headers.set(name, value);
    } else if (word === '-d') data.push(words.shift() ?? '');
    else if (word === '-X') method = words.shift();
    else if (!word.startsWith('-') && url === undefined) url = word;
    else throw new Error(`the tests do not know what curl makes of ${word}: ${command}`);
  }
  if (url === undefined) throw new Error(`no URL: ${command}`);
  if (data.length > 0) headers.set('content-type', 'application/x-www-form-urlencoded');
  const body = data.length > 0 ? data.join('&') : undefined;
  return fetch(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers,
    ...(body === undefined ? {} : { body }),
  });
}

/** Whether a program is there; where it is not the test says so, and fails where everything must run. */
export function hasProgram(t: ExecutionContext, program: string, install: string): boolean {
  if (!spawnSync(program, ['--version']).error) return true;
  const reason = `not run: ${program} is not installed here (on Debian: apt-get install ${install})`;
  if (process.env['CI']) t.fail(reason);
  else t.log(reason);
  t.pass();
  return false;
}
