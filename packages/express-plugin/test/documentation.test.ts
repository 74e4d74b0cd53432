import { ontraportCatalog } from '@hookwell/core';
import test from 'ava';
import type { WebhooksOptionsInput } from '../src/index.ts';
import { startHost, type HostOptions } from './host.ts';
import { sessionOf } from './manage-host.ts';

const tags = { 1: [{ number: 3, name: 'Interested' }], 2: [{ number: 9, name: 'Customer' }] } as const;

/** A host whose accounts have tags of their own, by key pair and by session. */
const documented = (documentation: WebhooksOptionsInput['documentation'] = {}): HostOptions => ({
  options: {
    documentation: { examples: (accountId) => ({ events: { sub_tag: tags[accountId as '1' | '2'] } }), ...documentation },
    console: { authenticate: sessionOf },
  },
});

test('the page needs no login, and holds nothing of an account and nothing of a key', async (t) => {
  const host = await startHost(t, documented({ title: 'Our <API>', description: '</script><b>Keys</b>' }));
  const page = await host.call('GET', '/docs', { as: null });
  t.is(page.status, 200);
  t.is(page.headers['content-type'], 'text/html;charset=UTF-8');
  t.true(page.text.includes('<title>Our &lt;API&gt;</title>'));
  t.false(page.text.includes('</script><b>'));
  t.notRegex(page.text, /Interested|Customer|key-1/);
  t.notRegex(String(page.headers['content-security-policy']), /unsafe-inline|unsafe-eval|https?:/);
  t.is((await host.call('POST', '/docs', { as: null })).status, 405);
});

test('an account gets its own examples, by its key pair or by its session, and nobody else gets any', async (t) => {
  const host = await startHost(t, documented());
  const examples = async (as: string | null, cookie?: string) => {
    const wish = { as, ...(cookie === undefined ? {} : { headers: { Cookie: cookie } }) };
    const { status, text } = await host.call('GET', '/docs/examples.json', wish);
    return status === 200
      ? (JSON.parse(text) as { readonly events: Readonly<Record<string, unknown>> }).events['sub_tag']
      : status;
  };
  t.deepEqual(await examples('app-1'), tags[1]);
  t.deepEqual(await examples('app-2'), tags[2]);
  t.deepEqual(await examples(null, 'session=2'), tags[2]);
  t.deepEqual(await examples('app-1', 'session=2'), tags[1], 'keys go before the session');
  t.is(await examples(null), 401);
  t.is(await examples('nobody'), 401);
  t.deepEqual(host.errors, []);
});

test('examples are refused in the words of the contract, counted as it counts, and kept by nobody', async (t) => {
  const host = await startHost(t, documented());
  const refused = await host.call('GET', '/docs/examples.json', { as: null });
  t.is(refused.text, 'Your App ID and API Key do not authenticate.');
  t.is(refused.headers['x-rate-limit-remaining'], '179');
  const answered = await host.call('GET', '/docs/examples.json');
  t.is(answered.headers['cache-control'], 'no-store');
  t.is(answered.headers['x-rate-limit-remaining'], '179');
});

test('without examples of the host’s, events about object types have those of the catalog', async (t) => {
  const host = await startHost(t, { options: { documentation: {} } });
  const { text } = await host.call('GET', '/docs/examples.json');
  t.deepEqual(JSON.parse(text), {
    events: {
      object_create: [...ontraportCatalog.objectTypes.values()].map(({ id, name }) => ({ number: id, name })),
      object_submits_form: [],
      sub_tag: [],
      unsub_tag: [],
    },
  });
});

const wrong: Readonly<Record<string, readonly [answer: unknown, says: RegExp]>> = {
  'no object': [{ events: null }, /documentation\.examples answered events null/],
  'an event that there is not': [
    { events: { sub_tags: [] } },
    /answered events "sub_tags"; it must be named by events of the catalog/,
  ],
  'no list': [{ events: { sub_tag: 'x' } }, /answered events\.sub_tag "x"; it must be a list/],
  'a number that is none': [{ events: { sub_tag: [{ number: '3', name: 'x' }] } }, /with whole numbers from 0 up/],
};

for (const [what, [answer, says]] of Object.entries(wrong)) {
  test(`examples with ${what} are the host’s mistake: it is told, and the client is not`, async (t) => {
    const host = await startHost(t, documented({ examples: () => answer as never }));
    const { status, text } = await host.call('GET', '/docs/examples.json');
    t.is(status, 500);
    t.notRegex(text, /examples/);
    t.regex(host.errors[0]?.message ?? '', says);
  });
}

test('at most 200 examples of an event are offered', async (t) => {
  const many = Array.from({ length: 300 }, (_, number) => ({ number, name: `Tag ${number}` }));
  const host = await startHost(t, documented({ examples: async () => ({ events: { sub_tag: many } }) }));
  const { text } = await host.call('GET', '/docs/examples.json');
  t.is((JSON.parse(text) as { readonly events: Readonly<Record<string, readonly unknown[]>> }).events['sub_tag']?.length, 200);
});
