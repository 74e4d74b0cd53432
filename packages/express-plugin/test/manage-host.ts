import { request as httpRequest, type IncomingMessage } from 'node:http';
import { memoryStorage } from '@hookwell/adapters/memory';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import {
  defineCatalog,
  ontraportCatalog,
  type EngineOptionsInput,
  type StorageAdapter,
  type TransportAdapter,
  type TransportResult,
} from '@hookwell/core';
import type { ExecutionContext } from 'ava';
import type { ProblemJson } from '../src/manage/problem.ts';
import { manageRoutes } from '../src/manage/routes.ts';
import type { SubscriptionJson } from '../src/manage/schemas.ts';
import { keysOf, startHost, type Host, type HostOptions, type Wish } from './host.ts';

/** What a request to the management API came to. */
export interface Reply<Json = never> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: Json;
}

/** A host whose management API is on, and whose endpoints answer as a test decides. */
export interface ManagedHost extends Host {
  readonly api: <Json = never>(method: string, path: string, wish?: Wish) => Promise<Reply<Json>>;
  /** Decides the answers of endpoints from now on. */
  answer: (url: string) => TransportResult | Promise<TransportResult>;
  /** The bodies that were sent. */
  readonly sent: readonly { readonly url: string; readonly body: string; readonly headers: readonly string[] }[];
}

export const good: TransportResult = { ok: true, status: 200, answer: 'thank you' };

export function bad(status = 500, answer = 'out of order'): TransportResult {
  return { ok: false, fault: 'endpoint', reason: `HTTP ${status}`, status, answer, retryAfterMs: null, unsent: false };
}

export const catalog = defineCatalog({
  objectTypes: [
    ...ontraportCatalog.definition.objectTypes.filter(({ id }) => id !== 0),
    { id: 0, name: 'Contact', fields: ['id', 'firstname', 'lastname', 'email'] },
  ],
  events: ontraportCatalog.definition.events,
});

export const storages: Readonly<Record<string, () => StorageAdapter>> = {
  memory: () => memoryStorage(),
  sqlite: () => sqliteStorage({ filename: ':memory:' }),
};

/** Sessions of a browser: the cookie names the account. */
export function sessionOf({ headers }: IncomingMessage): { readonly accountId: string; readonly name: string } | null {
  const account = /^session=(\w+)$/.exec(headers.cookie ?? '')?.[1];
  return account === undefined ? null : { accountId: account, name: `Account ${account}` };
}

export async function startManaged(
  t: ExecutionContext,
  { options, engine, ...more }: HostOptions & { readonly engine?: Partial<EngineOptionsInput> } = {},
): Promise<ManagedHost> {
  const sent: ManagedHost['sent'][number][] = [];
  const transport: TransportAdapter = {
    name: 'scripted',
    schemes: ['https:'],
    deadlineMs: 1_000,
    start: async () => undefined,
    checkUrl: (url) => (url.startsWith('https://') ? null : 'it must begin with https://'),
    async send({ url, body, headers }) {
      sent.push({ url, body, headers });
      return host.answer(url);
    },
    stop: async () => undefined,
  };
  const started = await startHost(t, {
    ...more,
    options: { manage: true, ...options },
    engine: { transports: [transport], catalog, random: () => 0.5, storage: memoryStorage(), ...engine },
  });
  const host: ManagedHost = {
    ...started,
    answer: () => good,
    sent,
    async api<Json>(method: string, path: string, wish: Wish = {}): Promise<Reply<Json>> {
      const { status, headers, text } = await started.call(method, `/manage${path}`, wish);
      return { status, headers, text, json: (text === '' ? null : JSON.parse(text)) as Json };
    },
  };
  return host;
}

/** Subscribes over the API, and answers the subscription. */
export async function subscribed(
  host: ManagedHost,
  fields: Readonly<Record<string, string>> = {},
  as = 'app-1',
): Promise<SubscriptionJson> {
  const json = { url: 'https://example.com/hook', topic: 'sub_tag(3)', ...fields };
  const reply = await host.api<SubscriptionJson>('POST', '/subscriptions', { as, json });
  if (reply.status !== 201) throw new Error(`subscribing answered ${reply.status}: ${reply.text}`);
  return reply.json;
}

/** Lets a tag be added to a contact of an account. */
export async function tagged(host: Host, accountId: string | number = 1, id = 8, firstname = 'Mary'): Promise<void> {
  await host.engine.emit('sub_tag(3)', { accountId, objectType: 0, record: { id, firstname } });
}

/** What a problem must be like, whatever its text. */
export function problem(code: ProblemJson['code'], status: number, name?: string): Partial<ProblemJson> {
  return { type: `urn:hookwell:problem:${code}`, code, status, ...(name === undefined ? {} : { name }) };
}

/** A stream of server-sent events, as a page hears it. */
export interface Heard {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  /** The body of an answer that is no stream. */
  readonly body: string;
  /** The data of the next event; null when the stream ends before. */
  readonly next: () => Promise<unknown>;
  readonly close: () => void;
}

/** Listens to the changes of an account, or to what else is told at a path. */
export async function listen(
  t: ExecutionContext,
  host: Host,
  headers: Readonly<Record<string, string>> = keysOf('app-1'),
  path = '/1/manage/live',
): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port: host.port, path, headers, agent: false }, (response) => {
      const events: unknown[] = [];
      const waiting: ((event: unknown) => void)[] = [];
      let text = '';
      const give = (event: unknown): void => {
        const wait = waiting.shift();
        if (wait) wait(event);
        else events.push(event);
      };
      response.setEncoding('utf8');
      const heard: Heard = {
        status: response.statusCode ?? 0,
        headers: response.headers,
        get body() {
          return text;
        },
        next: async () => {
          if (events.length > 0) return events.shift();
          return new Promise((wait) => waiting.push(wait));
        },
        close: () => request.destroy(),
      };
      response.on('data', (part: string) => {
        text += part;
        if (heard.status !== 200) return;
        const blocks = text.split('\n\n');
        text = blocks.pop() ?? '';
        for (const block of blocks) {
          const data = /^data: (.*)$/m.exec(block)?.[1];
          if (data !== undefined) give(JSON.parse(data));
          else if (block.includes(': connected')) resolve(heard);
        }
      });
      response.on('end', () => {
        give(null);
        resolve(heard);
      });
      response.on('error', () => give(null));
    });
    request.on('error', reject);
    t.teardown(() => request.destroy());
    request.end();
  });
}

/** Every route with its path filled in. */
export function everyRoute(ids: {
  readonly subscription: number;
  readonly delivery: string;
  readonly event?: string;
  readonly replay?: string;
}) {
  const { subscription, delivery, event = delivery, replay = delivery } = ids;
  const idFor = (path: string): string => {
    if (path.includes('/subscriptions/')) return String(subscription);
    if (path.includes('/events/')) return event;
    return path.includes('/replays/') ? replay : delivery;
  };
  return manageRoutes.map((route) => ({
    route,
    path: route.path.replace('/manage', '').replace('{id}', idFor(route.path)),
    wish: route.body?.required ? { json: route.body.example } : {},
  }));
}
