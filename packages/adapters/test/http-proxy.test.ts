import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { TransportAdapter } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import { httpTransport, type HttpTransportOptionsInput } from '../src/http/index.ts';
import { cert, key } from './http-certificate.ts';
import { requestTo } from './http-requests.ts';

/** A proxy on loopback that leads every name to 127.0.0.1, and what it was asked for. */
interface Proxy {
  readonly url: string;
  readonly asked: { readonly target: string; readonly credentials: string | undefined }[];
}

async function listen(t: ExecutionContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as AddressInfo).port;
}

/** @param refuse what it answers instead of a tunnel; null for nothing at all */
async function startProxy(t: ExecutionContext, refuse?: number | null): Promise<Proxy> {
  const asked: Proxy['asked'] = [];
  const server = createServer();
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    const { url = '', headers } = request;
    asked.push({ target: url, credentials: headers['proxy-authorization'] });
    if (refuse === null) return;
    if (refuse !== undefined) {
      client.end(`HTTP/1.1 ${refuse} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const behind = connect(Number(url.split(':').at(-1)), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      behind.pipe(client).pipe(behind);
    });
    behind.on('error', () => client.destroy());
    client.on('close', () => behind.destroy());
  });
  return { url: `http://user:pass%20word@127.0.0.1:${await listen(t, server)}`, asked };
}

/** A receiver that answers 200, and the paths that it was sent. */
async function startReceiver(t: ExecutionContext, isSecure: boolean) {
  const received: string[] = [];
  const answer = (request: IncomingMessage, response: { end: (text: string) => void }): void => {
    received.push(`${request.headers.host} ${request.url}`);
    request.resume().on('end', () => response.end('ok'));
  };
  const server = isSecure ? createSecureServer({ cert, key }, answer) : createServer(answer);
  return { port: await listen(t, server), received };
}

async function start(t: ExecutionContext, options: HttpTransportOptionsInput): Promise<TransportAdapter> {
  const transport = httpTransport({ protocols: ['http:', 'https:'], totalMs: 5_000, ...options });
  await transport.start({ now: Date.now });
  t.teardown(async () => transport.stop());
  return transport;
}

test('http goes through the proxy, which is asked for a name that nobody here has looked up', async (t) => {
  const proxy = await startProxy(t);
  const { port, received } = await startReceiver(t, false);
  // A DNS server that nobody answers at: it must not be asked.
  const transport = await start(t, { proxy: proxy.url, dnsServers: ['127.0.0.1:1'], connections: 1 });
  const url = `http://hooks.example.com:${port}/in`;
  t.like(await transport.send(requestTo(url)), { ok: true, status: 200 });
  t.like(await transport.send(requestTo(url)), { ok: true, status: 200 });
  const credentials = `Basic ${Buffer.from('user:pass word').toString('base64')}`;
  t.deepEqual(proxy.asked, [{ target: `hooks.example.com:${port}`, credentials }], 'the tunnel is kept');
  t.deepEqual(received, [`hooks.example.com:${port} /in`, `hooks.example.com:${port} /in`]);
});

test('TLS is with the receiver, by the name in the URL', async (t) => {
  const proxy = await startProxy(t);
  const { port, received } = await startReceiver(t, true);
  const transport = await start(t, { proxy: proxy.url, tls: { ca: cert }, allow: ['localhost:*'] });
  t.like(await transport.send(requestTo(`https://localhost:${port}/in`)), { ok: true, status: 200 });
  t.like(await transport.send(requestTo(`https://other.example.com:${port}/in`)), {
    ok: false,
    fault: 'endpoint',
    reason: 'TLS certificate not accepted (ERR_TLS_CERT_ALTNAME_INVALID)',
  });
  t.deepEqual(received, [`localhost:${port} /in`]);
});

test('an address that may not be sent to is none for the proxy either', async (t) => {
  const proxy = await startProxy(t);
  const { port, received } = await startReceiver(t, false);
  const transport = await start(t, { proxy: proxy.url });
  for (const host of ['127.0.0.1', '[::1]', '169.254.169.254', '10.0.0.1']) {
    t.like(await transport.send(requestTo(`http://${host}:${port}/in`)), { ok: false, fault: 'policy' }, host);
  }
  t.deepEqual([proxy.asked, received], [[], []]);
});

for (const [refuse, result] of [
  [403, { fault: 'policy', reason: /^its URL may not be sent to: its host has an address that may not be sent to;/ }],
  [407, { fault: 'local', reason: /^the proxy that requests go through does not take the credentials$/ }],
  [502, { fault: 'endpoint', reason: /^the proxy that requests go through could not connect to the host$/ }],
  [null, { fault: 'endpoint', reason: /^no connection within \d+ ms$/ }],
] as const) {
  test(`a proxy that answers ${refuse ?? 'nothing'} is told in words, and whose trouble it is`, async (t) => {
    const proxy = await startProxy(t, refuse);
    const transport = await start(t, { proxy: proxy.url, connectMs: 300 });
    const sent = await transport.send(requestTo('http://hooks.example.com:8080/in'));
    t.like(sent, { ok: false, status: 0, fault: result.fault });
    t.regex(sent.ok ? '' : sent.reason, result.reason);
    t.is(proxy.asked.length, 1);
  });
}

test('a proxy that is gone is trouble of our own', async (t) => {
  const server = createServer();
  const port = await listen(t, server);
  server.close();
  const transport = await start(t, { proxy: `http://127.0.0.1:${port}` });
  t.like(await transport.send(requestTo('http://hooks.example.com:8080/in')), {
    ok: false,
    fault: 'local',
    reason: 'the proxy that requests go through does not answer',
  });
});

test('a proxy whose URL is none is refused, and its password is not shown', (t) => {
  for (const proxy of ['egress:3128', 'ftp://user:hunter2@egress', 'http://user:hunter2@egress/path', '']) {
    const { message } = t.throws(() => httpTransport({ proxy }), { code: 'invalid_option' });
    t.notRegex(message, /hunter2/, proxy);
  }
});
