import { HookwellError } from '@hookwell/core';
import test from 'ava';
import { parserSetups, type Wish } from './host.ts';
import { problem, startManaged, subscribed, tagged } from './manage-host.ts';
import { webhooks } from '../src/index.ts';

const body = { url: 'https://example.com/hook', topic: 'sub_tag(3)' };
const many = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`n${n}`, n]));

/** What is wrong with a request: method, path, wish, code, status, what is named, and what the detail says. */
const wrong: Readonly<Record<string, readonly [string, string, Wish, Parameters<typeof problem>, RegExp]>> = {
  'a misspelt parameter': [
    'GET',
    '/attempts?limt=5',
    {},
    ['invalid_parameter', 400, 'limt'],
    /no parameter "limt" here\. Did you mean "limit"\? Taken here: "cursor", "limit"/,
  ],
  'a parameter where none is taken': ['GET', '/catalog?all=1', {}, ['invalid_parameter', 400, 'all'], /None is taken here/],
  'a parameter twice': ['GET', '/attempts?limit=5&limit=5', {}, ['invalid_parameter', 400, 'limit'], /"limit" is there twice/],
  'a limit of 101': [
    'GET',
    '/attempts?limit=101',
    {},
    ['invalid_parameter', 400, 'limit'],
    /is 101\. Send a whole number from 1 to 100/,
  ],
  'a limit of 0': ['GET', '/attempts?limit=0', {}, ['invalid_parameter', 400, 'limit'], /from 1 to 100/],
  'a limit that is a word': ['GET', '/attempts?limit=all', {}, ['invalid_parameter', 400, 'limit'], /is "all"\./],
  'a limit written oddly': ['GET', '/attempts?limit=+5', {}, ['invalid_parameter', 400, 'limit'], /whole number/],
  'an outcome that there is not': [
    'GET',
    '/attempts?outcome=failed,retired',
    {},
    ['invalid_parameter', 400, 'outcome'],
    /Send one or more of "delivered", "retry", "failed", "cancelled"/,
  ],
  'a state that there is not': [
    'GET',
    '/subscriptions?which=old',
    {},
    ['invalid_parameter', 400, 'which'],
    /"active", "ended", "all"/,
  ],
  'a time without a zone': [
    'GET',
    '/attempts?from=2026-01-15',
    {},
    ['invalid_parameter', 400, 'from'],
    /such as 2026-01-15T12:00:00Z/,
  ],
  'a time that there is not': ['GET', '/attempts?from=2026-02-30T25:00:00Z', {}, ['invalid_parameter', 400, 'from'], /a time/],
  'a text of 201 characters': [
    'GET',
    `/attempts?text=${'x'.repeat(201)}`,
    {},
    ['invalid_parameter', 400, 'text'],
    /1 to 200 characters/,
  ],
  'a text with the character zero': ['GET', '/attempts?text=%00', {}, ['invalid_parameter', 400, 'text'], /text of/],
  'an empty text': ['GET', '/attempts?text=', {}, ['invalid_parameter', 400, 'text'], /text of/],
  'a parameter that every object has': [
    'GET',
    '/attempts?__proto__=1',
    {},
    ['invalid_parameter', 400, '__proto__'],
    /no parameter/,
  ],
  'fifty parameters and one': [
    'GET',
    `/attempts?${Array.from({ length: 51 }, (_, n) => `n${n}=1`).join('&')}`,
    {},
    ['invalid_parameter', 400],
    /at most 50/,
  ],
  'a cursor that is none': ['GET', '/attempts?cursor=abc', {}, ['invalid_cursor', 400, 'cursor'], /Begin again without "cursor"/],
  'a body that is missing': ['POST', '/subscriptions', {}, ['invalid_body', 400], /Send a JSON object such as \{"url"/],
  'a body that is a form': [
    'POST',
    '/subscriptions',
    { form: 'url=x' },
    ['unsupported_media_type', 415],
    /application\/x-www-form-urlencoded".* Send JSON/,
  ],
  'a body of no type': ['POST', '/subscriptions', { body: JSON.stringify(body) }, ['unsupported_media_type', 415], /of no type/],
  'a body that is no JSON': [
    'POST',
    '/subscriptions',
    { body: '{"url":', headers: { 'Content-Type': 'application/json' } },
    ['invalid_body', 400],
    /not the JSON/,
  ],
  'a body that is a list': ['POST', '/subscriptions', { json: [body] }, ['invalid_body', 400], /not an object/],
  'a body of 65 KiB': ['POST', '/subscriptions', { json: { ...body, url: 'x'.repeat(66_000) } }, ['invalid_body', 400], /64 KiB/],
  'a body that is deep': [
    'POST',
    '/subscriptions',
    { json: { a: { b: { c: { d: { e: 1 } } } } } },
    ['invalid_body', 400],
    /nested too deeply/,
  ],
  'a body of 101 members': ['POST', '/subscriptions', { json: many }, ['invalid_body', 400], /too many parts/],
  'a member that every object has': [
    'POST',
    '/subscriptions',
    { body: '{"__proto__":{}}', headers: { 'Content-Type': 'application/json' } },
    ['invalid_body', 400],
    /"__proto__"/,
  ],
  'a misspelt member': [
    'POST',
    '/subscriptions',
    { json: { ...body, fromat: 'full' } },
    ['invalid_body', 400, 'fromat'],
    /no member "fromat" here\. Did you mean "format"\?/,
  ],
  'a member that is missing': [
    'POST',
    '/subscriptions',
    { json: { url: body.url } },
    ['invalid_body', 400, 'topic'],
    /"topic" is missing/,
  ],
  'a member of another kind': [
    'POST',
    '/subscriptions',
    { json: { ...body, url: 7 } },
    ['invalid_body', 400, 'url'],
    /"url" is 7\. Send a text/,
  ],
  'an encoding that there is not': [
    'POST',
    '/subscriptions',
    { json: { ...body, encoding: 'xml' } },
    ['invalid_body', 400, 'encoding'],
    /Send one of "form", "json"/,
  ],
  'a body where none is taken': [
    'DELETE',
    '/subscriptions/1',
    { json: { really: true } },
    ['invalid_body', 400],
    /none is taken here/,
  ],
  'an id that is no number': ['GET', '/subscriptions/first', {}, ['not_found', 404], /id "first"/],
  'an id that is no text': ['GET', '/deliveries/%ff', {}, ['not_found', 404], /nothing at/],
  'a path that there is not': ['GET', '/subscriptions/1/secret', {}, ['not_found', 404], /nothing at/],
  'nothing behind the API': ['GET', '', {}, ['not_found', 404], /nothing at/],
};

for (const [what, [method, path, wish, expected, says]] of Object.entries(wrong)) {
  test(`${what} is a problem that names it`, async (t) => {
    const host = await startManaged(t);
    const reply = await host.api<{ readonly detail: string; readonly title: string }>(method, path, wish);
    const [code, status, name] = expected;
    t.is(reply.status, status, reply.text);
    t.deepEqual(Object.keys(reply.json), ['type', 'code', 'title', 'status', 'detail', ...(name === undefined ? [] : ['name'])]);
    t.like(reply.json, problem(code, status, name) as never);
    t.regex(reply.json.detail, says);
    t.is(reply.headers['content-type'], 'application/problem+json');
    t.is(reply.headers['cache-control'], 'no-store');
    t.is(reply.headers['x-content-type-options'], 'nosniff');
    t.deepEqual(host.errors, []);
  });
}

for (const [setup, parsers] of Object.entries(parserSetups)) {
  test(`a host with ${setup}: a JSON body is read, and a wrong one is a problem or the host's own refusal`, async (t) => {
    const host = await startManaged(t, { parsers });
    t.is((await host.api('POST', '/subscriptions', { json: body })).status, 201);
    const reply = await host.api('POST', '/subscriptions', { json: { ...body, urll: 1 } });
    t.like(reply.json, problem('invalid_body', 400, 'urll') as never);
    t.is((await host.api('POST', '/subscriptions', { form: 'url=x' })).status, 415);
  });
}

test('a cursor is of no use with other filters, in another list or for another account', async (t) => {
  const host = await startManaged(t);
  for (const as of ['app-1', 'app-2']) await subscribed(host, {}, as);
  for (let id = 1; id <= 3; id += 1) await tagged(host, 1, id);
  await host.engine.deliverDue();
  const { json } = await host.api<{ readonly next: string }>('GET', '/attempts?limit=1&outcome=delivered');
  const status = async (path: string, as = 'app-1'): Promise<number> => (await host.api('GET', path, { as })).status;
  t.is(await status(`/attempts?limit=2&outcome=delivered&cursor=${json.next}`), 200);
  t.is(await status(`/attempts?limit=1&outcome=failed&cursor=${json.next}`), 400);
  t.is(await status(`/attempts?limit=1&cursor=${json.next}`), 400);
  t.is(await status(`/subscriptions?limit=1&cursor=${json.next}`), 400);
  t.is(await status(`/attempts?limit=1&outcome=delivered&cursor=${json.next}`, 'app-2'), 400);
  t.is(await status(`/attempts?limit=1&outcome=delivered&cursor=${json.next.slice(0, -2)}`), 400);
  const forged = Buffer.from(JSON.stringify([JSON.parse(Buffer.from(json.next, 'base64url').toString('utf8'))[0], '1'])).toString(
    'base64url',
  );
  t.is(await status(`/attempts?limit=1&outcome=delivered&cursor=${forged}`), 400);
});

test('an engine that is not running is unavailable for now', async (t) => {
  const host = await startManaged(t, { started: false });
  const reply = await host.api('GET', '/subscriptions');
  t.like(reply.json, problem('unavailable', 503) as never);
  t.is(reply.headers['retry-after'], '5');
});

test('what goes wrong inside is reported, and the client is told nothing of it', async (t) => {
  const host = await startManaged(t);
  const refusing: Partial<typeof host.engine.subscriptions> = {
    list: async () => Promise.reject(new HookwellError('storage_failed', 'disk of 10.0.0.7 is full')),
  };
  Object.assign(host.engine.subscriptions, refusing);
  const reply = await host.api('GET', '/subscriptions');
  t.like(reply.json, problem('internal_error', 500) as never);
  t.notRegex(reply.text, /10\.0\.0\.7/);
  t.regex(host.errors[0]?.message ?? '', /10\.0\.0\.7/);
});

test('what a plugin refuses is not permitted, in its words', async (t) => {
  const host = await startManaged(t, {
    engine: {
      plugins: [
        {
          name: 'plan',
          subscribe() {
            throw new HookwellError('not_permitted', 'Your plan has no webhooks; choose a larger one.');
          },
        },
      ],
    },
  });
  const reply = await host.api<{ readonly detail: string }>('POST', '/subscriptions', { json: body });
  t.like(reply.json, problem('not_permitted', 403) as never);
  t.is(reply.json.detail, 'Your plan has no webhooks; choose a larger one.');
});

test('secrets that cannot be kept are refused where the API is mounted', async (t) => {
  const host = await startManaged(t);
  t.throws(
    () => webhooks(host.engine, { authenticate: () => null, secrets: { rotate: async () => ({ secret: '' }) } as never }),
    {
      message: /option "secrets" keeps no secrets: its "secretsOf" is not a function/,
    },
  );
});
