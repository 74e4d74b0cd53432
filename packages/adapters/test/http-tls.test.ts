import { once } from 'node:events';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { resolveOptions } from '@hookwell/core';
import test from 'ava';
import { buildConnector } from 'undici';
import { httpTransportOver } from '../src/http/http-transport.ts';
import { httpTransport, HttpTransportOptionsSchema } from '../src/http/index.ts';
import { requestTo } from './http-requests.ts';

/** A certificate for `localhost` that nobody signed but itself, valid until 2126; made for this test alone. */
const cert = `-----BEGIN CERTIFICATE-----
MIIBlDCCATugAwIBAgIUESvaPQjc9Dm2BDoxyYptS2b3VXgwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNDA5MTQ1MFoYDzIxMjYxMDMx
MDkxNDUwWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARqd7ZZyba7DAknwHVZPetD2AAWBphHsuJw302PNmeKc5PO83x8lAS2
FZVx+0a4QBRe/RaSOWJiVSH5+OZxMsAfo2kwZzAdBgNVHQ4EFgQU+u8Vu9rH6zMW
8Yb1so9wWM5YGckwHwYDVR0jBBgwFoAU+u8Vu9rH6zMW8Yb1so9wWM5YGckwDwYD
VR0TAQH/BAUwAwEB/zAUBgNVHREEDTALgglsb2NhbGhvc3QwCgYIKoZIzj0EAwID
RwAwRAIgMSWuXezmSes11Uedp8TrbkqXKdobm76e5X1sGEvKgAwCIFMio18cYCmC
bDVEZBh4y9jXG2Iaen443Cwn0B5/kO6r
-----END CERTIFICATE-----`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgb+JXcwaBIUDS+c23
tyU1vBqoo6TgpYww8uCB9xpTmQWhRANCAARqd7ZZyba7DAknwHVZPetD2AAWBphH
suJw302PNmeKc5PO83x8lAS2FZVx+0a4QBRe/RaSOWJiVSH5+OZxMsAf
-----END PRIVATE KEY-----`;

async function secureReceiver(): Promise<{ port: number; connections: () => number; close: () => void }> {
  let connections = 0;
  const server = createServer({ key, cert }, (_request, response) => response.end('ok'));
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    close: () => server.close().closeAllConnections(),
  };
}

test('a certificate that nobody vouches for is a failure of the endpoint, and says so', async (t) => {
  const receiver = await secureReceiver();
  t.teardown(receiver.close);
  const transport = httpTransport();
  await transport.start({ now: Date.now });
  const result = await transport.send(requestTo(`https://localhost:${receiver.port}/`));
  t.like(result, { ok: false, fault: 'endpoint', unsent: false });
  t.regex(result.ok ? '' : result.reason, /^TLS certificate not accepted \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/);
  await transport.stop();
});

test('a receiver that does not speak TLS is a failure of the endpoint, and the reason says so', async (t) => {
  const plain = createPlainServer().unref().listen(0, 'localhost');
  await once(plain, 'listening');
  const transport = httpTransport();
  await transport.start({ now: Date.now });
  const result = await transport.send(requestTo(`https://localhost:${(plain.address() as AddressInfo).port}/`));
  t.like(result, { ok: false, fault: 'endpoint' });
  t.regex(result.ok ? '' : result.reason, /^TLS handshake failed \(/);
  await transport.stop();
});

test('https connections are kept and used again, through whichever connector opens them', async (t) => {
  const receiver = await secureReceiver();
  t.teardown(receiver.close);
  const options = resolveOptions(HttpTransportOptionsSchema, { connections: 1 }, 'httpTransport');
  const transport = httpTransportOver(buildConnector({ allowH2: false, ca: cert }), options);
  await transport.start({ now: Date.now });
  for (let round = 0; round < 5; round += 1) {
    t.like(await transport.send(requestTo(`https://localhost:${receiver.port}/`)), { ok: true, status: 200, answer: 'ok' });
  }
  t.is(receiver.connections(), 1);
  await transport.stop();
});
