import type { TransportRequest } from '@hookwell/core';
import test from 'ava';
import { functionTransport } from '../src/function/index.ts';
import { requestTo } from './http-requests.ts';

test('the function gets the request as it is, and what it returns is success', async (t) => {
  const got: TransportRequest[] = [];
  const transport = functionTransport({ send: (request) => got.push(request) });
  await transport.start({ now: Date.now });
  const request = requestTo('function:anything');
  t.deepEqual(await transport.send(request), { ok: true, status: 0, answer: '' });
  t.deepEqual(got, [request]);
});

test('whatever the function throws, at once or later, is a failure of the endpoint in words', async (t) => {
  const thrown: unknown[] = [
    new Error('no room'),
    new Error(''),
    'text',
    undefined,
    Object.create(null),
    new Error('🙂'.repeat(400)),
  ];
  const reasons: string[] = [];
  for (const value of thrown) {
    for (const send of [
      () => {
        throw value;
      },
      async () => {
        throw value;
      },
    ]) {
      const transport = functionTransport({ send });
      await transport.start({ now: Date.now });
      const result = await transport.send(requestTo('function:x'));
      t.like(result, { ok: false, fault: 'endpoint', status: 0, unsent: false });
      reasons.push(result.ok ? '' : result.reason);
    }
  }
  t.deepEqual(reasons.slice(0, 10), [
    'no room',
    'no room',
    'the function failed',
    'the function failed',
    'text',
    'text',
    'undefined',
    'undefined',
    'the function failed',
    'the function failed',
  ]);
  t.true(reasons.slice(10).every((reason) => reason.length === 500 && reason.isWellFormed()));
});

test('the signal aborts when the time is over, and not before', async (t) => {
  let aborted = false;
  const transport = functionTransport({
    deadlineMs: 50,
    send: async (_request, signal) =>
      new Promise((_resolve, reject) => {
        t.false(signal.aborted);
        signal.addEventListener('abort', () => {
          aborted = true;
          reject(signal.reason);
        });
      }),
  });
  await transport.start({ now: Date.now });
  const alive = setInterval(() => undefined, 1_000);
  t.like(await transport.send(requestTo('function:x')), { ok: false, reason: 'no answer within 50 ms' });
  clearInterval(alive);
  t.true(aborted);
});

test('it takes the schemes that it is given, and refuses others with a sentence that names them', (t) => {
  const transport = functionTransport({ schemes: ['queue:', 'test:'], send: () => undefined });
  t.deepEqual(transport.schemes, ['queue:', 'test:']);
  t.is(transport.checkUrl('queue:emails'), null);
  t.is(transport.checkUrl('TEST:emails'), null);
  t.is(transport.checkUrl('https://example.com/'), 'it must begin with queue: or test:');
  t.is(functionTransport({ send: () => undefined }).checkUrl('function:emails'), null);
});

test('options are checked by name and type', (t) => {
  t.throws(() => functionTransport({} as never), { code: 'invalid_option', message: /needs the option "send"/ });
  t.throws(() => functionTransport({ send: 'x' } as never), { code: 'invalid_option', message: /send/ });
  t.throws(() => functionTransport({ send: () => 1, schemes: ['queue'] }), { code: 'invalid_option', message: /schemes/ });
});
