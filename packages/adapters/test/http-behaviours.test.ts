import type { TransportResult } from '@hookwell/core';
import {
  hostileBehaviours,
  hostileReceiver,
  type HostileBehaviour,
  type HostileReceiver,
  type HostileScript,
  type HostileVerdict,
} from '@hookwell/core/testing';
import test from 'ava';
import { httpTransport } from '../src/http/index.ts';
import { requestTo } from './http-requests.ts';

const totalMs = 400;

/** The fault and the reason of those that are told with one. */
const expected: Readonly<Record<string, readonly [fault: string, reason: RegExp, status?: number]>> = {
  'status-N': ['endpoint', /^HTTP 418$/, 418],
  never: ['endpoint', /^no answer within 400 ms$/],
  'drip-headers': ['endpoint', /^no complete answer within 400 ms$/],
  'drip-body': ['endpoint', /^HTTP 200, but incomplete: no complete answer within 400 ms$/, 200],
  'drip-busy': ['busy', /^HTTP 503$/, 503],
  reset: ['endpoint', /^connection reset$/],
  'reset-headers': ['endpoint', /^(connection reset|connection closed by the receiver)$/],
  'reset-body': ['endpoint', /^HTTP 200, but incomplete: connection reset$/, 200],
  close: ['endpoint', /^connection closed by the receiver$/],
  'short-body': ['endpoint', /^HTTP 200, but incomplete: .+/, 200],
  'two-lengths': ['endpoint', /^the answer is not as long as its content-length says$/],
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
  redirect: ['endpoint', /^HTTP 302 \(redirects are not followed\)$/, 302],
  'redirect-body': ['endpoint', /^HTTP 307 \(redirects are not followed\)$/, 307],
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

const scripts: Readonly<Record<string, HostileScript>> = hostileBehaviours;

test('there are at least 35 behaviours, each with what it does and what a sound sender makes of it', (t) => {
  t.true(Object.keys(scripts).length >= 35);
  const told = Object.values(scripts).map(({ does }) => does);
  t.is(new Set(told).size, told.length, 'two of them are told with the same sentence');
});

for (const [name, script] of Object.entries(scripts)) {
  const behaviour = name.replace('status-N', 'status-418').replace('-N', '-20') as HostileBehaviour;
  // One after the other: floods keep the process busy, and each has its own deadline.
  test.serial(`a receiver that behaves like ${behaviour} is taken for what a sound sender takes it for`, async (t) => {
    const transport = httpTransport({ protocols: ['http:', 'https:'], allow: ['127.0.0.1:*'], totalMs });
    await transport.start({ now: Date.now });
    const url = receiver.url(behaviour, 'sweep');
    const result = await transport.send(requestTo(url));
    t.true([script.expect].flat().includes(verdictOf(result)), JSON.stringify(result));
    if (!result.ok) {
      t.false(result.unsent);
      const [fault, reason, status = 0] = expected[name] ?? [result.fault, /./, result.status];
      t.deepEqual([result.fault, result.status], [fault, status]);
      t.regex(result.reason, reason);
      if (script.retryAfterMs === null) t.is(result.retryAfterMs, null);
      else if (script.retryAfterMs) {
        const [from, to] = script.retryAfterMs;
        const { retryAfterMs } = result;
        t.true(retryAfterMs !== null && retryAfterMs >= from && retryAfterMs <= to, `${retryAfterMs}`);
      }
    }
    t.true(Buffer.byteLength(result.answer) <= 4_096);
    // Where the behaviour comes before the request, it is the connections that are counted.
    t.is(receiver.count(url), 1, 'it was sent more than once');
    await transport.stop();
  });
}

test('a connection is used again after nothing that went wrong on it', async (t) => {
  const transport = httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'], totalMs, connections: 1 });
  await transport.start({ now: Date.now });
  for (const behaviour of ['reset', 'garbage', 'two-answers', 'long-body', 'endless', 'status-099', 'short-body'] as const) {
    await transport.send(requestTo(receiver.url(behaviour, 'then')));
    const after = await transport.send(requestTo(receiver.url('status-404', `after ${behaviour}`)));
    t.is(after.status, 404, `the answer after ${behaviour} is another one`);
  }
  await transport.stop();
});

test.serial('an answer without end is given up long before the deadline, wherever it has none', async (t) => {
  const transport = httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'], totalMs: 10_000 });
  await transport.start({ now: Date.now });
  for (const behaviour of [
    'informational-flood',
    'endless-reason',
    'endless-extension',
    'endless-trailers',
    'endless-header',
  ] as const) {
    const result = await transport.send(requestTo(receiver.url(behaviour, 'given up')));
    t.regex(result.ok ? 'delivered' : result.reason, /the answer has no end$|larger than 16 KiB$/, behaviour);
  }
  await transport.stop();
});

test('nothing is unpacked: an answer of 10 KB that unpacks to 10 MB stays packed', async (t) => {
  const transport = httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'] });
  await transport.start({ now: Date.now });
  const { answer } = await transport.send(requestTo(receiver.url('gzip-bomb', 'packed')));
  t.true(Buffer.byteLength(answer) <= 4_096);
  t.true(answer.startsWith('\u001F\uFFFD'), 'it does not begin like gzip');
  t.false(receiver.received(receiver.url('gzip-bomb', 'packed')).some(({ headers }) => headers.includes('accept-encoding')));
  await transport.stop();
});

function verdictOf(result: TransportResult): HostileVerdict {
  if (result.ok) return 'delivered';
  return result.fault === 'busy' || result.fault === 'gone' ? result.fault : 'failed';
}
