import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../examples/crm/src/main.ts', import.meta.url));

/** The repository's root. */
export const root = fileURLToPath(new URL('..', import.meta.url));

/** The key pair that the tests give the CRM. */
export const keys = { CRM_APP_ID: 'test-app', CRM_API_KEY: 'test-key' } as const;

/** A run of the program that has ended. */
export interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the example as a user does, with nothing of the environment that could steer it but what is given. */
export function startProgram(args: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
  const { CRM_APP_ID: _id, CRM_API_KEY: _key, CRM_PLAN: _plan, DATABASE_URL: _url, ...inherited } = process.env;
  return spawn(process.execPath, ['--conditions=source', program, ...args], {
    cwd: root,
    env: { ...inherited, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs the example until it ends by itself. */
export async function runProgram(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Run> {
  const child = startProgram(args, environment);
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: stdout(), stderr: stderr() };
}

/** A CRM that serves. */
export interface Served {
  readonly url: string;
  readonly child: ChildProcess;
  /** Resolves when the process has ended. */
  readonly ended: Promise<readonly [code: number | null, signal: NodeJS.Signals | null]>;
  readonly stderr: () => string;
}

/** Starts the example with `--serve` and resolves when it says that it is ready. */
export async function serveProgram(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = keys,
): Promise<Served> {
  const child = startProgram(['--serve', ...args], environment);
  const stderr = collect(child.stderr);
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  if (!child.stdout) throw new Error('no standard output');
  for await (const line of createInterface(child.stdout)) {
    const url = /^The CRM listens on (http:\S+)$/.exec(line)?.[1];
    if (url !== undefined) return { url, child, ended, stderr };
  }
  throw new Error(`The CRM ended before it was ready: ${stderr()}`);
}

/** A receiver inside the test; `answer` decides when each request is answered 200, unless `response` answers it otherwise. */
export async function listen(
  onRequest: (request: IncomingMessage, body: string, answer: () => void, response: ServerResponse) => void,
) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      onRequest(request, Buffer.concat(chunks).toString('utf8'), () => response.writeHead(200).end(), response);
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

/** Subscribes over the wire contract; answers the subscription's number. */
export async function subscribe(crmUrl: string, parameters: Readonly<Record<string, string>>): Promise<number> {
  const response = await fetch(`${crmUrl}/1/Webhook/subscribe`, {
    method: 'POST',
    headers: { 'Api-Appid': keys.CRM_APP_ID, 'Api-Key': keys.CRM_API_KEY },
    body: new URLSearchParams(parameters),
  });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`subscribe was answered ${response.status}: ${text}`);
  return (JSON.parse(text) as { readonly data: { readonly id: number } }).data.id;
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  const chunks: Buffer[] = [];
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks).toString('utf8');
}
