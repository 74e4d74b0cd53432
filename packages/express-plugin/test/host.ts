import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { functionTransport } from '@hookwell/adapters/function';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import { createEngine, ontraportCatalog, type Engine, type EngineOptionsInput } from '@hookwell/core';
import type { ExecutionContext } from 'ava';
import express, { type Express, type RequestHandler } from 'express';
import express4 from 'express4';
import { webhooks, type Authenticate, type WebhooksOptionsInput } from '../src/index.ts';

/** The time at which moved clocks begin, in milliseconds since the epoch. */
export const noon = Date.UTC(2026, 0, 15, 12);

export const versions = { 'Express 5': express, 'Express 4': express4 } as const;
export type Version = keyof typeof versions;

/** What a host may have mounted before the webhooks. */
export const parserSetups: Readonly<Record<string, (from: typeof express) => readonly RequestHandler[]>> = {
  'no parsers': () => [],
  'json and extended forms': (from) => [from.json(), from.urlencoded({ extended: true })],
  'json and simple forms': (from) => [from.json(), from.urlencoded({ extended: false })],
  'json only': (from) => [from.json()],
  'extended forms only': (from) => [from.urlencoded({ extended: true })],
  'text of everything': (from) => [from.text({ type: () => true })],
  'raw bytes of everything': (from) => [from.raw({ type: () => true })],
};

/** The accounts of these tests, by App ID. Two users share account 2. */
export const accounts: Readonly<Record<string, { readonly apiKey: string } & NonNullable<Awaited<ReturnType<Authenticate>>>>> = {
  'app-1': { apiKey: 'key-1', accountId: 1 },
  'app-2': { apiKey: 'key-2', accountId: '2', owner: 7 },
  'app-2-reader': { apiKey: 'key-2r', accountId: 2, permissions: ['read'] },
  'app-acme': { apiKey: 'key-acme', accountId: 'acme' },
};

export const authenticate: Authenticate = ({ appId, apiKey }) =>
  Object.hasOwn(accounts, appId) && accounts[appId]?.apiKey === apiKey ? accounts[appId] : null;

/** The headers that say who asks. */
export function keysOf(appId: string): Record<string, string> {
  return { 'Api-Appid': appId, 'Api-Key': accounts[appId]?.apiKey ?? '' };
}

export interface HostOptions {
  readonly version?: Version;
  readonly parsers?: (from: typeof express) => readonly RequestHandler[];
  readonly options?: Partial<WebhooksOptionsInput>;
  readonly engine?: Partial<EngineOptionsInput>;
  /** What the host mounts behind the webhooks. */
  readonly behind?: (app: Express) => void;
  /** Left out for an engine that is started. */
  readonly started?: boolean;
}

/** A host on loopback that serves the contract under /1, with an engine whose clock is moved and that delivers by hand. */
export interface Host {
  readonly url: string;
  readonly port: number;
  readonly engine: Engine;
  readonly errors: readonly Error[];
  /** Moves the clocks of the engine and of the rate limit. */
  readonly move: (ms: number) => void;
  readonly call: (method: string, path: string, wish?: Wish) => Promise<Answer>;
  /** Takes no more connections, and waits until the last one has gone: what a host does before it ends. */
  readonly close: () => Promise<void>;
}

/** What a request carries beside its method and path. */
export interface Wish {
  /** Who asks: an App ID of `accounts`, or null for nobody. Account 1 by default. */
  readonly as?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: string;
  readonly json?: unknown;
  readonly body?: string | Buffer;
  /** Sends the body chunked, even when it is empty. */
  readonly chunked?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The text as JSON, where it is that. */
  readonly json: Envelope;
}

export interface Envelope {
  readonly code: number;
  // What is in it depends on the endpoint, and every test says what it expects.
  readonly data: never;
  readonly account_id: number | string;
  readonly misc?: readonly never[];
  readonly count?: string;
}

export async function startHost(t: ExecutionContext, given: HostOptions = {}): Promise<Host> {
  const { version = 'Express 5', parsers = () => [], behind } = given;
  let moved = 0;
  const monotonicNow = (): number => 1_000 + moved;
  const engine = createEngine<string>({
    storage: sqliteStorage({ filename: ':memory:' }),
    transports: [functionTransport({ send: () => undefined, schemes: ['https:'] })],
    catalog: ontraportCatalog,
    now: () => noon + moved,
    monotonicNow,
    ...given.engine,
  });
  const errors: Error[] = [];
  engine.events.on('error', (error) => errors.push(error));
  if (given.started !== false) await engine.start({ deliver: false });

  const from = versions[version];
  const app = from();
  for (const parser of parsers(from)) app.use(parser);
  app.use('/1', webhooks(engine, { authenticate, now: () => noon + moved, monotonicNow, ...given.options }));
  behind?.(app);
  const sockets = new Set<Socket>();
  const server = app.listen(0, '127.0.0.1');
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
    await engine.stop();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    engine,
    errors,
    move(ms) {
      moved += ms;
    },
    call: async (method, path, wish) => call(port, method, path, wish),
    async close() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends exactly what it is told, odd as it may be: `fetch` would refuse a body on GET. */
async function call(port: number, method: string, path: string, wish: Wish = {}): Promise<Answer> {
  const { as = 'app-1', form, json, chunked = false } = wish;
  const body = wish.body ?? form ?? (json === undefined ? undefined : JSON.stringify(json));
  const type = form === undefined ? 'application/json' : 'application/x-www-form-urlencoded';
  const headers: Record<string, string | number> = {
    ...(as === null ? {} : keysOf(as)),
    ...(form === undefined && json === undefined ? {} : { 'Content-Type': type }),
    ...(chunked ? { 'Transfer-Encoding': 'chunked' } : body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) }),
    ...wish.headers,
  };
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path: `/1${path}`, headers, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text,
          get json() {
            return JSON.parse(text) as Envelope;
          },
        });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Subscribes, and answers the id. */
export async function subscribe(host: Host, fields: Readonly<Record<string, string>> = {}, as = 'app-1'): Promise<number> {
  const form = new URLSearchParams({ url: 'https://example.com/hook', event: 'sub_tag(3)', ...fields }).toString();
  const answer = await host.call('POST', '/Webhook/subscribe', { as, form });
  if (answer.status !== 200) throw new Error(`subscribe answered ${answer.status}: ${answer.text}`);
  return (answer.json.data as { readonly id: number }).id;
}

/** A query in which nothing is left to chance. */
export function query(parameters: Readonly<Record<string, string>>): string {
  return `?${new URLSearchParams(parameters).toString()}`;
}
