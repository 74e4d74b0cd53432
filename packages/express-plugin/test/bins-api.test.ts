import { HookwellError } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import type { ProblemJson } from '../src/manage/problem.ts';
import { startBins, type BinsHost } from './bins-host.ts';
import { startHost } from './host.ts';
import { sessionOf } from './manage-host.ts';

/** Every call that names a bin. */
const calls: readonly (readonly [method: string, path: string, json?: object])[] = [
  ['GET', ''],
  ['DELETE', ''],
  ['PUT', '/answer', { status: 500 }],
  ['GET', '/events'],
  ['DELETE', '/requests'],
  ['GET', '/requests/1'],
  ['GET', '/requests/1/body'],
];

for (const [method, path, json] of calls) {
  test(`${method} bins/api/<id>${path} is for the bin's account alone: others find nothing, nobody is told to sign in`, async (t) => {
    const host = await startBins(t);
    const id = await host.make('a');
    await host.send(id, { body: 'x' });
    const wish = json ? { json } : {};
    const stranger = await host.bins<ProblemJson>(method, `/${id}${path}`, { ...wish, account: 'b' });
    const missing = await host.bins<ProblemJson>(method, `/${'0'.repeat(32)}${path}`, { ...wish, account: 'b' });
    t.is(stranger.status, 404);
    t.deepEqual(stranger.value, missing.value);
    const nobody = await host.bins<ProblemJson>(method, `/${id}${path}`, { ...wish, account: null });
    t.is(nobody.status, 401);
    t.is(nobody.value.code, 'not_authenticated');
    t.is(nobody.headers['content-type'], 'application/problem+json');
    t.like(await host.state(id), { bin: { requests: 1, answer: { status: 200 } } });
  });
}

for (const [what, headers] of Object.entries({
  'another site': { 'Sec-Fetch-Site': 'cross-site' },
  'a sister site': { 'Sec-Fetch-Site': 'same-site' },
  'another origin': { Origin: 'https://evil.example' },
  'an origin that is none': { Origin: 'null' },
})) {
  test(`no change is taken from ${what}`, async (t) => {
    const host = await startBins(t);
    const id = await host.make('a');
    await host.send(id);
    for (const [method, path] of [...calls.filter(([name]) => name !== 'GET'), ['POST', null] as const]) {
      const answer = await host.bins<ProblemJson>(method, path === null ? '' : `/${id}${path}`, { headers });
      t.is(answer.status, 403, `${method} ${path}`);
      t.is(answer.value.code, 'cross_site');
    }
    t.like(await host.state(id), { bin: { requests: 1, answer: { status: 200 } } });
  });
}

test('a bin is cleared, counts on, and is gone once deleted', async (t) => {
  const host = await startBins(t);
  const id = await host.make();
  await host.send(id);
  t.is((await host.bins('DELETE', `/${id}/requests`)).status, 204);
  t.deepEqual((await host.state(id)).requests, []);
  await host.send(id);
  t.deepEqual(
    (await host.state(id)).requests.map(({ number }) => number),
    [2],
  );
  t.is((await host.bins('DELETE', `/${id}`)).status, 204);
  t.is((await host.send(id)).status, 404);
  t.is((await host.bins('GET', `/${id}`)).status, 404);
});

test('a webhook that comes again is told as such, as long as it is remembered', async (t) => {
  const host = await startBins(t, { requestsPerBin: 3 });
  const id = await host.make();
  for (const webhook of ['one', 'two', 'one', 'one', '']) {
    await host.send(id, { headers: webhook === '' ? {} : { 'webhook-id': webhook } });
  }
  t.deepEqual(
    (await host.state(id)).requests.map(({ webhookId, attempt }) => [webhookId, attempt]),
    [
      ['one', 2],
      ['one', 3],
      [null, 1],
    ],
  );
});

test('paths and methods that are none are answered with problems', async (t) => {
  const host = await startBins(t);
  const id = await host.make();
  for (const path of [
    '/x',
    `/${id}/x`,
    `/${id}/answer/x`,
    `/${id}/events/1`,
    `/${id}/requests/1/body/x`,
    `/${id}/requests/9`,
    '/',
  ]) {
    t.is((await host.bins('GET', path)).status, 404, path);
  }
  const wrong = await host.bins<ProblemJson>('PATCH', `/${id}`);
  t.is(wrong.status, 405);
  t.is(wrong.headers.allow, 'GET, HEAD, DELETE');
});

/** Hears a stream of a bin, part by part. */
async function hear(
  t: ExecutionContext,
  host: BinsHost,
  id: string,
): Promise<() => Promise<{ event: string; data: never } | null>> {
  const stop = new AbortController();
  t.teardown(() => stop.abort());
  const answer = await fetch(`${host.url}/1/bins/api/${id}/events`, { headers: { cookie: 'session=a' }, signal: stop.signal });
  t.is(answer.status, 200);
  t.regex(answer.headers.get('content-type') ?? '', /^text\/event-stream/);
  t.regex(answer.headers.get('cache-control') ?? '', /no-transform/);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = '';
  return async () => {
    for (;;) {
      const end = waiting.indexOf('\n\n');
      if (end >= 0) {
        const block = waiting.slice(0, end);
        waiting = waiting.slice(end + 2);
        const [, event = '', data = ''] = /^event: (.*)\ndata: (.*)$/.exec(block) ?? [];
        if (event !== '') return { event, data: JSON.parse(data) as never };
      } else {
        const part = await reader?.read();
        if (!part || part.done) return null;
        waiting += part.value;
      }
    }
  };
}

test('a page hears of the bin as it is, of each request, of changes, and of its end', async (t) => {
  const host = await startBins(t, { requestsPerBin: 1 });
  const id = await host.make();
  await host.send(id, { body: 'first' });
  const next = await hear(t, host, id);
  t.like(await next(), { event: 'state', data: { bin: { id, requests: 1 }, requests: { 0: { number: 1 } } } });
  await host.send(id, { body: 'second\n\nevent: gone', below: '/x' });
  t.like(await next(), { event: 'request', data: { request: { number: 2, path: '/x' }, bin: { requests: 1 }, oldest: 2 } });
  await host.bins('PUT', `/${id}/answer`, { json: { status: 500 } });
  t.like(await next(), { event: 'state', data: { bin: { answer: { status: 500 } } } });
  await host.bins('DELETE', `/${id}/requests`);
  t.like(await next(), { event: 'state', data: { requests: [] } });
  await host.bins('DELETE', `/${id}`);
  t.like(await next(), { event: 'gone' });
  t.is(await next(), null);
});

test('at most 20 pages of an account watch at once', async (t) => {
  const host = await startBins(t);
  const id = await host.make();
  for (let n = 0; n < 20; n += 1) await hear(t, host, id);
  const answer = await host.bins<ProblemJson>('GET', `/${id}/events`);
  t.is(answer.status, 429);
  t.is(answer.value.code, 'too_many_listeners');
});

test('bins need a console, whose sessions they belong to', async (t) => {
  const error = await t.throwsAsync(startHost(t, { options: { bins: {} } }));
  t.true(HookwellError.is(error, 'invalid_option'));
  t.regex(error?.message ?? '', /option "bins" needs the option "console"/);
});

test('the pages of bins belong to a session, and what is none of theirs to the host', async (t) => {
  const host = await startBins(t, {}, { behind: (app) => app.use((_request, response) => void response.status(299).end()) });
  const id = await host.make();
  for (const path of ['/bins', `/bins/${id}`]) {
    t.is((await host.call('GET', path, { as: null })).status, 401, path);
    const page = await host.call('GET', path, { as: null, headers: { Cookie: 'session=a' } });
    t.is(page.status, 200);
    t.regex(page.headers['content-security-policy'] as string, /default-src 'none'.*strict-dynamic/);
    t.is((await host.call('POST', path, { as: null })).status, 405);
  }
  for (const path of ['/bins/', '/bins/x', `/bins/${id}/`, `/bins/${id}/x`, '/binsx']) {
    t.is((await host.call('GET', path, { as: null })).status, 299, path);
  }
});

for (const [environment, enabled, served] of [
  ['production', undefined, false],
  ['production', true, true],
  ['development', undefined, true],
  ['development', false, false],
] as const) {
  test.serial(`bins are ${served ? 'on' : 'off'} in ${environment} with enabled ${enabled}`, async (t) => {
    const before = process.env['NODE_ENV'];
    process.env['NODE_ENV'] = environment;
    t.teardown(() => {
      if (before === undefined) delete process.env['NODE_ENV'];
      else process.env['NODE_ENV'] = before;
    });
    const host = await startHost(t, {
      options: { console: { authenticate: sessionOf }, bins: enabled === undefined ? {} : { enabled } },
    });
    const headers = { Cookie: 'session=a' };
    const page = await host.call('GET', '/bins', { as: null, headers });
    t.true(page.text.includes(`"enabled":${served}`), page.text);
    t.true(page.text.includes(`"production":${environment === 'production'}`));
    t.is((await host.call('POST', '/bins/api', { as: null, headers })).status, served ? 201 : 404);
  });
}
