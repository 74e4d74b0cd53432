import { randomBytes } from 'node:crypto';
import test from 'ava';
import { Webhook } from 'standardwebhooks';
import { startBins } from './bins-host.ts';
import { noon, subscribe } from './host.ts';

test('a bin answers 200 with nothing until it is told otherwise', async (t) => {
  const host = await startBins(t);
  const id = await host.make();
  const answer = await host.send(id, { json: {} });
  t.is(answer.status, 200);
  t.is(answer.text, '');
});

test('the first n fail, then all is well, and choosing anew counts anew', async (t) => {
  const host = await startBins(t);
  const id = await host.make();
  const statuses = async (count: number): Promise<readonly number[]> => {
    const found: number[] = [];
    for (let n = 0; n < count; n += 1) found.push((await host.send(id)).status);
    return found;
  };
  await host.bins('PUT', `/${id}/answer`, { json: { status: 503, times: 2 } });
  t.deepEqual(await statuses(4), [503, 503, 200, 200]);
  t.like((await host.state(id)).bin, { answeredSince: 4, answer: { status: 503, times: 2 } });
  await host.bins('PUT', `/${id}/answer`, { json: { status: 500, times: 1 } });
  t.deepEqual(await statuses(2), [500, 200]);
  await host.bins('PUT', `/${id}/answer`, { json: { status: 410 } });
  t.deepEqual(await statuses(3), [410, 410, 410]);
  t.deepEqual(
    (await host.state(id)).requests.map(({ answered }) => answered.status),
    [503, 503, 200, 200, 500, 200, 410, 410, 410],
  );
});

test('an answer can be delayed, and answers without a body have none', async (t) => {
  const host = await startBins(t);
  const id = await host.make();
  await host.bins('PUT', `/${id}/answer`, { json: { status: 204, body: 'dropped', delayMs: 150 } });
  const began = performance.now();
  const answer = await host.send(id);
  t.true(performance.now() - began >= 149);
  t.is(answer.status, 204);
  t.is(answer.text, '');
  t.is(answer.headers['content-length'], undefined);
});

const refused: Readonly<Record<string, readonly [json: unknown, says: RegExp]>> = {
  'a status of 99': [{ status: 99 }, /"status" is "99"; it must be a whole number from 200 to 599/],
  'a status of 101': [{ status: 101 }, /from 200 to 599/],
  'a delay of 31 s': [{ delayMs: 31_000 }, /"delayMs" is "31000"; .* from 0 to 30000/],
  'a delay in words': [{ delayMs: 'long' }, /"delayMs" is "long"/],
  'no times at all': [{ times: 0 }, /"times" is "0"; it must be a whole number from 1 to 1000/],
  'a body that is too long': [{ body: 'x'.repeat(16_385) }, /"body" has 16385 characters; 16384 are taken/],
  'a body that is an object': [{ body: { a: 1 } }, /"body"/],
  'a cookie': [{ headers: 'Set-Cookie: a=b' }, /"headers" has "Set-Cookie: a=b"\. Write "Name: value"/],
  'a content type': [{ headers: 'Content-Type: text/html' }, /Write "Name: value"/],
  'a header that opens to other sites': [{ headers: 'Access-Control-Allow-Origin: *' }, /Write "Name: value"/],
  'a header for a proxy': [{ headers: 'X-Accel-Redirect: /etc/passwd' }, /Write "Name: value"/],
  'a header that leads elsewhere': [{ headers: 'Location: https://example.com' }, /Write "Name: value"/],
  'a header with a control character': [{ headers: 'Retry-After: 1\u000b2' }, /printable ASCII/],
  'a header without a value': [{ headers: 'Retry-After:' }, /printable ASCII|Write/],
  'eleven headers': [{ headers: 'Retry-After: 1\n'.repeat(11) }, /"headers" has 11 lines; 10 are taken/],
  'a misspelt member': [{ delay: 5 }, /There is no member "delay"\. There are: status, body/],
  'a list': [[1], /not an object of parameters/],
};

for (const [what, [json, says]] of Object.entries(refused)) {
  test(`${what} is refused, and the bin answers as before`, async (t) => {
    const host = await startBins(t);
    const id = await host.make();
    await host.bins('PUT', `/${id}/answer`, { json: { status: 202 } });
    const answer = await host.bins<{ code: string; detail: string }>('PUT', `/${id}/answer`, { json });
    t.is(answer.status, 400);
    t.is(answer.headers['content-type'], 'application/problem+json');
    t.is(answer.value.code, 'invalid_body');
    t.regex(answer.value.detail, says);
    t.is((await host.send(id)).status, 202);
  });
}

const secret = `whsec_${randomBytes(32).toString('base64')}`;
const signed = (body: string, by = secret, at = noon): Record<string, string> => ({
  'webhook-id': 'delivery-1',
  'webhook-timestamp': String(at / 1_000),
  'webhook-signature': new Webhook(by).sign('delivery-1', new Date(at), body),
  'Content-Type': 'application/json',
});

test('what was signed for a subscription to the bin is verified, and what was not is told with the reason', async (t) => {
  const other = `whsec_${randomBytes(32).toString('base64')}`;
  const host = await startBins(
    t,
    {},
    {
      options: {
        secrets: {
          rotate: async () => ({ secret }),
          secretsOf: ({ accountId }) => (accountId === '1' ? [secret] : [other]),
        },
      },
    },
  );
  const id = await host.make('1');
  const finding = async (headers: Record<string, string>, body = '{}'): Promise<unknown> => {
    await host.send(id, { body, headers });
    return (await host.state(id, '1')).requests.at(-1)?.signature;
  };
  t.deepEqual(await finding(signed('{}')), {
    state: 'unchecked',
    reason: 'It is signed, and no subscription of this account has a secret and this URL. Enter the secret to check it.',
  });
  await subscribe(host, { url: `https://crm.example.com/1/in/${id}/mine` }, 'app-1');
  await subscribe(host, { url: 'https://crm.example.com/1/in/other' }, 'app-1');
  await subscribe(host, { url: `https://crm.example.com/1/in/${id}/` }, 'app-acme');
  t.deepEqual(await finding(signed('{}')), { state: 'verified', reason: '' });
  t.like(await finding(signed('{}'), '{"a":1}'), { state: 'wrong' });
  t.like(await finding(signed('{}', other)), { state: 'wrong' });
  t.deepEqual(await finding(signed('{}', secret, noon - 400_000)), {
    state: 'wrong',
    reason: 'It was signed too long ago: 400 s, and 300 s are taken.',
  });
  t.deepEqual(await finding({ 'Content-Type': 'application/json' }), { state: 'unsigned', reason: 'It has no signature.' });
  t.deepEqual(
    (await host.state(id, '1')).requests.map(({ attempt }) => attempt),
    [1, 2, 3, 4, 5, 1],
  );
});

test('without a keeper of secrets a signature waits for the page, and a keeper that throws is reported', async (t) => {
  const plain = await startBins(t);
  const first = await plain.make();
  await plain.send(first, { body: '{}', headers: signed('{}') });
  t.deepEqual((await plain.newest(first)).signature, {
    state: 'unchecked',
    reason: 'It is signed. Enter the secret to check it.',
  });

  const broken = await startBins(
    t,
    {},
    {
      options: {
        secrets: {
          rotate: async () => ({ secret }),
          secretsOf() {
            throw new Error('the vault is shut');
          },
        },
      },
    },
  );
  const id = await broken.make('1');
  await subscribe(broken, { url: `https://crm.example.com/1/in/${id}` });
  t.is((await broken.send(id, { body: '{}', headers: signed('{}') })).status, 200);
  t.is((await broken.state(id, '1')).requests[0]?.signature.state, 'unchecked');
  t.deepEqual(
    broken.errors.map(({ message }) => message),
    ['the vault is shut'],
  );
});
