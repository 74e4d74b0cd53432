import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TransportAdapter } from '@hookwell/core';
import { testClock } from '@hookwell/core/testing';
import type { ExecutionContext } from 'ava';
import { httpTransport, type HttpTransportOptionsInput, type OAuth2Client } from '../src/http/index.ts';
import { requestTo } from './http-requests.ts';

/** What a server of a test was asked. */
export interface Asked {
  readonly path: string;
  readonly authorization: string | undefined;
  readonly form: Readonly<Record<string, string>>;
  readonly type: string | undefined;
}

export interface Server {
  readonly origin: string;
  readonly asked: Asked[];
}

export type Answer = (asked: Asked, response: ServerResponse) => void;

export async function serve(t: ExecutionContext, answer: Answer): Promise<Server> {
  const asked: Asked[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const form = Object.fromEntries(new URLSearchParams(Buffer.concat(parts).toString()));
      const { authorization, 'content-type': type } = request.headers;
      const one = { path: request.url ?? '', authorization, form, type };
      asked.push(one);
      answer(one, response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close().closeAllConnections());
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** Answers with JSON. */
export const json = (response: ServerResponse, status: number, body: unknown): unknown =>
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

export const clientSecret = 'sécret & 100% "hidden"';

export interface Arena {
  readonly login: Server;
  readonly receiver: Server;
  readonly transport: TransportAdapter;
  readonly clock: ReturnType<typeof testClock>;
  readonly send: (path?: string, accountId?: string) => ReturnType<TransportAdapter['send']>;
}

export interface Wishes {
  /** By default each token is another one, and good for an hour. */
  readonly token?: (count: number, response: ServerResponse) => unknown;
  readonly receive?: Answer;
  readonly client?: Partial<OAuth2Client>;
  readonly options?: HttpTransportOptionsInput;
}

export async function arena(t: ExecutionContext, { token, receive, client, options }: Wishes = {}): Promise<Arena> {
  const give =
    token ??
    ((count, response) => json(response, 200, { access_token: `token-${count}`, token_type: 'Bearer', expires_in: 3_600 }));
  const login = await serve(t, (_, response) => void give(login.asked.length, response));
  const receiver = await serve(t, receive ?? ((_, response) => void response.end('ok')));
  const clock = testClock();
  const transport = httpTransport({
    protocols: ['http:'],
    allow: ['127.0.0.1:*'],
    monotonicNow: clock.monotonicNow,
    oauth2: [{ urls: [receiver.origin], tokenUrl: `${login.origin}/token`, clientId: 'crm', clientSecret, ...client }],
    ...options,
  });
  await transport.start({ now: clock.now });
  t.teardown(async () => transport.stop());
  const send = async (path = '/in', accountId = 'account-1') =>
    transport.send(requestTo(`${receiver.origin}${path}`, { accountId }));
  return { login, receiver, transport, clock, send };
}

export const bearers = ({ asked }: Server): readonly (string | undefined)[] => asked.map(({ authorization }) => authorization);
