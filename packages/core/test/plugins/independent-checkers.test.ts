import { randomBytes, randomInt } from 'node:crypto';
import { verifySignature } from '@hookwell/core/verify';
import test from 'ava';
import { Webhook as Reference } from 'standardwebhooks';
import { Webhook as Svix } from 'svix';
import { newKeyPair } from '../../src/plugins/key-pair.ts';
import { standardWebhooks } from '../../src/plugins/signatures.ts';
import { headersOf, newSecret, type SignedHeaders } from './signed-headers.ts';

const bodies = 10_000;

/** Bodies as they are sent: forms and JSON, with all of Unicode that has an encoding. */
function randomBody(round: number): string {
  const text = Array.from({ length: randomInt(60) }, () => String.fromCodePoint(randomInt(0x11_0000)))
    .join('')
    .toWellFormed();
  if (round % 2 === 0)
    return JSON.stringify({ data: { name: text, raw: randomBytes(randomInt(90)).toString('latin1') }, n: round });
  return new URLSearchParams([
    ['webhook_id', String(round)],
    ['data[name]', text],
    ['data[raw]', randomBytes(randomInt(90)).toString('latin1')],
  ]).toString();
}

/** What each of the three says of a request, in the order ours, reference, Svix. */
function verdicts(headers: SignedHeaders, body: string, secret: string): readonly boolean[] {
  const accepts = (verify: () => unknown): boolean => {
    try {
      verify();
      return true;
    } catch {
      return false;
    }
  };
  return [
    verifySignature({ headers, body, secrets: secret }).ok,
    accepts(() => new Reference(secret).verify(body, { ...headers }, { jsonParse: false })),
    accepts(() => new Svix(secret).verify(body, { ...headers })),
  ];
}

test(`${bodies} random bodies, JSON and forms: signed by us, accepted by all three`, (t) => {
  t.timeout(120_000);
  const disagreements: unknown[] = [];
  for (let round = 0; round < bodies; round += 1) {
    const secret = newSecret(24 + randomInt(41));
    const body = randomBody(round);
    const headers = headersOf({ secret }, { deliveryId: `msg_${round}`, startedAt: Date.now(), body });
    if (!verdicts(headers, body, secret).every(Boolean)) disagreements.push({ secret, body, headers });
  }
  t.deepEqual(disagreements, []);
});

test('a request that is signed with two secrets, while one replaces the other, is accepted with either by all three', (t) => {
  const secrets = [newSecret(), newSecret()];
  const body = '{"a":1}';
  const headers = headersOf({ secret: secrets }, { deliveryId: 'msg_1', startedAt: Date.now(), body });
  for (const secret of secrets) t.deepEqual(verdicts(headers, body, secret), [true, true, true]);
  t.deepEqual(verdicts(headers, body, newSecret()), [false, false, false]);
});

test('a request that is signed with a secret and a key pair is accepted with the secret by all three', (t) => {
  const [secret, pair] = [newSecret(), newKeyPair()];
  const body = 'a=1';
  const headers = headersOf({ secret: [pair.privateKey, secret] }, { deliveryId: 'msg_1', startedAt: Date.now(), body });
  t.deepEqual(verdicts(headers, body, secret), [true, true, true]);
  t.true(verifySignature({ headers, body, secrets: pair.publicKey }).ok);
});

type Mutation = readonly [what: string, change: (headers: Record<string, string>, body: string) => readonly [object, string]];

const change =
  (name: string, to: (value: string) => string | undefined): Mutation[1] =>
  (headers, body) => [{ ...headers, [name]: to(headers[name] ?? '') }, body];
const flip = (text: string, at: number): string => {
  const index = at < 0 ? text.length + at : at;
  return text.slice(0, index) + (text[index] === 'A' ? 'B' : 'A') + text.slice(index + 1);
};
const later = (seconds: number) => change('webhook-timestamp', (time) => String(Number(time) + seconds));
const signature = (to: (value: string) => string | undefined): Mutation[1] => change('webhook-signature', to);
const bodyTo =
  (to: (body: string) => string): Mutation[1] =>
  (headers, body) => [headers, to(body)];

const mutations: readonly Mutation[] = [
  ['one byte more in the body', bodyTo((body) => `${body} `)],
  ['one byte more before the body', bodyTo((body) => ` ${body}`)],
  ['one byte less in the body', bodyTo((body) => body.slice(0, -1))],
  ['an empty body', bodyTo(() => '')],
  ['the first byte of the body changed', bodyTo((body) => flip(body, 0))],
  ['the last byte of the body changed', bodyTo((body) => flip(body, -1))],
  ['a byte in the middle of the body changed', bodyTo((body) => flip(body, 9))],
  ['the body twice', bodyTo((body) => body + body)],
  ['the body with a newline behind it', bodyTo((body) => `${body}\n`)],
  ['the body with a mark of byte order', bodyTo((body) => `\u{FEFF}${body}`)],
  ['the body in capitals', bodyTo((body) => body.toUpperCase())],
  ['the body written with other spaces', bodyTo((body) => body.replaceAll(':', ': '))],
  ['the body with another number', bodyTo((body) => body.replace('100', '900'))],
  ['the body in another form of Unicode', bodyTo((body) => body.normalize('NFD'))],
  ['the end of the id moved to the body', (headers, body) => [{ ...headers, 'webhook-id': 'msg' }, `_1.${body}`]],
  ['another id', change('webhook-id', (id) => `${id}0`)],
  ['a shorter id', change('webhook-id', (id) => id.slice(0, -1))],
  ['the id in capitals', change('webhook-id', (id) => id.toUpperCase())],
  ['no id', change('webhook-id', () => undefined)],
  ['an empty id', change('webhook-id', () => '')],
  ['a second later', later(1)],
  ['a second earlier', later(-1)],
  ['an hour later', later(3_600)],
  ['an hour earlier', later(-3_600)],
  ['the time in milliseconds', change('webhook-timestamp', (time) => `${time}000`)],
  ['no time', change('webhook-timestamp', () => undefined)],
  ['a word as time', change('webhook-timestamp', () => 'now')],
  ['no signature', signature(() => undefined)],
  ['an empty signature', signature(() => '')],
  ['a version without a signature', signature(() => 'v1,')],
  ['a signature without its version', signature((given) => given.slice(3))],
  ['a signature of version 2', signature((given) => given.replace('v1,', 'v2,'))],
  ['a signature that calls itself asymmetric', signature((given) => given.replace('v1,', 'v1a,'))],
  ['the first letter of the signature changed', signature((given) => flip(given, 3))],
  ['a letter in the middle of the signature changed', signature((given) => flip(given, 20))],
  ['the last letter of the signature changed', signature((given) => flip(given, -2))],
  ['a signature that is cut off', signature((given) => given.slice(0, -4))],
  ['a signature without its padding', signature((given) => given.replace('=', ''))],
  ['a signature in small letters', signature((given) => given.toLowerCase())],
  ['a signature of zeros', signature(() => `v1,${Buffer.alloc(32).toString('base64')}`)],
  ['a signature in hexadecimal', signature((given) => `v1,${Buffer.from(given.slice(3), 'base64').toString('hex')}`)],
  ['the signature twice without a space', signature((given) => given + given)],
];

test('there are 40 mutations or more', (t) => t.true(mutations.length >= 40));

for (const [what, mutate] of mutations) {
  test(`refused by all three: ${what}`, (t) => {
    const secret = newSecret();
    const body = '{"amount":100,"name":"Zoë Ångström"}';
    const headers = headersOf({ secret }, { deliveryId: 'msg_1', startedAt: Date.now(), body });
    t.deepEqual(verdicts(headers, body, secret), [true, true, true]);
    const [changed, changedBody] = mutate(headers, body);
    t.notDeepEqual([changed, changedBody] as unknown, [headers, body], 'nothing was changed');
    t.deepEqual(verdicts(changed as SignedHeaders, changedBody, secret), [false, false, false]);
    // The same for a key pair, which the other two do not know.
    const pair = newKeyPair();
    const asymmetric = headersOf({ secret: pair.privateKey }, { deliveryId: 'msg_1', startedAt: Date.now(), body });
    t.true(verifySignature({ headers: asymmetric, body, secrets: pair.publicKey }).ok);
    if (what.includes('signature')) return;
    const [changedToo] = mutate(asymmetric, body);
    t.false(verifySignature({ headers: changedToo as SignedHeaders, body: changedBody, secrets: pair.publicKey }).ok);
  });
}

test('an asymmetric signature is the one that is known for a key, an id, a time and a body', (t) => {
  // Published with the server of Svix, and computed anew with OpenSSL (Ed25519 has one signature for each message).
  const headers = headersOf(
    { secret: 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==' },
    { deliveryId: 'msg_p5jXN8AQM9LWM0D4loKWxJek', startedAt: 1_614_265_330_000, body: '{"test": 2432232314}' },
  );
  t.is(
    headers['webhook-signature'],
    'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
  );
  const known = {
    body: '{"test": 2432232314}',
    secrets: 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=',
    now: () => 1_614_265_330_000,
  };
  t.true(verifySignature({ headers, ...known }).ok);
  t.false(verifySignature({ headers, ...known, body: '{"test":2432232314}' }).ok);
  t.false(verifySignature({ headers, ...known, secrets: newKeyPair().publicKey }).ok);
  const given = headers['webhook-signature'] ?? '';
  t.false(verifySignature({ headers: { ...headers, 'webhook-signature': flip(given, 20) }, ...known }).ok);
});

test('1,000 random bodies are signed with key pairs and accepted with the public halves only', (t) => {
  const [pair, other] = [newKeyPair(), newKeyPair()];
  for (let round = 0; round < 1_000; round += 1) {
    const body = randomBody(round);
    const headers = headersOf({ secret: pair.privateKey }, { deliveryId: 'msg_1', startedAt: Date.now(), body });
    t.true(verifySignature({ headers, body, secrets: [other.publicKey, pair.publicKey] }).ok);
    t.true(verifySignature({ headers, body: Buffer.from(body), secrets: pair.publicKey }).ok);
    t.false(verifySignature({ headers, body, secrets: [other.publicKey] }).ok);
  }
});

const unusable: readonly (readonly [what: string, key: string, problem: RegExp])[] = [
  ['a public key', newKeyPair().publicKey, /it is a public key, with which nothing can be signed/],
  ['half a key pair', `whsk_${randomBytes(32).toString('base64')}`, /key pair of 64 bytes/],
  ['a key pair of halves that do not belong together', `whsk_${randomBytes(64).toString('base64')}`, /key pair of 64 bytes/],
  ['a key pair that is cut off', newKeyPair().privateKey.slice(0, -3), /key pair of 64 bytes/],
];

for (const [what, key, problem] of unusable) {
  test(`${what} is refused as a signing key, and not shown`, (t) => {
    const error = t.throws(() => standardWebhooks({ secret: key }), { code: 'invalid_option', message: problem });
    t.false(JSON.stringify({ ...error, text: error?.message }).includes(key));
  });
}

test('what is no public key is told apart from one that does not match', (t) => {
  const pair = newKeyPair();
  const headers = headersOf({ secret: pair.privateKey }, { deliveryId: 'msg_1', startedAt: Date.now(), body: 'x' });
  const reason = (secrets: string | string[]): string => {
    const checked = verifySignature({ headers, body: 'x', secrets });
    return checked.ok ? 'accepted' : checked.reason;
  };
  t.regex(reason('whpk_AAAA'), /No signature is of version "v1"|cannot be used/);
  t.regex(reason(newSecret()), /^No signature is of version "v1"; there is "v1a"\.$/);
  t.regex(reason(newKeyPair().publicKey), /^No signature matches/);
  t.is(reason([newSecret(), pair.publicKey]), 'accepted');
});
