import { Secret } from '@hookwell/core';
import test from 'ava';
import { httpTransport } from '../src/http/index.ts';
import { arena, bearers, clientSecret, json, serve } from './http-oauth2-servers.ts';
import { requestTo } from './http-requests.ts';

test('a token is asked for as RFC 6749 has it, and sent as RFC 6750 has it', async (t) => {
  const { login, receiver, send } = await arena(t, {
    client: { clientId: 'crm:1', scope: 'hooks write', audience: 'https://api.example.com' },
  });
  t.like(await send(), { ok: true, status: 200, answer: 'ok' });
  const pair = 'crm%3A1:s%C3%A9cret+%26+100%25+%22hidden%22';
  t.deepEqual(login.asked, [
    {
      path: '/token',
      authorization: `Basic ${Buffer.from(pair).toString('base64')}`,
      type: 'application/x-www-form-urlencoded',
      form: { grant_type: 'client_credentials', scope: 'hooks write', audience: 'https://api.example.com' },
    },
  ]);
  t.deepEqual(receiver.asked, [
    { path: '/in', authorization: 'Bearer token-1', type: 'application/x-www-form-urlencoded', form: { webhook_id: '3' } },
  ]);
});

test('a client may say who it is in the body, and its secret may be a Secret', async (t) => {
  const { login, send } = await arena(t, {
    client: { authMethod: 'client_secret_post', clientSecret: new Secret(clientSecret) },
  });
  t.like(await send(), { ok: true });
  t.like(login.asked[0], {
    authorization: undefined,
    form: { grant_type: 'client_credentials', client_id: 'crm', client_secret: clientSecret },
  });
});

test('requests that come at once wait for one token, and it is kept until 30 seconds before its end', async (t) => {
  const { login, receiver, send, clock } = await arena(t);
  await Promise.all(Array.from({ length: 50 }, async () => send()));
  t.is(login.asked.length, 1);
  clock.move(3_569_999);
  await send();
  t.is(login.asked.length, 1);
  clock.move(1);
  await Promise.all(Array.from({ length: 10 }, async () => send()));
  t.is(login.asked.length, 2);
  t.deepEqual([...new Set(bearers(receiver))], ['Bearer token-1', 'Bearer token-2']);
});

test('how long a token is kept whose server says little, odd or nothing', async (t) => {
  for (const [expiresIn, keptMs] of [
    [10, 5_000],
    ['600', 570_000],
    [undefined, 270_000],
    [null, 270_000],
    ['soon', 270_000],
    [-1, 270_000],
    [0, 0],
  ] as const) {
    const { login, send, clock } = await arena(t, {
      token: (count, response) => json(response, 200, { access_token: `t${count}`, token_type: 'bearer', expires_in: expiresIn }),
    });
    t.like(await send(), { ok: true });
    if (keptMs > 0) {
      clock.move(keptMs - 1);
      t.like(await send(), { ok: true });
      t.is(login.asked.length, 1, String(expiresIn));
      clock.move(1);
    }
    t.like(await send(), { ok: true });
    t.is(login.asked.length, 2, String(expiresIn));
  }
});

test('a receiver that refuses a token is sent the request once more, with another, and no more than that', async (t) => {
  let good = 'Bearer token-2';
  const { login, receiver, send } = await arena(t, {
    receive: ({ authorization }, response) => void response.writeHead(authorization === good ? 200 : 401).end(),
  });
  const results = await Promise.all(Array.from({ length: 20 }, async () => send()));
  t.true(results.every(({ ok }) => ok));
  t.is(login.asked.length, 2, 'those that were refused together share the next one');
  good = 'none';
  receiver.asked.length = 0;
  t.like(await send(), { ok: false, fault: 'endpoint', reason: 'HTTP 401', status: 401 });
  t.deepEqual(bearers(receiver), ['Bearer token-2', 'Bearer token-3']);
});

test('a server that gives the same token again is believed: the request is not sent twice', async (t) => {
  const { receiver, send } = await arena(t, {
    token: (_, response) => json(response, 200, { access_token: 'ever-the-same', token_type: 'Bearer', expires_in: 60 }),
    receive: (_, response) => void response.writeHead(401).end(),
  });
  t.like(await send(), { ok: false, fault: 'endpoint', status: 401 });
  t.is(receiver.asked.length, 1);
});

test('a token is for the URLs that are named and those below, and for the accounts that are named', async (t) => {
  const { receiver, login } = await arena(t);
  const other = httpTransport({
    protocols: ['http:'],
    allow: ['127.0.0.1:*'],
    oauth2: [
      { urls: [`${receiver.origin}/in`], accountIds: [7], tokenUrl: `${login.origin}/a`, clientId: 'a', clientSecret },
      { urls: [`${receiver.origin}/in/deep/`], tokenUrl: `${login.origin}/b`, clientId: 'b', clientSecret },
    ],
  });
  await other.start({ now: Date.now });
  t.teardown(async () => other.stop());
  for (const [path, accountId, tokenPath] of [
    ['/in', '7', '/a'],
    ['/in?x=1', '7', '/a'],
    ['/in/deep/x', '7', '/a'],
    ['/x/../in/y', '7', '/a'],
    ['/in', '8', undefined],
    ['/in/deep/x', '8', '/b'],
    ['/in/deep', '8', undefined],
    ['/inside', '7', undefined],
    ['/in/../x', '7', undefined],
    ['/IN', '7', undefined],
  ] as const) {
    const before = login.asked.length;
    receiver.asked.length = 0;
    t.like(await other.send(requestTo(`${receiver.origin}${path}`, { accountId })), { ok: true });
    t.is(receiver.asked[0]?.authorization !== undefined, tokenPath !== undefined, `${path} ${accountId}`);
    t.deepEqual(
      login.asked.slice(before).filter(({ path: asked }) => asked !== tokenPath),
      [],
    );
  }
  const elsewhere = await serve(t, (_, response) => void response.end());
  t.like(await other.send(requestTo(`${elsewhere.origin}/in`, { accountId: '7' })), { ok: true });
  t.deepEqual(bearers(elsewhere), [undefined]);
});

test('a request that has an Authorization of its own is sent as it is', async (t) => {
  const { login, receiver, transport } = await arena(t);
  t.like(await transport.send(requestTo(`${receiver.origin}/in`, { headers: ['Authorization', 'Basic YTpi'] })), { ok: true });
  t.deepEqual([bearers(receiver), login.asked.length], [['Basic YTpi'], 0]);
});
