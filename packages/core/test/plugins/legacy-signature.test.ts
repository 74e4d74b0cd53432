import { randomBytes, randomInt } from 'node:crypto';
import { verifyLegacySignature, type LegacyProfile, type LegacySignedRequest } from '@hookwell/core/verify';
import test from 'ava';
import { legacySignature, type LegacySignatureOptions } from '../../src/plugins/legacy-signature.ts';
import { healthySubscription as subscription } from '../healthy-subscription.ts';
import { unseen } from './signed-headers.ts';

const noon = Date.UTC(2026, 0, 15, 12);

function headersOf(options: LegacySignatureOptions, body: string, startedAt = noon): Record<string, string> {
  const added = legacySignature(options).request?.({ ...unseen, subscription, deliveryId: 'id', body, startedAt }) ?? [];
  return Object.fromEntries(added.flatMap((name, index) => (index % 2 === 0 ? [[name, added[index + 1] ?? '']] : [])));
}

// Computed with Python's hmac module; the last one with `1768478400.` before the body.
const known: readonly (readonly [options: Omit<LegacySignatureOptions, 'secret'>, headers: Record<string, string>])[] = [
  [{ header: 'x-signature' }, { 'x-signature': 'fbe8f66e0f202d10116e245eacf7b633922a4449ea4d2e17c5811ebec086a205' }],
  [
    { header: 'X-Hub-Signature', algorithm: 'sha1', prefix: 'sha1=' },
    { 'X-Hub-Signature': 'sha1=f87b73f8d06775bf0abf45139790edd06d3112d0' },
  ],
  [
    { header: 'x-hmac', algorithm: 'sha512', encoding: 'base64' },
    { 'x-hmac': 'xl8IbOWJKAEqUDW8BWYA6bJJKSuLdLc60pwqFFwDS0QrEiMmSWq13Z6Rag7Rd3fGduiqVp4XjEYq2N2dZ50mHg==' },
  ],
  [
    { header: 'x-signature', prefix: 'v0=', timestampHeader: 'x-time' },
    { 'x-signature': 'v0=c8e12391c354cb2d7e021c79cecaadcd1dafd1980d9d0c0679bfafe46a5d7c47', 'x-time': '1768478400' },
  ],
];

for (const [options, headers] of known) {
  test(`a homemade signature is that of HMAC in another language: ${JSON.stringify(options)}`, (t) => {
    t.deepEqual(headersOf({ ...options, secret: 'secret' }, '{"a":"Zoë"}'), headers);
    const request = { ...(options as LegacyProfile), headers, body: '{"a":"Zoë"}', secrets: 'secret', now: () => noon };
    t.deepEqual(verifyLegacySignature(request) as unknown, {
      ok: true,
      timestamp: options.timestampHeader ? noon / 1_000 : null,
    });
  });
}

test('2,000 random bodies, secrets and profiles: what the plugin signs is accepted, and nothing else', (t) => {
  const pick = <Item>(...items: readonly Item[]): Item => items[randomInt(items.length)] as Item;
  for (let round = 0; round < 2_000; round += 1) {
    const secret = randomBytes(1 + randomInt(80)).toString('base64');
    const profile = {
      header: pick('X-Signature', 'x-hub-signature-256'),
      algorithm: pick('sha1', 'sha256', 'sha512'),
      encoding: pick('hex', 'base64'),
      prefix: pick('', 'sha256=', 'v0='),
      ...pick({}, { timestampHeader: 'X-Time' }),
    } as const satisfies LegacyProfile;
    const body = pick(JSON.stringify({ raw: randomBytes(40).toString('latin1') }), `a=${round}`, '');
    const request = { ...profile, headers: headersOf({ ...profile, secret }, body), body, secrets: secret, now: () => noon };
    t.true(verifyLegacySignature(request).ok);
    t.true(verifyLegacySignature({ ...request, body: Buffer.from(body), secrets: ['another', secret] }).ok);
    t.false(verifyLegacySignature({ ...request, body: `${body} ` }).ok);
    t.false(verifyLegacySignature({ ...request, secrets: `${secret}0` }).ok);
    t.false(verifyLegacySignature({ ...request, encoding: profile.encoding === 'hex' ? 'base64' : 'hex' }).ok);
  }
});

const profile = { header: 'x-signature', prefix: 'sha256=', timestampHeader: 'x-time' } as const;
const signed: LegacySignedRequest = {
  ...profile,
  headers: headersOf({ ...profile, secret: 'secret' }, 'x'),
  body: 'x',
  secrets: 'secret',
  now: () => noon,
};
const signature = String(signed.headers['x-signature']);
const refusals: Readonly<Record<string, readonly [change: Partial<LegacySignedRequest>, reason: RegExp]>> = {
  'no header': [{ headers: {} }, /^It is not signed: the header "x-signature" is missing\.$/],
  'no time': [{ headers: { 'x-signature': signature } }, /the header "x-time" is missing/],
  'two signatures': [{ headers: { ...signed.headers, 'X-Signature': signature } }, /"x-signature" is there more than once/],
  'a time that is no number': [{ headers: { ...signed.headers, 'x-time': 'now' } }, /is not a time in whole seconds/],
  'another time': [{ headers: { ...signed.headers, 'x-time': String(noon / 1_000 + 1) } }, /does not match/],
  'a time too long ago': [{ now: () => noon + 301_000 }, /^It was signed too long ago: 301 s/],
  'a time to come': [{ now: () => noon - 301_000 }, /301 s from now/],
  'no prefix': [{ headers: { ...signed.headers, 'x-signature': signature.slice(7) } }, /does not begin with "sha256="/],
  'half a signature': [{ headers: { ...signed.headers, 'x-signature': signature.slice(0, -2) } }, /does not match/],
  'another algorithm': [{ algorithm: 'sha512' }, /does not match/],
  'no secret': [{ secrets: [''] }, /^There is no secret/],
};

for (const [what, [change, reason]] of Object.entries(refusals)) {
  test(`a homemade signature with ${what} is refused with the reason`, (t) => {
    t.true(verifyLegacySignature(signed).ok);
    const checked = verifyLegacySignature({ ...signed, ...change });
    t.regex(checked.ok ? 'accepted' : checked.reason, reason);
  });
}

test('hexadecimal may be in capitals', (t) => {
  const headers = { ...signed.headers, 'x-signature': `sha256=${signature.slice(7).toUpperCase()}` };
  t.true(verifyLegacySignature({ ...signed, headers }).ok);
});

test('each subscription is signed with its own secret', (t) => {
  const secret = ({ id }: { readonly id: number }): string => `secret of ${id}`;
  const headers = headersOf({ header: 'x-signature', secret }, 'x');
  t.true(verifyLegacySignature({ header: 'x-signature', headers, body: 'x', secrets: 'secret of 7' }).ok);
});

test('options that cannot be used are refused, and no secret is shown', (t) => {
  for (const header of ['webhook-signature', 'Content-Type', 'host', 'x y', '']) {
    t.throws(() => legacySignature({ header, secret: 'hush' }), { code: 'invalid_option' }, header);
  }
  t.throws(() => legacySignature({ header: 'x-signature', secret: '' }), { code: 'invalid_option', message: /it is empty/ });
  const odd = legacySignature({ header: 'x-signature', secret: (() => undefined) as never });
  const context = { ...unseen, subscription, deliveryId: 'id', body: '', startedAt: 0 };
  t.throws(() => odd.request?.(context), { code: 'invalid_option', message: /of type undefined/ });
  t.throws(() => legacySignature({ header: 'x-signature', secret: 'hush', hash: 'md5' } as never), { code: 'invalid_option' });
});
