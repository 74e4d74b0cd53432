import { once } from 'node:events';
import { createServer as createPlainServer } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { httpTransport } from '../src/http/index.ts';
import { cert, key } from './http-certificate.ts';
import { requestTo } from './http-requests.ts';

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
  const transport = httpTransport({ allow: ['localhost:*'] });
  await transport.start({ now: Date.now });
  const result = await transport.send(requestTo(`https://localhost:${receiver.port}/`));
  t.like(result, { ok: false, fault: 'endpoint', unsent: false });
  t.regex(result.ok ? '' : result.reason, /^TLS certificate not accepted \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/);
  await transport.stop();
});

test('a receiver that does not speak TLS is a failure of the endpoint, and the reason says so', async (t) => {
  const plain = createPlainServer().unref().listen(0, 'localhost');
  await once(plain, 'listening');
  const transport = httpTransport({ allow: ['localhost:*'] });
  await transport.start({ now: Date.now });
  const result = await transport.send(requestTo(`https://localhost:${(plain.address() as AddressInfo).port}/`));
  t.like(result, { ok: false, fault: 'endpoint' });
  t.regex(result.ok ? '' : result.reason, /^TLS handshake failed \(/);
  await transport.stop();
});

test('https connections are kept and used again', async (t) => {
  const receiver = await secureReceiver();
  t.teardown(receiver.close);
  const transport = httpTransport({ allow: ['localhost:*'], connections: 1, tls: { ca: cert } });
  await transport.start({ now: Date.now });
  for (let round = 0; round < 5; round += 1) {
    t.like(await transport.send(requestTo(`https://localhost:${receiver.port}/`)), { ok: true, status: 200, answer: 'ok' });
  }
  t.is(receiver.connections(), 1);
  await transport.stop();
});
