import { hostileBehaviours, hostileReceiver, type HostileBehaviour, type HostileReceiver } from '@hookwell/core/testing';
import test from 'ava';
import { httpTransport } from '../src/http/index.ts';
import { requestTo } from './http-requests.ts';

const totalMs = 400;

/** What must come of each behaviour: whether it is a success, or the fault and its reason. */
const expected: Readonly<Record<string, true | readonly [fault: string, reason: RegExp, status?: number]>> = {
  ok: true,
  empty: true,
  'status-N': ['endpoint', /^HTTP 418$/, 418],
  'slow-N': true,
  never: ['endpoint', /^no answer within 400 ms$/],
  'drip-headers': ['endpoint', /^no complete answer within 400 ms$/],
  'drip-body': ['endpoint', /^HTTP 200, but incomplete: no complete answer within 400 ms$/, 200],
  'drip-busy': ['busy', /^HTTP 503$/, 503],
  reset: ['endpoint', /^connection reset$/],
  'reset-headers': ['endpoint', /^(connection reset|connection closed by the receiver)$/],
  'reset-body': ['endpoint', /^HTTP 200, but incomplete: connection reset$/, 200],
  close: ['endpoint', /^connection closed by the receiver$/],
  'close-second': true,
  'close-after': true,
  'short-body': ['endpoint', /^HTTP 200, but incomplete: .+/, 200],
  'long-body': true,
  'two-lengths': ['endpoint', /^the answer is not as long as its content-length says$/],
  'two-answers': true,
  'until-close': true,
  'chunk-garbage': ['endpoint', /^HTTP 200, but incomplete: the answer is not valid HTTP$/, 200],
  'chunk-enormous': ['endpoint', /^HTTP 200, but incomplete: .+/, 200],
  garbage: ['endpoint', /^the answer is not valid HTTP$/],
  'status-099': ['endpoint', /^the answer is not valid HTTP$/],
  'status-1000': ['endpoint', /^the answer is not valid HTTP$/],
  informational: ['endpoint', /^no complete answer within 400 ms$/],
  continue: ['endpoint', /^the answer is one that was not asked for/],
  upgrade: ['endpoint', /^the answer is one that was not asked for/],
  'huge-headers': ['endpoint', /^the headers of the answer are larger than 16 KiB$/],
  'many-headers': ['endpoint', /^the headers of the answer are larger than 16 KiB$/],
  'gzip-bomb': true,
  'long-N': true,
  endless: true,
  'invalid-text': true,
  'invalid-bytes': true,
  redirect: ['endpoint', /^HTTP 302 \(redirects are not followed\)$/, 302],
  'redirect-body': ['endpoint', /^HTTP 307 \(redirects are not followed\)$/, 307],
  redirected: true,
  gone: ['gone', /^HTTP 410$/, 410],
  'busy-seconds': ['busy', /^HTTP 429$/, 429],
  'busy-date': ['busy', /^HTTP 429$/, 429],
  'busy-garbage': ['busy', /^HTTP 429$/, 429],
};

let receiver: HostileReceiver;
test.before(async () => {
  receiver = await hostileReceiver();
});
test.after.always(async () => receiver.close());

for (const name of Object.keys(hostileBehaviours)) {
  const behaviour = name.replace('status-N', 'status-418').replace('-N', '-20') as HostileBehaviour;
  test(`a receiver that behaves like ${behaviour} has the result that is written down for it`, async (t) => {
    const transport = httpTransport({ protocols: ['http:'], totalMs });
    await transport.start({ now: Date.now });
    const url = receiver.url(behaviour, 'sweep');
    const result = await transport.send(requestTo(url));
    const wanted = expected[name];
    t.truthy(wanted, `nothing is written down for ${name}`);
    if (wanted === true) t.like(result, { ok: true });
    else if (result.ok) t.fail(`it was taken for success: ${result.status}`);
    else {
      t.deepEqual([result.fault, result.status, result.unsent], [wanted?.[0], wanted?.[2] ?? 0, false]);
      t.regex(result.reason, wanted?.[1] ?? /^$/);
    }
    t.is(receiver.count(url), 1, 'it was sent more than once');
    await transport.stop();
  });
}

test('a connection is used again after nothing that went wrong on it', async (t) => {
  const transport = httpTransport({ protocols: ['http:'], totalMs, connections: 1 });
  await transport.start({ now: Date.now });
  for (const behaviour of ['reset', 'garbage', 'two-answers', 'long-body', 'endless', 'status-099', 'short-body'] as const) {
    await transport.send(requestTo(receiver.url(behaviour, 'then')));
    const after = await transport.send(requestTo(receiver.url('status-404', `after ${behaviour}`)));
    t.is(after.status, 404, `the answer after ${behaviour} is another one`);
  }
  await transport.stop();
});

test('nothing is unpacked: an answer of 10 KB that unpacks to 10 MB stays packed', async (t) => {
  const transport = httpTransport({ protocols: ['http:'] });
  await transport.start({ now: Date.now });
  const { answer } = await transport.send(requestTo(receiver.url('gzip-bomb', 'packed')));
  t.true(Buffer.byteLength(answer) <= 4_096);
  t.true(answer.startsWith('\u001F\uFFFD'), 'it does not begin like gzip');
  t.false(receiver.received(receiver.url('gzip-bomb', 'packed')).some(({ headers }) => headers.includes('accept-encoding')));
  await transport.stop();
});
