import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { TransportAdapter } from '@hookwell/core';
import { hostileReceiver, type HostileReceiver } from '@hookwell/core/testing';
import test, { type ExecutionContext } from 'ava';
import { httpTransport } from '../src/http/index.ts';
import { requestTo } from './http-requests.ts';

type Options = Parameters<typeof httpTransport>[0];

async function setUp(
  t: ExecutionContext,
  options: Options = {},
): Promise<{ receiver: HostileReceiver; transport: TransportAdapter }> {
  const receiver = await hostileReceiver();
  const transport = httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'], ...options });
  await transport.start({ now: Date.now });
  t.teardown(async () => {
    await transport.stop();
    await receiver.close();
  });
  return { receiver, transport };
}

test('the request on the wire is a POST with the given headers, a host, a length and nothing else of note', async (t) => {
  const { receiver, transport } = await setUp(t);
  const url = `${receiver.url('ok')}/a%20b?c=%5Bd%5D&e`;
  await transport.send(requestTo(url, { headers: ['X-One', '1', 'x-two', '2'], body: 'größer' }));
  t.deepEqual(receiver.received(), [
    {
      method: 'POST',
      path: '/ok/a%20b?c=%5Bd%5D&e',
      headers: ['host', new URL(url).host, 'connection', 'keep-alive', 'X-One', '1', 'x-two', '2', 'content-length', '8'],
      body: 'größer',
    },
  ]);
});

test('a connection is kept and serves one request after another', async (t) => {
  const { receiver, transport } = await setUp(t, { connections: 1 });
  for (let round = 0; round < 20; round += 1) await transport.send(requestTo(receiver.url('ok')));
  t.is(receiver.connections(), 1);
});

test('no more connections are opened to an origin than the option says, and the rest waits its turn', async (t) => {
  const { receiver, transport } = await setUp(t, { connections: 3 });
  const results = await Promise.all(Array.from({ length: 12 }, async () => transport.send(requestTo(receiver.url('slow-20')))));
  t.true(results.every(({ ok }) => ok));
  t.is(receiver.connections(), 3);
});

test('requests that wait for a connection get one when the one before them fails, or cannot be opened at all', async (t) => {
  const { receiver, transport } = await setUp(t, { connections: 1 });
  const ways = ['reset', 'ok', 'garbage', 'close', 'ok'] as const;
  const answers = ways.map(async (way) => transport.send(requestTo(`${receiver.origin}/${way}`)));
  t.deepEqual(
    (await Promise.all(answers)).map(({ ok }) => ok),
    ways.map((way) => way === 'ok'),
  );
  await receiver.close();
  const refused = ways.map(async () => transport.send(requestTo(`${receiver.origin}/ok`)));
  // The first one still had the connection of the last one above.
  for (const result of (await Promise.all(refused)).slice(1)) t.like(result, { ok: false, reason: 'connection refused' });
});

test('a request whose time is over while it waits for a connection is never sent', async (t) => {
  let now = 0;
  const { receiver, transport } = await setUp(t, { connections: 1, totalMs: 1_000, monotonicNow: () => now });
  const stuck = transport.send(requestTo(receiver.url('never')));
  const waiting = transport.send(requestTo(receiver.url('ok', 'waiting')));
  now = 1_000;
  t.like(await stuck, { ok: false, reason: 'no answer within 1000 ms' });
  t.like(await waiting, { ok: false, reason: 'no answer within 1000 ms' });
  t.like(await transport.send(requestTo(receiver.url('ok', 'after'))), { ok: true });
  t.is(receiver.count(receiver.url('ok', 'waiting')), 0);
});

test('headers that are too late are given up before the whole time is over', async (t) => {
  const { receiver, transport } = await setUp(t, { headersMs: 100, totalMs: 5_000 });
  t.like(await transport.send(requestTo(receiver.url('never'))), {
    ok: false,
    fault: 'endpoint',
    reason: 'no answer within 100 ms',
  });
});

test('a header that HTTP does not allow is a failure by our own rules, and breaks nothing', async (t) => {
  const { receiver, transport } = await setUp(t);
  for (const headers of [
    ['x-bad', 'a\r\nx-more: b'],
    ['bad name', '1'],
    ['content-length', '1'],
    ['transfer-encoding', 'chunked'],
    ['x-odd'],
  ]) {
    const result = await transport.send(requestTo(receiver.url('ok'), { headers }));
    t.like(result, { ok: false, fault: 'policy', status: 0 }, JSON.stringify(headers));
  }
  t.is(receiver.count(), 0);
  t.like(await transport.send(requestTo(receiver.url('ok'))), { ok: true });
});

test('a URL that may not be sent to is refused when it is sent to, not only when it is checked', async (t) => {
  const { receiver, transport } = await setUp(t, { protocols: ['https:'] });
  const result = await transport.send(requestTo(receiver.url('ok')));
  t.like(result, { ok: false, fault: 'policy', unsent: false });
  t.is(receiver.count(), 0);
});

test('a host that has no address is a failure of the endpoint, whose reason names neither resolver nor address', async (t) => {
  const { transport } = await setUp(t);
  const result = await transport.send(requestTo('http://no-such-host.example/'));
  t.like(result, { ok: false, status: 0 });
  if (!result.ok && result.fault === 'endpoint') t.is(result.reason, 'host name not found');
  else t.like(result, { fault: 'local', reason: 'no host name can be resolved' }, 'a machine without a resolver blames itself');
});

test('a second start keeps the connections of the first', async (t) => {
  const { receiver, transport } = await setUp(t, { connections: 1 });
  await transport.send(requestTo(receiver.url('ok')));
  await transport.start({ now: Date.now });
  await transport.send(requestTo(receiver.url('ok')));
  t.is(receiver.connections(), 1);
});

test('it can be stopped and started again', async (t) => {
  const { receiver, transport } = await setUp(t);
  await transport.send(requestTo(receiver.url('ok')));
  await transport.stop();
  t.like(await transport.send(requestTo(receiver.url('ok'))), { ok: false, fault: 'local' });
  await transport.start({ now: Date.now });
  t.like(await transport.send(requestTo(receiver.url('ok'))), { ok: true });
});

test('dates in Retry-After are read against the clock that it was started with', async (t) => {
  const receiver = await hostileReceiver({ now: () => 1_700_000_000_000 });
  t.teardown(async () => receiver.close());
  const transport = httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'] });
  await transport.start({ now: () => 1_700_000_000_000 });
  t.like(await transport.send(requestTo(receiver.url('busy-date'))), { fault: 'busy', retryAfterMs: 3_600_000 });
  await transport.stop();
});

test('it does not keep a process alive that has nothing else to do', async (t) => {
  const { receiver } = await setUp(t);
  const script = `
    import { httpTransport } from ${JSON.stringify(fileURLToPath(new URL('../src/http/index.ts', import.meta.url)))};
    const transport = httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'], totalMs: 60_000, keepAliveMs: 60_000 });
    await transport.start({ now: Date.now });
    const request = { url: ${JSON.stringify(receiver.url('ok'))}, headers: [], body: 'x' };
    process.stdout.write(String((await transport.send(request)).ok));
  `;
  const node = promisify(execFile)(process.execPath, ['--conditions=source', '--input-type=module', '-e', script], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    timeout: 20_000,
  });
  t.is((await node).stdout, 'true');
});

test('options are checked by name, type and range', (t) => {
  t.throws(() => httpTransport({ totalMs: 0 }), { code: 'invalid_option', message: /totalMs/ });
  t.throws(() => httpTransport({ timeoutMs: 5 } as Options), { code: 'invalid_option', message: /no option "timeoutMs"/ });
  t.throws(() => httpTransport({ protocols: ['ftp:'] } as unknown as Options), { code: 'invalid_option', message: /protocols/ });
  t.throws(() => httpTransport({ dnsServers: ['dns.example.com'] }), { code: 'invalid_option', message: /dnsServers/ });
  t.throws(() => httpTransport({ tls: { cert: 'no PEM' } }), { code: 'invalid_option', message: /"tls"/ });
  t.throws(() => httpTransport({ tls: { pfx: 'x' } } as Options), { code: 'invalid_option', message: /tls\.pfx/ });
  t.is(httpTransport().deadlineMs, 15_000);
  t.deepEqual(httpTransport().schemes, ['https:']);
});
