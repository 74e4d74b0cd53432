import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import test from 'ava';
import { httpTransport, type OAuth2Client } from '../src/http/index.ts';
import { dnsServer } from './dns-server.ts';
import { arena, clientSecret, json, serve } from './http-oauth2-servers.ts';
import { requestTo } from './http-requests.ts';

for (const [what, token, reason] of [
  [
    'refuses',
    (_: number, response: ServerResponse) => json(response, 401, { error: 'invalid_client', error_description: clientSecret }),
    'HTTP 401 (invalid_client)',
  ],
  [
    'makes an error of the secret',
    (_: number, response: ServerResponse) => json(response, 400, { error: clientSecret }),
    'HTTP 400',
  ],
  [
    'redirects',
    (_: number, response: ServerResponse) => response.writeHead(302, { location: '/elsewhere' }).end(),
    'HTTP 302 (redirects are not followed)',
  ],
  [
    'answers no JSON',
    (_: number, response: ServerResponse) => response.end(`<p>${clientSecret}`),
    'the answer of the token server has none',
  ],
  ['answers null', (_: number, response: ServerResponse) => response.end('null'), 'the answer of the token server has none'],
  [
    'gives a number',
    (_: number, response: ServerResponse) => json(response, 200, { access_token: 7, token_type: 'Bearer' }),
    'the answer of the token server has none',
  ],
  [
    'gives two lines',
    (_: number, response: ServerResponse) => json(response, 200, { access_token: 'a\r\nx: y', token_type: 'Bearer' }),
    'the answer of the token server has none',
  ],
  [
    'gives another kind',
    (_: number, response: ServerResponse) => json(response, 200, { access_token: 'a', token_type: 'mac' }),
    'the token server gives none that are sent as they are',
  ],
  [
    'answers without end',
    (_: number, response: ServerResponse) => response.end(`{"access_token":"a","x":"${'x'.repeat(70_000)}"}`),
    'the answer of the token server has none',
  ],
  ['hangs up', (_: number, response: ServerResponse) => response.destroy(), 'connection closed by the receiver'],
] as const) {
  test(`a server that ${what} is trouble of our own, in words that tell nothing`, async (t) => {
    const { receiver, send } = await arena(t, { token });
    t.deepEqual(await send(), {
      ok: false,
      fault: 'local',
      reason: `no access token could be had: ${reason}`,
      status: 0,
      answer: '',
      retryAfterMs: null,
      unsent: false,
    });
    t.is(receiver.asked.length, 0);
  });
}

test('a server that gives none is left alone for a second, or as long as it asks for', async (t) => {
  let retryAfter = '';
  const { login, send, clock } = await arena(t, {
    token: (count, response) =>
      count < 3
        ? response.writeHead(503, retryAfter === '' ? {} : { 'retry-after': retryAfter }).end()
        : json(response, 200, { access_token: 'a', token_type: 'Bearer' }),
  });
  const busy = { ok: false, fault: 'local', reason: 'no access token could be had: HTTP 503' } as const;
  t.like(await send(), busy);
  clock.move(999);
  t.like(await send(), busy);
  t.is(login.asked.length, 1);
  clock.move(1);
  retryAfter = '20';
  t.like(await send(), busy);
  t.is(login.asked.length, 2);
  clock.move(19_999);
  t.like(await send(), busy);
  t.is(login.asked.length, 2);
  clock.move(1);
  t.like(await send(), { ok: true });
});

test('one time holds for the token and the request together', async (t) => {
  const { receiver, transport } = await arena(t, {
    token: () => undefined,
    options: { totalMs: 200, monotonicNow: () => performance.now() },
  });
  const began = performance.now();
  t.like(await transport.send(requestTo(`${receiver.origin}/in`)), {
    ok: false,
    fault: 'local',
    reason: 'no access token could be had: no answer within 200 ms',
  });
  t.true(performance.now() - began < 1_000);
  t.is(receiver.asked.length, 0);
  await transport.stop();

  const slow = await arena(t, {
    token: (count, response) => setTimeout(() => json(response, 200, { access_token: `t${count}`, token_type: 'Bearer' }), 250),
    receive: () => undefined,
    options: { totalMs: 400, monotonicNow: () => performance.now() },
  });
  const start = performance.now();
  t.like(await slow.send(), { ok: false, fault: 'endpoint', reason: 'no answer within 400 ms' });
  t.true(performance.now() - start < 600, 'the request has what the token has left it');
});

test('the way to a token is guarded as the way to a receiver is', async (t) => {
  const login = await serve(t, (_, response) => void json(response, 200, { access_token: 'a', token_type: 'Bearer' }));
  const receiver = await serve(t, (_, response) => void response.end());
  const dns = await dnsServer(() => ['127.0.0.1']);
  t.teardown(dns.close);
  const tokenUrl = `http://login.example.com:${new URL(login.origin).port}/token`;
  const transport = httpTransport({
    protocols: ['http:'],
    allow: [`127.0.0.1:${new URL(receiver.origin).port}`],
    dnsServers: [dns.address],
    oauth2: [{ urls: [receiver.origin], tokenUrl, clientId: 'crm', clientSecret }],
  });
  await transport.start({ now: Date.now });
  t.teardown(async () => transport.stop());
  t.like(await transport.send(requestTo(receiver.origin)), {
    ok: false,
    fault: 'local',
    reason:
      'no access token could be had: its URL may not be sent to: its host has an address that may not be sent to; use one on the public internet',
  });
  t.deepEqual([receiver.asked, login.asked], [[], []]);
});

test('a receiver that repeats what it was sent shows no token, whole or cut', async (t) => {
  const token = `secret-token-${'x'.repeat(600)}`;
  for (const before of ['', 'a'.repeat(4_096 - 300), 'ä'.repeat(1_800)]) {
    const { send } = await arena(t, {
      token: (_, response) => json(response, 200, { access_token: token, token_type: 'Bearer' }),
      receive: ({ authorization }, response) => void response.writeHead(400).end(`${before}${authorization} ${authorization}`),
    });
    const result = await send();
    t.like(result, { ok: false, status: 400 });
    t.notRegex(result.answer, /secret-t/);
    t.regex(result.answer, /Bearer \[redacted\]/);
    t.true(Buffer.byteLength(result.answer) <= 4_096);
  }
});

test('a client that cannot be used is refused, and neither its secret nor its server is shown', (t) => {
  const good = {
    urls: ['https://hooks.example.com/'],
    tokenUrl: 'https://login.example.com/token',
    clientId: 'crm',
    clientSecret: 'hunter2',
  };
  t.notThrows(() => httpTransport({ oauth2: [good] }));
  for (const [bad, says] of [
    ['hunter2', /^httpTransport: option "oauth2" cannot be used: it is no list/],
    [['hunter2'], /oauth2\[0\]" cannot be used: it is no object/],
    [[{ ...good, clientSecret: 7777 }], /oauth2\[0\]\.clientSecret" cannot be used/],
    [[{ ...good, clientSecret: '' }], /oauth2\[0\]\.clientSecret" cannot be used/],
    [[good, { ...good, clientSecrte: 'hunter2' }], /oauth2\[1\]" has no option "clientSecrte"/],
    [[{ ...good, clientSecret: undefined }], /needs the option "clientSecret"/],
    [[{ ...good, urls: [] }], /option "urls"/],
    [[{ ...good, urls: ['https://hooks.example.com/?a=1'] }], /urls\[0\]" cannot be used: it has a query/],
    [
      [{ ...good, urls: ['https://a:hunter2@hooks.example.com/'] }],
      /urls\[0\]" cannot be used: it carries a user name or a password/,
    ],
    [[{ ...good, tokenUrl: 'http://login.example.com/token' }], /tokenUrl" cannot be used: it begins with http:/],
    [
      [{ ...good, tokenUrl: 'https://169.254.169.254/token' }],
      /tokenUrl" cannot be used: its host has an address that may not be sent to/,
    ],
    [
      [{ ...good, tokenUrl: 'https://crm:hunter2@login.example.com/token' }],
      /tokenUrl" cannot be used: it carries a user name or a password/,
    ],
    [[{ ...good, authMethod: 'private_key_jwt' }], /option "authMethod" is "private_key_jwt"/],
  ] as const) {
    const error = t.throws(
      () => httpTransport({ oauth2: bad as unknown as OAuth2Client[] }),
      { code: 'invalid_option' },
      String(says),
    );
    t.regex(error.message, says);
    t.notRegex(inspect(error, { depth: 9, showHidden: true }).replaceAll(/at .*test\.ts.*/g, ''), /hunter2|7777/, String(says));
  }
});
