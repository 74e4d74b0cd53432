import { resolveOptions } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import { httpTransport, HttpTransportOptionsSchema } from '../src/http/index.ts';
import { dnsResolver, type ResolveHost } from '../src/http/resolve-host.ts';
import { dnsServer, type DnsAnswer, type DnsQuestion, type DnsServer } from './dns-server.ts';
import { requestTo } from './http-requests.ts';

interface Names {
  readonly resolve: ResolveHost;
  readonly server: DnsServer;
}

async function names(t: ExecutionContext, answer: (question: DnsQuestion) => DnsAnswer, dnsMs = 3_000): Promise<Names> {
  const server = await dnsServer(answer);
  t.teardown(server.close);
  const options = resolveOptions(HttpTransportOptionsSchema, { dnsServers: [server.address], dnsMs }, 'httpTransport');
  return { resolve: dnsResolver(options), server };
}

test('a name has all the addresses of both kinds, in one list', async (t) => {
  const { resolve, server } = await names(t, () => ['192.0.2.1', '2001:db8::1', '192.0.2.2', '2001:db8::2']);
  t.deepEqual(await resolve('hooks.example.com'), ['192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2']);
  t.deepEqual(
    server
      .questions()
      .map(({ type }) => type)
      .toSorted(),
    ['A', 'AAAA'],
  );
});

test('those who ask for a name at the same time ask once, and later ones ask again', async (t) => {
  const { resolve, server } = await names(t, () => ['192.0.2.1']);
  await Promise.all(Array.from({ length: 50 }, async () => resolve('hooks.example.com')));
  t.is(server.questions().length, 2);
  await resolve('hooks.example.com');
  t.is(server.questions().length, 4);
});

test('a name without addresses is not found, and one that nobody knows now is another matter', async (t) => {
  const { resolve } = await names(t, ({ name }) => (name.startsWith('empty') ? [] : (name.split('.')[0] as DnsAnswer)), 900);
  for (const [name, code] of [
    ['nxdomain.example.com', 'ENOTFOUND'],
    ['empty.example.com', 'ENOTFOUND'],
    ['servfail.example.com', 'EAI_AGAIN'],
    ['refused.example.com', 'EAI_AGAIN'],
    ['silence.example.com', 'EAI_AGAIN'],
    ['garbage.example.com', 'EAI_AGAIN'],
  ] as const) {
    await t.throwsAsync(async () => resolve(name), { code }, name);
  }
});

test('a question that is never answered takes as long as the option says, and other names do not wait for it', async (t) => {
  const { resolve } = await names(t, ({ name }) => (name.startsWith('silent') ? 'silence' : ['192.0.2.1']), 600);
  const began = performance.now();
  const stuck = Array.from({ length: 50 }, async (_, index) => t.throwsAsync(resolve(`silent-${index}.example.com`)));
  await resolve('hooks.example.com');
  t.true(performance.now() - began < 500, 'it waited');
  await Promise.all(stuck);
  t.true(performance.now() - began >= 590);
  t.true(performance.now() - began < 3_000);
});

test('a name of which only one kind of address is answered for has those', async (t) => {
  const { resolve } = await names(t, ({ type }) => (type === 'A' ? ['192.0.2.1'] : 'silence'), 300);
  t.deepEqual(await resolve('hooks.example.com'), ['192.0.2.1']);
});

test('a resolver that answers nobody is held against no endpoint; a name that is not there is', async (t) => {
  const server = await dnsServer(({ name }) => (name.startsWith('no') ? 'nxdomain' : 'silence'));
  t.teardown(server.close);
  const transport = httpTransport({ dnsServers: [server.address], dnsMs: 300 });
  await transport.start({ now: Date.now });
  const results = [];
  for (const name of ['silent', 'no', 'silent']) results.push(await transport.send(requestTo(`https://${name}.example.com/`)));
  t.like(results[0], { ok: false, fault: 'local', reason: 'no host name can be resolved' });
  t.like(results[1], { ok: false, fault: 'endpoint', reason: 'host name not found' });
  t.like(results[2], { ok: false, fault: 'endpoint', reason: 'host name could not be resolved for now' });
  await transport.stop();
});
