import type { IncomingMessage } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import { webhooks } from '../src/index.ts';
import { authenticate, keysOf, type Wish } from './host.ts';
import { everyRoute, problem, sessionOf, startManaged, subscribed, tagged, type ManagedHost } from './manage-host.ts';

const console = { authenticate: sessionOf };
const session = (account: string, more: Readonly<Record<string, string>> = {}): Wish => ({
  as: null,
  headers: { Cookie: `session=${account}`, ...more },
});

/** Two accounts with a subscription, a log line, a delivery that waits and a replay; answers the ids of account 2. */
async function two(
  t: ExecutionContext,
): Promise<{ readonly host: ManagedHost; readonly subscription: number; readonly delivery: string; readonly replay: string }> {
  const host = await startManaged(t, {
    options: {
      console,
      rateLimit: { limit: 1_000 },
      secrets: { rotate: async () => ({ secret: 'whsec_secret' }), secretsOf: () => ['whsec_secret'] },
    },
  });
  let subscription = 0;
  let replay = '';
  for (const [as, accountId] of [
    ['app-1', 1],
    ['app-2', 2],
  ] as const) {
    ({ id: subscription } = await subscribed(host, { url: `https://example.com/of-${as}` }, as));
    await tagged(host, accountId, 8, `Mary-of-${as}`);
    await host.engine.deliverDue();
    await host.api('POST', `/subscriptions/${subscription}/pause`, { as });
    await tagged(host, accountId, 9, `Joan-of-${as}`);
    ({ id: replay } = await host.engine.replays.create(accountId, { missing: true }));
  }
  const { json } = await host.api<{ readonly rows: readonly { readonly id: string }[] }>('GET', '/deliveries', { as: 'app-2' });
  return { host, subscription, delivery: json.rows[0]?.id ?? '', replay };
}

test('whatever an account reads is its own: by key and by session, on every route', async (t) => {
  const { host, ...ids } = await two(t);
  const wishes: readonly (readonly [string, Wish, Wish])[] = [
    ['key', { as: 'app-1' }, { as: 'app-2' }],
    ['session', session('1'), session('2')],
  ];
  for (const { route, path } of everyRoute(ids)) {
    if (route.method !== 'GET' || route.answer.contentType !== 'application/json') continue;
    for (const [by, stranger, owner] of wishes) {
      const foreign = await host.api('GET', path, stranger);
      t.notRegex(foreign.text, /of-app-2/, `${by} ${route.id}`);
      const own = await host.api('GET', path, owner);
      t.is(own.status, 200, `${by} ${route.id}: ${own.text}`);
      t.notRegex(own.text, /of-app-1|whsec_|attributes|fence/, `${by} ${route.id}`);
      if (path.includes('/', 1)) t.is(foreign.status, 404, `${by} ${route.id}`);
    }
  }
});

test('a foreign id and one that never was get the same answer, on every route that takes one', async (t) => {
  const { host, ...ids } = await two(t);
  const routes = everyRoute(ids).filter(({ route }) => route.parameters !== null);
  const never = everyRoute({ subscription: 999_999, delivery: '0199b0b4-2f00-7000-8000-00000000ffff' });
  const withoutIds = (text: string): string => text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]+|\b[0-9]+\b/g, 'N');
  for (const { route, path, wish } of routes) {
    const missing = never.find((other) => other.route === route);
    for (const who of [{ as: 'app-1' }, session('1', { 'Sec-Fetch-Site': 'same-origin' })]) {
      const foreign = await host.api(route.method, path, { ...wish, ...who });
      const none = await host.api(route.method, missing?.path ?? '', { ...wish, ...who });
      t.is(foreign.status, 404, `${route.id}: ${foreign.text}`);
      t.is(withoutIds(foreign.text), withoutIds(none.text), route.id);
      t.like(foreign.json, problem('not_found', 404) as never);
    }
  }
  // And nothing of it was done.
  const mine = await host.api<{ readonly health: string }>('GET', `/subscriptions/${ids.subscription}`, { as: 'app-2' });
  t.is(mine.json.health, 'paused');
});

test('nobody gets in without a key or a session, on any route', async (t) => {
  const { host, ...ids } = await two(t);
  for (const { route, path, wish } of everyRoute(ids)) {
    for (const [who, says] of [
      [{ as: null }, /Nobody is signed in/],
      [{ as: null, headers: { Cookie: 'session=' } }, /Nobody is signed in/],
      [{ as: null, headers: { 'Api-Appid': 'app-2', 'Api-Key': 'wrong' } }, /do not authenticate/],
      [{ as: null, headers: { 'Api-Appid': 'app-2', Cookie: 'session=2' } }, /do not authenticate/],
    ] as const) {
      const reply = await host.api<{ readonly detail: string }>(route.method, path, {
        ...wish,
        ...who,
        headers: { ...(who as Wish).headers, 'Sec-Fetch-Site': 'same-origin' },
      });
      t.like(reply.json, problem('not_authenticated', 401) as never, `${route.id}: ${reply.text}`);
      t.regex(reply.json.detail, says);
      t.is(reply.headers['content-type'], 'application/problem+json');
    }
  }
});

test('what there is not is told to nobody who is nobody', async (t) => {
  const host = await startManaged(t);
  t.is((await host.api('GET', '/secrets', { as: null })).status, 401);
  t.is((await host.api('PUT', '/subscriptions', { as: null })).status, 401);
  t.like((await host.api('GET', '/secrets')).json, problem('not_found', 404) as never);
  const put = await host.api('PUT', '/subscriptions');
  t.like(put.json, problem('method_not_allowed', 405) as never);
  t.is(put.headers['allow'], 'GET, HEAD, POST');
});

test('a session changes something only on the word of a page of this origin', async (t) => {
  const { host, ...ids } = await two(t);
  const refused = [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'none' },
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
  ];
  for (const { route, path, wish } of everyRoute(ids)) {
    if (route.method === 'GET' && route.answer.contentType === 'application/json') continue;
    for (const headers of refused) {
      const reply = await host.api(route.method, path, { ...wish, ...session('2', headers as never) });
      t.like(reply.json, problem('cross_site', 403) as never, `${route.id} ${JSON.stringify(headers)}`);
    }
  }
  for (const headers of [{ 'Sec-Fetch-Site': 'same-origin' }, { Origin: host.url }]) {
    const reply = await host.api('POST', `/subscriptions/${ids.subscription}/resume`, session('2', headers as never));
    t.is(reply.status, 200, reply.text);
  }
  t.is((await host.api('GET', '/subscriptions', session('2', { 'Sec-Fetch-Site': 'cross-site' }))).status, 200);
});

test('a key needs the permission of each route, and its requests are counted with those of the contract', async (t) => {
  const { host, ...ids } = await two(t);
  for (const { route, path, wish } of everyRoute(ids)) {
    if (route.permission === 'read') continue;
    const reply = await host.api(route.method, path, { ...wish, as: 'app-2-reader' });
    t.like(reply.json, problem('not_permitted', 403) as never, route.id);
  }
  const left = async (path: string): Promise<number> =>
    Number((await host.call('GET', path, { as: 'app-2' })).headers['x-rate-limit-remaining']);
  const before = await left('/Webhooks');
  t.is(await left('/manage/subscriptions'), before - 1);
  t.is(await left('/Webhooks'), before - 2);
  t.is((await host.api('GET', '/subscriptions', session('2'))).headers['x-rate-limit-remaining'], '999', 'of its own budget');
  t.is(await left('/Webhooks'), before - 3);
});

test('over the limit there is a problem that says when to come again', async (t) => {
  const host = await startManaged(t, { options: { rateLimit: { limit: 2 } } });
  for (let count = 0; count < 2; count += 1) t.is((await host.api('GET', '/subscriptions')).status, 200);
  const reply = await host.api('GET', '/subscriptions');
  t.like(reply.json, problem('too_many_requests', 429) as never);
  t.is(reply.headers['retry-after'], '60');
});

test('sessions of an account share a budget, of pages, API and bins together, and hold up no other and no key', async (t) => {
  const host = await startManaged(t, {
    options: { console, bins: { enabled: true }, rateLimit: { limit: 100, sessionLimit: 3 } },
  });
  for (const path of ['/manage/subscriptions', '/bins/api', '/manage/attempts']) {
    t.is((await host.call('GET', path, session('1'))).status, 200);
  }
  for (const path of ['/manage/subscriptions', '/bins/api', '/manage/nothing', '/bins/api/nothing']) {
    const reply = await host.call('GET', path, session('1'));
    t.like(JSON.parse(reply.text), problem('too_many_requests', 429) as never, path);
    t.is(reply.headers['retry-after'], '60');
    t.is(reply.headers['x-rate-limit-limit'], '3');
  }
  t.is((await host.call('GET', '/manage/subscriptions', session('2'))).status, 200);
  t.is((await host.api('GET', '/subscriptions', { as: 'app-1' })).status, 200);
  host.move(60_000);
  t.is((await host.call('GET', '/manage/subscriptions', session('1'))).status, 200);
});

test('sessions can be guessed no faster than the limit, on whichever page, and hold up nobody who was there before', async (t) => {
  let asked = 0;
  const host = await startManaged(t, {
    options: {
      console: {
        authenticate: async (request: IncomingMessage) => {
          asked += 1;
          return sessionOf(request);
        },
      },
      bins: { enabled: true },
      documentation: { examples: () => ({ events: {} }) },
      rateLimit: { limit: 100, sessionLimit: 9 },
    },
  });
  const guess = async (path: string, cookie: string) =>
    (await host.call('GET', path, { as: null, headers: { Cookie: cookie, 'Sec-Fetch-Site': 'same-origin' } })).status;
  t.is(await guess('/manage/subscriptions', 'session=1'), 200, 'somebody who is there before');
  const paths = ['/manage/subscriptions', '/manage/live', '/bins/api', '/docs/examples.json'];
  for (let n = 0; asked < 10; n += 1) t.is(await guess(paths[n % paths.length] ?? '', `guess=${n}`), 401);
  for (const path of [...paths, '/console', '/bins']) t.is(await guess(path, 'session=2'), 429, path);
  t.not(await guess('/docs', 'session=2'), 429, 'a page for everybody asks nobody, and shows itself');
  t.is(asked, 10, 'over the limit nobody is asked any more, not even about the right one');
  const told = await host.api('GET', '/subscriptions', { as: null, headers: { Cookie: 'guess=x' } });
  t.like(told.json, problem('too_many_requests', 429) as never);
  t.deepEqual([told.headers['retry-after'], told.headers['x-rate-limit-limit']], ['60', '9']);
  t.is(await guess('/manage/subscriptions', 'session=1'), 200, 'who was somebody is not held up');
  t.is((await host.api('GET', '/subscriptions', { as: 'app-2' })).status, 200, 'nor is a key');
  host.move(60_000);
  t.is(await guess('/manage/subscriptions', 'session=2'), 200);
});

test('a session that was somebody’s and is no longer counts as a guess from then on, and good ones cost nothing', async (t) => {
  let valid = true;
  const host = await startManaged(t, {
    options: {
      console: { authenticate: async (request: IncomingMessage) => (valid ? sessionOf(request) : null) },
      rateLimit: { sessionLimit: 2 },
    },
  });
  const as = async (account: string) => (await host.api('GET', '/subscriptions', session(account))).status;
  for (const account of ['1', '2', '3', '4']) t.is(await as(account), 200);
  valid = false;
  t.deepEqual([await as('1'), await as('2'), await as('3'), await as('1')], [401, 401, 429, 429]);
});

test('keys win over a session, and are all there is where no console is', async (t) => {
  const { host } = await two(t);
  const both = await host.api('GET', '/subscriptions', { headers: { ...keysOf('app-1'), Cookie: 'session=2' } });
  t.regex(both.text, /of-app-1/);
  const keysOnly = await startManaged(t);
  t.is((await keysOnly.api('GET', '/subscriptions', session('1'))).status, 401);
});

test('the API is on by itself where a console is, off where neither is, and not to be switched off under a console', async (t) => {
  const on = await startManaged(t, { options: { manage: undefined as never, console } });
  t.is((await on.api('GET', '/subscriptions')).status, 200);
  for (const options of [{ manage: undefined as never }, { manage: false }]) {
    const off = await startManaged(t, { options });
    t.is((await off.call('GET', '/manage/subscriptions')).status, 404);
  }
  t.throws(() => webhooks(on.engine, { authenticate, manage: false, console }), {
    code: 'invalid_option',
    message: /option "manage" is false, and "console" shows what the management API answers/,
  });
});

test('a host whose login fails is reported, and says nothing of it to the client', async (t) => {
  const host = await startManaged(t, {
    options: {
      console: {
        authenticate() {
          throw new Error('the session store is down');
        },
      },
    },
  });
  const reply = await host.api('GET', '/subscriptions', { as: null });
  t.like(reply.json, problem('internal_error', 500) as never);
  t.notRegex(reply.text, /session store/);
  t.regex(host.errors[0]?.message ?? '', /session store is down/);
});
