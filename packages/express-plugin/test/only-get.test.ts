import test from 'ava';
import { Registry } from 'prom-client';
import { startHost } from './host.ts';
import { sessionOf } from './manage-host.ts';

const paths = [
  '/console',
  '/docs',
  '/docs/examples.json',
  '/openapi.json',
  '/feed.rss',
  '/feed.atom',
  '/metrics',
  '/bins',
  `/bins/${'0'.repeat(32)}`,
  '/assets/x.js',
];

for (const path of paths) {
  test(`${path} is read, and refuses whatever else one may want to do with it`, async (t) => {
    const host = await startHost(t, {
      options: {
        console: { authenticate: sessionOf },
        documentation: {},
        feed: {},
        metrics: { registry: new Registry() },
        bins: { enabled: true },
      },
    });
    const headers = { Cookie: 'session=1' };
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const refused = await host.call(method, path, { headers });
      t.is(refused.status, 405, method);
      t.is(refused.headers.allow, 'GET, HEAD');
      t.is(refused.headers['content-type'], 'text/plain;charset=UTF-8');
      t.true(refused.text.startsWith(`${method} does nothing here.`), refused.text);
    }
    const whole = await host.call('GET', path, { headers });
    const head = await host.call('HEAD', path, { headers });
    t.is(head.status, whole.status);
    t.not(head.status, 405);
    t.is(head.headers['content-length'], whole.headers['content-length']);
    t.is(head.text, '');
  });
}

test('nobody has to sign in to be told so', async (t) => {
  const host = await startHost(t, { options: { console: { authenticate: sessionOf } } });
  t.is((await host.call('POST', '/console', { as: null })).status, 405);
});
