import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createSecureServer } from 'node:tls';
import { resolveOptions, type TransportAdapter } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import { AddressGuard } from '../src/http/address-guard.ts';
import type { Connector } from '../src/http/connections.ts';
import { guardedConnector } from '../src/http/guarded-connector.ts';
import { httpTransportOver } from '../src/http/http-transport.ts';
import { httpTransport, HttpTransportOptionsSchema, type HttpTransportOptionsInput } from '../src/http/index.ts';
import type { ResolveHost } from '../src/http/resolve-host.ts';
import { cert, key } from './http-certificate.ts';
import { requestTo } from './http-requests.ts';

interface Listener {
  readonly port: number;
  readonly accepted: () => number;
}

async function listen(t: ExecutionContext, server: Server, host: string, port = 0): Promise<Listener> {
  let accepted = 0;
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    accepted += 1;
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
  });
  server.listen(port, host);
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, accepted: () => accepted };
}

function answering(): Server {
  return createServer((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'));
  });
}

/** A receiver that may be sent to, at 127.0.0.2, and one that may not, at the same port of 127.0.0.1. */
async function pair(t: ExecutionContext): Promise<{ good: Listener; forbidden: Listener; port: number }> {
  const forbidden = await listen(t, answering(), '127.0.0.1');
  const good = await listen(t, answering(), '127.0.0.2', forbidden.port);
  return { good, forbidden, port: forbidden.port };
}

async function transportWith(
  t: ExecutionContext,
  given: HttpTransportOptionsInput,
  resolve?: ResolveHost,
): Promise<TransportAdapter> {
  const options = resolveOptions(HttpTransportOptionsSchema, { protocols: ['http:', 'https:'], ...given }, 'httpTransport');
  const guard = new AddressGuard(options);
  const transport = httpTransportOver(guardedConnector(options, guard, resolve), guard, options);
  await transport.start({ now: Date.now });
  t.teardown(async () => transport.stop());
  return transport;
}

const blocked = {
  ok: false,
  fault: 'policy',
  reason: 'its URL may not be sent to: its host has an address that may not be sent to; use one on the public internet',
  status: 0,
  unsent: false,
};

test('a name that has one forbidden address in any place is not connected to', async (t) => {
  const { good, forbidden, port } = await pair(t);
  const answers: string[][] = [];
  for (let place = 0; place < 4; place += 1) {
    for (const bad of ['127.0.0.1', '::ffff:127.0.0.1', '::1', '64:ff9b::7f00:1', '0.0.0.0', '']) {
      answers.push(['127.0.0.2', '127.0.0.2', '127.0.0.2'].toSpliced(place, 0, bad));
    }
  }
  const queue = [...answers];
  const transport = await transportWith(t, { allow: [`127.0.0.2:${port}`] }, async () => queue.shift() ?? []);
  for (const [index] of answers.entries()) {
    t.like(await transport.send(requestTo(`http://name-${index}.example.com:${port}/`)), blocked, answers[index]?.join());
  }
  t.deepEqual([forbidden.accepted(), good.accepted()], [0, 0]);
  queue.push(['127.0.0.2']);
  t.like(await transport.send(requestTo(`http://good.example.com:${port}/`)), { ok: true, status: 200 });
  t.deepEqual([forbidden.accepted(), good.accepted()], [0, 1]);
});

test('a name that leads elsewhere at its second connection is looked at again', async (t) => {
  const { good, forbidden, port } = await pair(t);
  let answer = '127.0.0.2';
  const transport = await transportWith(t, { allow: [`127.0.0.2:${port}`], connections: 4 }, async () => [answer]);
  const url = `http://rebinding.example.com:${port}/`;
  t.like(await transport.send(requestTo(url)), { ok: true });
  answer = '127.0.0.1';
  const results = await Promise.all(Array.from({ length: 12 }, async () => transport.send(requestTo(url))));
  t.true(
    results.some(({ ok }) => !ok),
    'no further connection was tried',
  );
  t.is(forbidden.accepted(), 0);
  t.is(good.accepted(), 1);
});

test('an address is looked at when the request is sent, and by the connector itself', async (t) => {
  const { forbidden, port } = await pair(t);
  const transport = await transportWith(t, { allow: [`127.0.0.2:${port}`] });
  t.like(await transport.send(requestTo(`http://127.0.0.1:${port}/`)), blocked);
  const options = resolveOptions(HttpTransportOptionsSchema, {}, 'httpTransport');
  const connector = guardedConnector(options, new AddressGuard(options));
  for (const hostname of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '0.0.0.0']) {
    const error = await failureOf(connector, { hostname, port: String(port), protocol: 'http:' });
    t.is(error?.name, 'BlockedAddressError', hostname);
  }
  t.is(forbidden.accepted(), 0);
});

async function failureOf(connector: Connector, target: Parameters<Connector>[0]): Promise<NodeJS.ErrnoException | null> {
  return new Promise((resolve) =>
    connector(target, (...[error, socket]) => {
      socket?.destroy();
      resolve(error);
    }),
  );
}

test('the address that was connected to is looked at once more, and the connection is closed when it is forbidden', async (t) => {
  const closed = Promise.withResolvers<string>();
  const server = createServer((socket) => {
    let read = '';
    socket.on('data', (part) => (read += part.toString())).on('close', () => closed.resolve(read));
  });
  const { port, accepted } = await listen(t, server, '127.0.0.1');
  const options = resolveOptions(HttpTransportOptionsSchema, {}, 'httpTransport');
  let looks = 0;
  const guard = { permitsName: () => false, permits: () => (looks += 1) === 1 };
  const connector = guardedConnector(options, guard, async () => ['127.0.0.1']);
  const error = await failureOf(connector, { hostname: 'hooks.example.com', port: String(port), protocol: 'http:' });
  t.is(error?.name, 'BlockedAddressError');
  t.is(await closed.promise, '');
  t.is(accepted(), 1);
});

test('the certificate that is asked for and checked is that of the host in the URL, whatever the request says', async (t) => {
  const names: string[] = [];
  const server = createSecureServer({
    key,
    cert,
    SNICallback(name, callback) {
      names.push(name);
      callback(null);
    },
  });
  server.on('secureConnection', (socket) => socket.on('error', () => undefined));
  const { port } = await listen(t, server, '127.0.0.1');
  const options = resolveOptions(HttpTransportOptionsSchema, { allow: ['127.0.0.1:*'], tls: { ca: cert } }, 'httpTransport');
  const connector = guardedConnector(options, new AddressGuard(options), async () => ['127.0.0.1']);
  const target = { port: String(port), protocol: 'https:' };
  t.is(await failureOf(connector, { ...target, hostname: 'localhost', servername: 'other.example.com' }), null);
  t.deepEqual(names, ['localhost']);
  const other = await failureOf(connector, { ...target, hostname: 'other.example.com', servername: 'localhost' });
  t.is(other?.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
  const address = await failureOf(connector, { ...target, hostname: '127.0.0.1', servername: 'localhost' });
  t.is(address?.code, 'ERR_TLS_CERT_ALTNAME_INVALID', 'it has no certificate for its address');
});

test('beyond the limits of connections and of origins an attempt is trouble of our own, until there is room again', async (t) => {
  const { port } = await pair(t);
  const other = await listen(t, answering(), '127.0.0.1');
  const first = `http://127.0.0.2:${port}/`;
  const second = `http://127.0.0.1:${other.port}/`;
  for (const [limits, reason] of [
    [{ maxSockets: 1 }, 'this process has as many connections open as it may'],
    [{ maxOrigins: 1 }, 'this process has connections to as many hosts as it may'],
  ] as const) {
    const transport = await transportWith(t, { allow: ['127.0.0.0/8:*'], connections: 1, keepAliveMs: 1_000, ...limits });
    t.like(await transport.send(requestTo(first)), { ok: true });
    t.like(await transport.send(requestTo(second)), { ok: false, fault: 'local', reason });
    t.like(await transport.send(requestTo(first)), { ok: true }, 'a connection that is kept is no further one');
    let result = await transport.send(requestTo(second));
    for (const began = performance.now(); !result.ok && performance.now() - began < 10_000;) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      result = await transport.send(requestTo(second));
    }
    t.like(result, { ok: true }, 'the first has gone meanwhile');
  }
});

test('a host whose connection broke off counts among the origins no longer', async (t) => {
  const breakingOff = createServer((socket) => {
    socket.on('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nok');
      setImmediate(() => socket.resetAndDestroy());
    });
  });
  const broken = await listen(t, breakingOff, '127.0.0.2');
  const other = await listen(t, answering(), '127.0.0.1');
  const transport = await transportWith(t, { allow: ['127.0.0.0/8:*'], maxOrigins: 1 });
  for (let round = 0; round < 3; round += 1) {
    t.like(await transport.send(requestTo(`http://127.0.0.2:${broken.port}/`)), { ok: false, fault: 'endpoint' });
  }
  await new Promise(setImmediate);
  t.like(await transport.send(requestTo(`http://127.0.0.1:${other.port}/`)), { ok: true });
});

test('a request with a Host header is not sent', async (t) => {
  const { good, port } = await pair(t);
  const transport = await transportWith(t, { allow: [`127.0.0.2:${port}`] });
  for (const name of ['host', 'Host', 'HOST']) {
    const result = await transport.send(
      requestTo(`http://127.0.0.2:${port}/`, { headers: ['x-a', '1', name, 'internal.example'] }),
    );
    t.like(result, { ok: false, fault: 'policy' }, name);
  }
  t.is(good.accepted(), 0);
});

test('a block says the same of an address, of a name that has it, and of whatever it has', async (t) => {
  const answers = ['10.0.0.1', '169.254.169.254', '127.0.0.1', '::1', 'fd00::1'];
  const queue = [...answers];
  const transport = await transportWith(t, {}, async () => [queue.shift() ?? '']);
  const results = [await transport.send(requestTo('http://10.0.0.1/')), await transport.send(requestTo('http://[::1]/'))];
  for (const [index] of answers.entries()) results.push(await transport.send(requestTo(`http://name-${index}.example.com/`)));
  for (const result of results) t.like(result, blocked);
  t.is(transport.checkUrl('http://10.0.0.1/'), blocked.reason.replace('its URL may not be sent to: ', ''));
});

test('a name that the operator allows is found by way of the system, and other reserved names are refused', async (t) => {
  const { port } = await listen(t, answering(), '127.0.0.1');
  const transport = await transportWith(t, { allow: [`localhost:${port}`] }, async () => {
    throw new Error('the DNS was asked');
  });
  t.like(await transport.send(requestTo(`http://localhost:${port}/`)), { ok: true });
  t.regex(transport.checkUrl(`http://localhost:${port + 1}/`) ?? '', /^its host is not a name of the public internet/);
  t.regex(transport.checkUrl('http://crm.localhost/') ?? '', /^its host is not a name of the public internet/);
  t.is(httpTransport({ allow: ['crm.internal'] }).checkUrl('https://crm.internal/hook'), null);
});
