import { randomBytes, randomInt, webcrypto } from 'node:crypto';
import { verifySignature, type SignedRequest } from '@hookwell/core/verify';
import test from 'ava';
import { Webhook } from 'standardwebhooks';

const newSecret = (bytes = 24 + randomInt(41)): string => `whsec_${randomBytes(bytes).toString('base64')}`;

/** Texts of all kinds: ASCII, all of Unicode, forms, JSON, nothing. */
function randomBody(): string {
  const length = randomInt(200);
  switch (randomInt(5)) {
    case 0:
      return randomBytes(length).toString('latin1');
    case 1:
      return Array.from({ length }, () => String.fromCodePoint(randomInt(0x11_0000))).join('');
    case 2:
      return `webhook_id=3&data%5Bname%5D=${encodeURIComponent(randomBytes(length).toString('latin1'))}`;
    case 3:
      return JSON.stringify({ a: randomBytes(length).toString('base64'), '🙂': length });
    default:
      return '';
  }
}

interface Signed {
  readonly secret: string;
  readonly body: string;
  readonly headers: Record<string, string>;
}

function sign(given: Partial<{ secret: string; body: string; id: string; timestamp: number }> = {}): Signed {
  const { secret = newSecret(), body = randomBody(), id = `msg_${randomBytes(12).toString('base64url')}` } = given;
  const { timestamp = Math.floor(Date.now() / 1_000) - randomInt(-290, 290) } = given;
  const signature = new Webhook(secret).sign(id, new Date(timestamp * 1_000), body);
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature };
  return { secret, body, headers };
}

const check = ({ headers, body, secret }: Signed, more: Partial<SignedRequest> = {}): ReturnType<typeof verifySignature> =>
  verifySignature({ headers, body, secrets: secret, ...more });

function referenceAccepts({ headers, body, secret }: Signed): boolean {
  try {
    new Webhook(secret).verify(body, headers, { jsonParse: false });
    return true;
  } catch {
    return false;
  }
}

test('what the reference library signs is accepted: 5,000 random bodies, as text and as bytes', (t) => {
  for (let round = 0; round < 5_000; round += 1) {
    const signed = sign();
    const expected = { ok: true, id: signed.headers['webhook-id'], timestamp: Number(signed.headers['webhook-timestamp']) };
    t.deepEqual(check(signed) as unknown, expected);
    t.deepEqual(check(signed, { body: Buffer.from(signed.body) }) as unknown, expected);
  }
});

test('5,000 random changes of a body, a header or the secret are judged as the reference library judges them', (t) => {
  const put = (text: string): string => {
    const at = randomInt(text.length + 1);
    const letter = 'abcXYZ0189+/=,._ {}&%'.charAt(randomInt(21));
    return text.slice(0, at) + letter + text.slice(at + randomInt(2));
  };
  let refused = 0;
  for (let round = 0; round < 5_000; round += 1) {
    const signed = sign();
    const mutant = ((): Signed => {
      const { headers } = signed;
      switch (randomInt(5)) {
        case 0:
          return { ...signed, body: put(signed.body) };
        case 1:
          return { ...signed, headers: { ...headers, 'webhook-id': put(headers['webhook-id'] ?? '').replaceAll('.', '') } };
        case 2:
          return {
            ...signed,
            headers: { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) + randomInt(-2, 3)) },
          };
        case 3:
          // More than one comma in a signature is no signature of the standard, which the reference lets through.
          return {
            ...signed,
            headers: { ...headers, 'webhook-signature': put(headers['webhook-signature'] ?? '').replace(/(,.*?),/g, '$1') },
          };
        default:
          return { ...signed, secret: newSecret() };
      }
    })();
    const ours = check(mutant);
    t.is(ours.ok, referenceAccepts(mutant), JSON.stringify({ signed, mutant, ours }));
    if (!ours.ok) refused += 1;
  }
  t.true(refused > 3_000, `${refused}`);
});

test('the signature covers bytes that are no text, as WebCrypto computes it', async (t) => {
  for (let round = 0; round < 500; round += 1) {
    const key = randomBytes(32);
    const body = randomBytes(randomInt(300));
    const timestamp = Math.floor(Date.now() / 1_000);
    const hmac = await webcrypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    const message = Buffer.concat([Buffer.from(`id.${timestamp}.`), body]);
    const signature = Buffer.from(await webcrypto.subtle.sign('HMAC', hmac, message)).toString('base64');
    const headers = { 'webhook-id': 'id', 'webhook-timestamp': `${timestamp}`, 'webhook-signature': `v1,${signature}` };
    const secrets = `whsec_${key.toString('base64')}`;
    t.true(verifySignature({ headers, body, secrets }).ok);
    if (body.length > 0) {
      const at = randomInt(body.length);
      body[at] = (body[at] ?? 0) ^ (1 << randomInt(8));
      t.false(verifySignature({ headers, body, secrets }).ok);
    }
  }
});

test('one signature of several and one secret of several are enough', (t) => {
  const [first, second] = [
    sign({ body: 'x', id: 'a', timestamp: 1_700_000_000 }),
    sign({ body: 'x', id: 'a', timestamp: 1_700_000_000 }),
  ];
  const now = (): number => 1_700_000_000_000;
  const both = `v1a,AAAA ${first.headers['webhook-signature']} ${second.headers['webhook-signature']}`;
  const headers = { ...first.headers, 'webhook-signature': both };
  for (const secrets of [first.secret, second.secret, [newSecret(), 'nonsense', second.secret]]) {
    t.true(verifySignature({ headers, body: 'x', secrets, now }).ok);
  }
  t.true(check(first, { now, secrets: first.secret.slice('whsec_'.length) }).ok);
});

test('header names may be in any case and their values in lists of one', (t) => {
  const signed = sign();
  const headers = Object.fromEntries(Object.entries(signed.headers).map(([name, value]) => [name.toUpperCase(), [value]]));
  t.true(check({ ...signed, headers: {} }, { headers: { ...headers, accept: 'x', host: undefined } }).ok);
});

test('the window ends to the second, on both sides', (t) => {
  const signed = sign({ timestamp: 1_700_000_000 });
  const at = (seconds: number, toleranceMs?: number): boolean =>
    check(signed, { now: () => 1_700_000_000_000 + seconds * 1_000, ...(toleranceMs === undefined ? {} : { toleranceMs }) }).ok;
  t.deepEqual(
    [-301, -300, 0, 300, 300.9, 301].map((seconds) => at(seconds)),
    [false, true, true, true, true, false],
  );
  t.deepEqual(
    [-11, -10, 10, 11].map((seconds) => at(seconds, 10_000)),
    [false, true, true, false],
  );
});

const signed = sign({
  body: 'x',
  id: 'msg_1',
  timestamp: 1_700_000_000,
  secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}`,
});
const refusals: Readonly<Record<string, readonly [change: Partial<SignedRequest>, reason: RegExp]>> = {
  'no headers': [{ headers: {} }, /^It is not signed/],
  'no id': [{ headers: { ...signed.headers, 'webhook-id': undefined } }, /^The header "webhook-id" is missing\.$/],
  'an empty signature and no time': [
    { headers: { 'webhook-id': 'x', 'webhook-signature': '' } },
    /^The header "webhook-timestamp" is missing, and "webhook-signature"\.$/,
  ],
  'an id twice': [{ headers: { ...signed.headers, 'Webhook-Id': 'msg_1' } }, /"webhook-id" is there more than once/],
  'a list of signatures': [
    { headers: { ...signed.headers, 'webhook-signature': ['v1,a', 'v1,b'] } },
    /"webhook-signature" is there more than once/,
  ],
  'an id with a dot': [{ headers: { ...signed.headers, 'webhook-id': 'msg_1.17' } }, /has a dot in it/],
  'a time that is a date': [{ headers: { ...signed.headers, 'webhook-timestamp': '2026-01-01' } }, /not a time in whole seconds/],
  'a time with a zero in front': [{ headers: { ...signed.headers, 'webhook-timestamp': '01700000000' } }, /not a time in whole/],
  'a time too long ago': [{ now: () => 1_700_000_402_000 }, /^It was signed too long ago: 402 s, and 300 s are taken\.$/],
  'a time to come': [
    { now: () => 1_699_999_000_000 },
    /^It says that it was signed 1000 s from now; clocks may differ by 300 s\.$/,
  ],
  'another version': [
    { headers: { ...signed.headers, 'webhook-signature': 'v1a,AAAA v2,B' } },
    /No signature is of version "v1"; there is "v1a", "v2"\./,
  ],
  'a signature of blanks': [{ headers: { ...signed.headers, 'webhook-signature': '  ' } }, /version "v1"; there is none\./],
  'no secret': [{ secrets: [] }, /^There is no secret/],
  'a secret that is none': [{ secrets: 'whsec_***' }, /^The secret cannot be used: it must be "whsec_"/],
  'another secret': [{ secrets: newSecret() }, /^No signature matches: .* not signed with the secret\.$/],
  'other secrets': [{ secrets: [newSecret(), newSecret(), ''] }, /any of the 3 secrets \(1 of them cannot be used/],
  'another body': [{ body: 'y' }, /^No signature matches: the body or a header was changed/],
};

for (const [what, [change, reason]] of Object.entries(refusals)) {
  test(`${what}: refused with the reason`, (t) => {
    const now = (): number => 1_700_000_000_000;
    t.true(check(signed, { now }).ok);
    const answer = check(signed, { now, ...change });
    t.regex(answer.ok ? 'accepted' : answer.reason, reason);
  });
}
