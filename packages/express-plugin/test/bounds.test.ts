import test from 'ava';
import { parserSetups, startHost, versions, type Version, type Wish } from './host.ts';

const good = { url: 'https://example.com/hook', event: 'sub_tag(3)' };
const goodForm = new URLSearchParams(good).toString();

function nested(depth: number): string {
  return `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
}

const refused: Readonly<Record<string, Wish & { readonly query?: string; readonly text: RegExp }>> = {
  'a form of 101 parameters': {
    form: `${goodForm}&${Array.from({ length: 99 }, (_, n) => `p${n}=1`).join('&')}`,
    text: /^Too many parameters: 100 are taken/,
  },
  'a query of 101 parameters': {
    query: `?${Array.from({ length: 101 }, (_, n) => `p${n}`).join('&')}`,
    form: goodForm,
    text: /^Too many parameters: 100 are taken, and these are 101\.$/,
  },
  'JSON of 101 names': {
    json: { ...good, more: Object.fromEntries(Array.from({ length: 98 }, (_, n) => [`p${n}`, 1])) },
    text: /^The body has too many parts: 100 are taken/,
  },
  'a form five levels deep': { form: `${goodForm}&a[b][c][d][e]=1`, text: /nested too deeply: 4 levels are taken/ },
  'a query five levels deep': { query: '?a[b][c][d][e]=1', form: goodForm, text: /nested too deeply: 4 levels are taken/ },
  'JSON five levels deep': { body: `{"url":"x","x":${nested(4)}}`, text: /^The body is nested too deeply: 4 levels are taken/ },
  'JSON of lists in lists': { body: '{"x":[[[[1]]]]}', text: /^The body is nested too deeply/ },
  'JSON thousands of levels deep': { body: `{"x":${nested(5_000)}}`, text: /^The body is nested too deeply/ },
  'data four levels deep in a text': { json: { ...good, data: nested(4) }, text: /^The parameter "data" is nested too deeply/ },
  ...Object.fromEntries(
    ['__proto__', 'constructor', 'prototype'].flatMap((name) => [
      [`JSON with ${name}`, { body: `{"${name}":{"x":1},"url":"x"}`, text: /^No parameter can be called/ }],
      [`JSON with ${name} further in`, { body: `{"x":{"y":{"${name}":1}}}`, text: /^No parameter can be called/ }],
      [`data with ${name} in a text`, { json: { ...good, data: `{"${name}":1}` }, text: /^No parameter can be called/ }],
      [`a query with ${name}`, { query: `?${name}=1`, form: goodForm, text: /^No parameter can be called/ }],
      [`a query with ${name} in brackets`, { query: `?x[${name}]=1`, form: goodForm, text: /^No parameter can be called/ }],
    ]),
  ),
};

for (const [what, { text, query = '', ...wish }] of Object.entries(refused)) {
  test(`${what}: refused, whoever parses it`, async (t) => {
    for (const parsers of Object.values(parserSetups)) {
      const host = await startHost(t, { parsers });
      const headers = wish.body === undefined ? {} : { 'Content-Type': 'application/json' };
      const answer = await host.call('POST', `/Webhook/subscribe${query}`, { ...wish, headers });
      t.is(answer.status, 400);
      t.is(answer.headers['content-type'], 'text/html;charset=UTF-8');
      t.regex(answer.text, text);
      t.is((await host.engine.subscriptions.list(1)).total, 0);
    }
    t.is(({} as Record<string, unknown>)['x'], undefined);
  });
}

test('as much as the bounds allow is taken', async (t) => {
  const host = await startHost(t);
  const many = Array.from({ length: 98 }, (_, n) => `p${n}=1`).join('&');
  const taken: readonly Wish[] = [
    { form: `${goodForm}&${many}` },
    { form: `${goodForm}&a[b][c][d]=1` },
    { body: JSON.stringify({ ...good, x: { a: { b: { c: 1 } } } }), headers: { 'Content-Type': 'application/json' } },
    { json: { ...good, data: nested(3) } },
    { form: goodForm + '&x=' + 'x'.repeat(65_536 - goodForm.length - 3) },
  ];
  for (const wish of taken) {
    const { status, text } = await host.call('POST', '/Webhook/subscribe', wish);
    t.is(status, 200, text);
  }
});

for (const version of Object.keys(versions) as Version[]) {
  for (const [setup, parsers] of Object.entries(parserSetups)) {
    test(`${version} with ${setup}: a body over 64 KiB is refused, and the connection goes on`, async (t) => {
      const host = await startHost(t, { version, parsers });
      const form = `${goodForm}&x=${'x'.repeat(65_536 - goodForm.length - 2)}`;
      t.is(form.length, 65_537);
      const large = await host.call('POST', '/Webhook/subscribe', { form });
      t.deepEqual([large.status, large.text], [400, 'The body is too large: 64 KiB are taken.']);
      const whenRead = /no parsers|text|raw|json only/.test(setup);
      if (whenRead) {
        const chunked = await host.call('POST', '/Webhook/subscribe', { form, chunked: true });
        t.deepEqual([chunked.status, chunked.text], [400, 'The body is too large: 64 KiB are taken.']);
      }
      t.is((await host.engine.subscriptions.list(1)).total, 0);
    });
  }
}
