import { createHmac, randomBytes } from 'node:crypto';
import test from 'ava';
import { Webhook } from 'standardwebhooks';
import { dispatch } from '../../src/deliver/dispatch.ts';
import type { TransportRequest } from '../../src/index.ts';
import { standardWebhooks, type StandardWebhooksOptions } from '../../src/plugins/signatures.ts';
import { healthySubscription as subscription } from '../healthy-subscription.ts';
import { headersOf, newSecret, unseen } from './signed-headers.ts';

test('a signature is the one that OpenSSL computes', (t) => {
  // printf 'msg_p5jX….1614265330.{"test": 2432232314}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:31f290f6… -binary | base64
  const known = headersOf(
    { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' },
    { deliveryId: 'msg_p5jXN8AQM9LWM0D4loKWxJek', startedAt: 1_614_265_330_999, body: '{"test": 2432232314}' },
  );
  t.is(known['webhook-signature'], 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
});

test('a signature covers the bytes of UTF-8, as HMAC in another language computes them', (t) => {
  // The key is the bytes 0 to 31; computed with Python's hmac module.
  const known = headersOf(
    { secret: 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=' },
    { deliveryId: '01a', startedAt: 1_700_000_000_000, body: 'name=Zoë 🙂' },
  );
  t.is(known['webhook-signature'], 'v1,oHLkOt5YnDyXB2ur2Rt200Cy814ZBYVPSN9aNPgHDyw=');
});

test('a signature is that of an Hmac object, however long body and keys are', (t) => {
  const secrets = [24, 33, 64].map(newSecret);
  for (const body of ['', 'a'.repeat(10_800), 'é'.repeat(10_900), '€'.repeat(11_000), '🙂'.repeat(50_000)]) {
    const { 'webhook-signature': signature } = headersOf({ secret: secrets }, { deliveryId: 'id', startedAt: 1_000, body });
    const expected = secrets.map((secret) => {
      const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
      return `v1,${createHmac('sha256', key).update(`id.1.${body}`).digest('base64')}`;
    });
    t.is(signature, expected.join(' '));
  }
});

test('the reference library of Standard Webhooks accepts the signature, and not that of another body, id or time', (t) => {
  const secret = newSecret();
  const request = { deliveryId: '0195d2f0-aaaa', startedAt: Date.now(), body: 'webhook_id=3&event%5Btype%5D=sub_tag' };
  const receiver = new Webhook(secret);
  const verify = (headers: Record<string, string>, body = request.body): unknown =>
    receiver.verify(body, headers, { jsonParse: false });
  const headers = headersOf({ secret }, request);
  t.notThrows(() => verify(headers));
  t.throws(() => verify(headers, `${request.body} `), { message: /No matching signature/ });
  t.throws(() => verify({ ...headers, 'webhook-id': 'another' }), { message: /No matching signature/ });
  const later = String(Number(headers['webhook-timestamp']) + 1);
  t.throws(() => verify({ ...headers, 'webhook-timestamp': later }), { message: /No matching signature/ });
  t.throws(() => new Webhook(newSecret()).verify(request.body, headers, { jsonParse: false }), {
    message: /No matching signature/,
  });
});

test('a request that the engine sends has each header of the standard once, and is accepted', async (t) => {
  const secret = newSecret();
  const sent: TransportRequest[] = [];
  const event = { id: 'event-1', accountId: 'account-1', topic: 'sub_tag(3)', objectType: 0, record: {}, occurredAt: 0 };
  const lease = { id: '0195d2f0', accountId: 'account-1', subscriptionId: 7, eventId: 'event-1', fence: 'fence' };
  await dispatch(
    {
      claim: { ...lease, attempts: 0, failures: 0, abandonments: 0, createdAt: 0 },
      subscription,
      event: { ...event, idempotencyKey: null, metadata: {} },
      composed: [],
      heldSince: 0,
    },
    {
      compose: ({ event: seen }) => ({ event: seen, contentType: 'application/json', body: '{"name":"Zoë"}' }),
      transportFor: () => ({
        name: 'list',
        schemes: ['https:'],
        deadlineMs: 1_000,
        start: async () => undefined,
        checkUrl: () => null,
        async send(request) {
          sent.push(request);
          return { ok: true, status: 200, answer: '' };
        },
        stop: async () => undefined,
      }),
      plugins: [standardWebhooks({ secret })],
      now: Date.now,
      monotonicNow: () => performance.now(),
    },
  );
  const headers = sent[0]?.headers ?? [];
  const names = headers.filter((name, index) => index % 2 === 0 && name.startsWith('webhook-'));
  t.deepEqual(names.toSorted(), ['webhook-id', 'webhook-signature', 'webhook-timestamp']);
  const received = Object.fromEntries(names.map((name) => [name, headers[headers.indexOf(name) + 1] ?? '']));
  t.deepEqual(new Webhook(secret).verify(sent[0]?.body ?? '', received), { name: 'Zoë' });
});

test('while one secret replaces another, receivers with either of them accept the request', (t) => {
  const secrets = [newSecret(24), newSecret(64)];
  const request = { deliveryId: 'id', startedAt: Date.now(), body: '{"a":1}' };
  const headers = headersOf({ secret: secrets }, request);
  t.regex(headers['webhook-signature'] ?? '', /^v1,[A-Za-z0-9+/]{43}= v1,[A-Za-z0-9+/]{43}=$/);
  for (const secret of secrets) t.deepEqual(new Webhook(secret).verify(request.body, headers), { a: 1 });
});

test('each subscription is signed with its own secret, asked for anew at every attempt', (t) => {
  const secrets = new Map([
    [7, newSecret()],
    [8, newSecret()],
  ]);
  const plugin = standardWebhooks({ secret: ({ id }) => secrets.get(id) ?? '' });
  const sign = (id: number): string =>
    plugin.request?.({ ...unseen, deliveryId: 'id', subscription: { ...subscription, id }, body: '', startedAt: 0 })[1] ?? '';
  const before = sign(7);
  t.is(sign(7), before);
  t.not(sign(8), before);
  secrets.set(7, newSecret());
  t.not(sign(7), before);
});

const unusable: readonly (readonly [what: string, secret: unknown, problem: RegExp])[] = [
  ['without its prefix', randomBytes(32).toString('base64'), /not `whsec_` followed by base64/],
  ['in base64url', `whsec_${'-_'.repeat(20)}`, /not `whsec_` followed by base64/],
  ['with odd base64', `whsec_${'A'.repeat(41)}`, /not `whsec_` followed by base64/],
  ['with loose bits at its end', 'whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=', /not `whsec_` followed by base64/],
  ['that is too short', newSecret(23), /holds 23 bytes instead of 24 to 64/],
  ['that is too long', newSecret(65), /holds 65 bytes instead of 24 to 64/],
  ['that is empty', '', /not `whsec_` followed by base64/],
  ['that is no text', randomBytes(32), /is a value of type object, not text/],
  ['that is missing from a list', [newSecret(), undefined], /is undefined, not text/],
  ['that is an empty list', [], /there is none/],
  ['that is one of too many', Array.from({ length: 6 }, () => newSecret()), /there are 6; give at most 5/],
];

for (const [what, secret, problem] of unusable) {
  test(`a secret ${what} is refused, and not shown`, (t) => {
    const atOnce = t.throws(() => standardWebhooks({ secret } as StandardWebhooksOptions), {
      code: 'invalid_option',
      message: problem,
    });
    const plugin = standardWebhooks({ secret: (() => secret) as () => string });
    const context = { ...unseen, deliveryId: 'id', subscription, body: '', startedAt: 0 };
    const later = t.throws(() => plugin.request?.(context), { code: 'invalid_option', message: problem });
    for (const text of [secret].flat().filter((each) => typeof each === 'string' && each !== '')) {
      for (const error of [atOnce, later]) t.false(JSON.stringify({ ...error, text: error?.message }).includes(String(text)));
    }
  });
}

test('a secret that is only promised is refused with the reason', (t) => {
  const plugin = standardWebhooks({ secret: (async () => newSecret()) as never });
  t.throws(() => plugin.request?.({ ...unseen, deliveryId: 'id', subscription, body: '', startedAt: 0 }), {
    message: /must be at hand/,
  });
});

test('options are checked by name, and a missing secret is named', (t) => {
  t.throws(() => standardWebhooks({} as never), { code: 'invalid_option', message: /needs the option "secret"/ });
  t.throws(() => standardWebhooks({ secrets: newSecret() } as never), { code: 'invalid_option', message: /no option "secrets"/ });
});
