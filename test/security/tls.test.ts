import { once } from 'node:events';
import { createServer as createPlainServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { TlsOptions } from 'node:tls';
import { httpTransport, type HttpTransportOptionsInput } from '@hookwell/adapters/http';
import type { TransportAdapter } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import { dnsServer } from '../../packages/adapters/test/dns-server.ts';
import { requestTo } from '../../packages/adapters/test/http-requests.ts';
import { authority, type Authority, type CertificateWishes } from './certificates.ts';

/** Handshakes that fail one after another, and how many are under way at once. */
const failing = { handshakes: 20_000, atOnce: 50 };

let trusted: Authority;
let unknown: Authority;
test.before(async () => {
  [trusted, unknown] = [await authority(), await authority()];
});

let made = 0;
function secure(
  wishes: CertificateWishes = {},
  options: TlsOptions = {},
  by: () => Authority = () => trusted,
): () => Promise<Server> {
  return async () => {
    made += 1;
    const certificate = await by().issue(`receiver-${made}`, wishes);
    const server = createSecureServer({ ...certificate, ...options }, (_, response) => response.end('ok'));
    return server.on('tlsClientError', () => undefined);
  };
}

/** Does something with a connection as soon as its first bytes have come. */
function raw(act: (socket: Socket) => void): () => Server {
  return () => createServer((socket) => socket.on('error', () => undefined).once('data', () => act(socket)));
}

/** An authority that is none: a receiver's own certificate, with which another one was signed. */
async function signedByAReceiver(): Promise<Server> {
  made += 1;
  const between = `between-${made}`;
  const { cert: chain } = await trusted.issue(between, { isAuthority: false });
  const { cert, key } = await trusted.issue(`receiver-${made}`, { by: between });
  return createSecureServer({ cert: cert + chain, key }).on('tlsClientError', () => undefined);
}

/** A good chain, of which the receiver keeps the middle to itself. */
async function withoutItsIntermediate(): Promise<Server> {
  made += 1;
  const between = `between-${made}`;
  await trusted.issue(between, { isAuthority: true });
  return createSecureServer(await trusted.issue(`receiver-${made}`, { by: between })).on('tlsClientError', () => undefined);
}

const certificate = /^TLS certificate not accepted \(\w+\)$/;
const handshake = /^TLS handshake failed \([\w/]+\)$/;
const closed = /^connection (reset|closed by the receiver)$/;

interface Fault {
  readonly server: () => Server | Promise<Server>;
  readonly reason: RegExp;
  readonly host?: string;
}

const faults: Readonly<Record<string, Fault>> = {
  'a certificate that has expired': { server: secure({ years: [-2, -1] }), reason: certificate },
  'a certificate that is not valid yet': { server: secure({ years: [1, 2] }), reason: certificate },
  'a certificate of another name': {
    server: secure({ names: [{ type: 'dns', value: 'hooks.example.org' }] }),
    reason: certificate,
  },
  'a certificate of a name above': { server: secure(), reason: certificate, host: 'a.b.example.com' },
  'a certificate of the name of its parent': {
    server: secure({ names: [{ type: 'dns', value: 'example.com' }] }),
    reason: certificate,
  },
  'a certificate of a name, at an address': { server: secure(), reason: certificate, host: '127.0.0.2' },
  'a certificate of another address': {
    server: secure({ names: [{ type: 'ip', value: '127.0.0.3' }] }),
    reason: certificate,
    host: '127.0.0.2',
  },
  'a certificate that signed itself': { server: secure({ by: 'itself' }), reason: certificate },
  'a certificate of an unknown authority': { server: secure({}, {}, () => unknown), reason: certificate },
  'a certificate that was signed by no authority': { server: signedByAReceiver, reason: certificate },
  'a certificate whose intermediate is missing': { server: withoutItsIntermediate, reason: certificate },
  'a certificate for clients only': { server: secure({ clientsOnly: true }), reason: certificate },
  'TLS 1.1 at most': {
    server: secure({}, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }),
    reason: handshake,
  },
  'no cipher in common': {
    server: secure({}, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0' }),
    reason: handshake,
  },
  'plain HTTP': { server: () => createPlainServer(), reason: /^TLS handshake failed|^connection/ },
  'garbage for an answer': { server: raw((socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n')), reason: handshake },
  'a connection that closes after the greeting': { server: raw((socket) => socket.end()), reason: closed },
  'a connection that is reset after the greeting': { server: raw((socket) => socket.resetAndDestroy()), reason: closed },
  'no answer to the greeting': { server: raw(() => undefined), reason: /^no connection within 700 ms$/ },
  'a certificate that it wants to see': {
    server: secure({}, { requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' }),
    reason: /^TLS handshake failed|^connection/,
  },
};

async function listen(t: ExecutionContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.2');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function transportTo(t: ExecutionContext, options: HttpTransportOptionsInput = {}): Promise<TransportAdapter> {
  const dns = await dnsServer(() => ['127.0.0.2']);
  const { tls, ...more } = options;
  const transport = httpTransport({
    allow: ['127.0.0.2:*'],
    dnsServers: [dns.address],
    connectMs: 700,
    tls: { ca: trusted.ca, ...tls },
    ...more,
  });
  await transport.start({ now: Date.now });
  t.teardown(async () => {
    await transport.stop();
    await dns.close();
  });
  return transport;
}

test('there are twelve faults and more', (t) => t.true(Object.keys(faults).length >= 12));

for (const [name, { server, reason, host = 'hooks.example.com' }] of Object.entries(faults)) {
  test.serial(`${name}: a failure of the endpoint that says so, and nothing is sent`, async (t) => {
    const receiver = await server();
    let requests = 0;
    receiver.on('request', () => (requests += 1));
    const port = await listen(t, receiver);
    const transport = await transportTo(t);
    const result = await transport.send(requestTo(`https://${host}:${port}/`));
    t.like(result, { ok: false, fault: 'endpoint', status: 0, answer: '', unsent: false });
    t.regex(result.ok ? 'it was taken for success' : result.reason, reason);
    t.is(requests, 0);
  });
}

test.serial('a sound certificate is accepted, and so is one of ours by a receiver that asks for it', async (t) => {
  const mutual = await secure({}, { ca: trusted.ca, requestCert: true, rejectUnauthorized: true })();
  const ports = [await listen(t, await secure()()), await listen(t, mutual)];
  const transport = await transportTo(t, { tls: await trusted.issue('sender') });
  for (const port of ports)
    t.like(await transport.send(requestTo(`https://hooks.example.com:${port}/`)), { ok: true, status: 200 });
});

test.serial('thousands of handshakes that fail leave no socket, no handle and no memory behind', async (t) => {
  t.timeout(420_000);
  const servers = [
    await secure({}, {}, () => unknown)(),
    raw((socket) => socket.end())(),
    raw((socket) => socket.resetAndDestroy())(),
  ];
  const ports: number[] = [];
  for (const server of servers) ports.push(await listen(t, server));
  const transport = await transportTo(t);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const sockets = (): number => process.getActiveResourcesInfo().filter((kind) => /^(TCPSocketWrap|TLSWrap)$/.test(kind)).length;
  const before = sockets();
  let next = 0;
  const failTo = async (last: number): Promise<number> => {
    const worker = async (): Promise<void> => {
      while (next < last) {
        const result = await transport.send(requestTo(`https://n${next % 50}.example.com:${ports[next++ % 3]}/`));
        if (result.ok || result.fault !== 'endpoint') t.fail(JSON.stringify(result));
      }
    };
    await Promise.all(Array.from({ length: failing.atOnce }, worker));
    collect();
    return process.memoryUsage().rss / 1_048_576;
  };
  const warm = await failTo(failing.handshakes / 4);
  const end = await failTo(failing.handshakes);
  t.true(end - warm < 64, `${Math.round(warm)} MiB became ${Math.round(end)} MiB`);
  // The last of them are still being closed; none may stay.
  const deadline = performance.now() + 5_000;
  while (sockets() > before && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  t.true(sockets() <= before, `${before} sockets became ${sockets()}`);
  t.log(`${Math.round(warm)} MiB after a quarter, ${Math.round(end)} MiB at the end`);
});
