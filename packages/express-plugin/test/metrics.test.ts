import test from 'ava';
import { Counter, Registry } from 'prom-client';
import type { MetricsRegistry } from '../src/index.ts';
import { startHost, versions, type Version } from './host.ts';

function registryWithOne(): Registry {
  const registry = new Registry();
  new Counter({ name: 'contacts_total', help: 'Contacts.', registers: [registry] }).inc(3);
  return registry;
}

for (const version of Object.keys(versions) as Version[]) {
  test(`${version}: metrics are served with the registry's own content type, to nobody's keys, and never from a cache`, async (t) => {
    const registry = registryWithOne();
    const host = await startHost(t, { version, options: { metrics: { registry } } });
    const answer = await host.call('GET', '/metrics', { as: null });
    t.is(answer.status, 200);
    t.is(answer.headers['content-type'], registry.contentType);
    t.is(answer.headers['cache-control'], 'no-store');
    t.is(answer.text, await registry.metrics());
    t.regex(answer.text, /^contacts_total 3$/m);
  });
}

test('HEAD is answered without the text, and what is no reading with 405', async (t) => {
  const host = await startHost(t, { options: { metrics: { registry: registryWithOne() } } });
  const head = await host.call('HEAD', '/metrics');
  t.is(head.status, 200);
  t.is(head.text, '');
  t.true(Number(head.headers['content-length']) > 0);
  const post = await host.call('POST', '/metrics', { form: 'a=b' });
  t.is(post.status, 405);
  t.is(post.headers['allow'], 'GET, HEAD');
});

test('authenticate decides who reads, and nothing but true lets anybody', async (t) => {
  let read = 0;
  const registry: MetricsRegistry = {
    contentType: 'text/plain',
    async metrics() {
      read += 1;
      return 'up 1\n';
    },
  };
  const host = await startHost(t, {
    options: {
      metrics: { registry, authenticate: ({ headers }) => (headers.authorization === 'Bearer scrape' ? true : ('no' as never)) },
    },
  });
  const refused = await host.call('GET', '/metrics');
  t.is(refused.status, 401);
  t.is(refused.headers['www-authenticate'], 'Bearer realm="metrics"');
  t.is(read, 0);
  t.is((await host.call('GET', '/metrics', { headers: { authorization: 'Bearer scrape' } })).text, 'up 1\n');
});

test('a registry or an authenticate that throws is answered with 500 and reported, not shown', async (t) => {
  const broken = async (): Promise<never> => {
    throw new Error('secret trouble');
  };
  for (const metrics of [
    { registry: { contentType: 'text/plain', metrics: broken } },
    { registry: registryWithOne(), authenticate: broken },
  ]) {
    const host = await startHost(t, { options: { metrics } });
    const answer = await host.call('GET', '/metrics');
    t.is(answer.status, 500);
    t.notRegex(answer.text, /secret/);
    t.deepEqual(
      host.errors.map(({ message }) => message),
      ['secret trouble'],
    );
  }
});

test('without the option the path is the host’s', async (t) => {
  const host = await startHost(t, {
    behind: (app) => app.get('/1/metrics', (_request, response) => void response.send('mine')),
  });
  t.is((await host.call('GET', '/metrics')).text, 'mine');
});

test('a registry that is none is refused when the router is made', async (t) => {
  const wrong = async (metrics: unknown, message: RegExp): Promise<unknown> =>
    t.throwsAsync(startHost(t, { options: { metrics: metrics as never } }), { code: 'invalid_option', message });
  await wrong({ registry: {} }, /^webhooks: option "metrics\.registry" is no registry/);
  await wrong({}, /^webhooks needs the option "metrics\.registry"/);
  await wrong(
    { registry: registryWithOne(), authenticate: 'yes' },
    /^webhooks: option "metrics\.authenticate" is not a function/,
  );
});
