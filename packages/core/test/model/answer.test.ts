import test from 'ava';
import { parseRetryAfter, readAnswer } from '@hookwell/core';
import { retryInMs } from '../../src/model/retry.ts';

const now = Date.parse('2026-01-01T00:00:00Z');

const meanings: readonly (readonly [number, string])[] = [
  [200, 'ok'],
  [201, 'ok'],
  [204, 'ok'],
  [299, 'ok'],
  [300, 'endpoint'],
  [301, 'endpoint'],
  [302, 'endpoint'],
  [307, 'endpoint'],
  [400, 'endpoint'],
  [401, 'endpoint'],
  [404, 'endpoint'],
  [500, 'endpoint'],
  [501, 'endpoint'],
  [408, 'busy'],
  [425, 'busy'],
  [429, 'busy'],
  [502, 'busy'],
  [503, 'busy'],
  [504, 'busy'],
  [410, 'gone'],
  [99, 'endpoint'],
  [100, 'endpoint'],
  [199, 'endpoint'],
  [600, 'endpoint'],
  [999, 'endpoint'],
];
for (const [status, meaning] of meanings) {
  test(`status ${status} means ${meaning}`, (t) => {
    const result = readAnswer({ status, retryAfter: null, body: 'x' }, now);
    t.is(result.ok ? 'ok' : result.fault, meaning);
    t.is(result.answer, 'x');
  });
}

test('a status outside 200 to 599 is called invalid and not kept', (t) => {
  t.like(readAnswer({ status: 600, retryAfter: null, body: '' }, now), { reason: 'invalid status 600', status: 0 });
});

test('a redirect says that it is not followed', (t) => {
  t.like(readAnswer({ status: 302, retryAfter: null, body: '' }, now), { reason: 'HTTP 302 (redirects are not followed)' });
});

test('Retry-After counts for a busy answer only', (t) => {
  t.like(readAnswer({ status: 503, retryAfter: '7', body: '' }, now), { retryAfterMs: 7_000 });
  t.like(readAnswer({ status: 500, retryAfter: '7', body: '' }, now), { retryAfterMs: null });
});

const retryAfters: readonly (readonly [string | null, number | null])[] = [
  ['0', 0],
  ['120', 120_000],
  [' 5 ', 5_000],
  ['99999999', 86_400_000],
  ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['Fri, 01 Jan 2027 00:00:00 GMT', 86_400_000],
  ['soon', null],
  ['-5', null],
  ['1.5', null],
  ['', null],
  [null, null],
  ['5 minutes', null],
  ['2026', 2_026_000],
];
for (const [header, expected] of retryAfters) {
  test(`Retry-After ${JSON.stringify(header)} is ${expected === null ? 'ignored' : `${expected} ms`}`, (t) => {
    t.is(parseRetryAfter(header, now), expected);
  });
}

const policy = { scheduleMs: [5_000, 300_000], jitter: 0.1 };

test('waits follow the schedule, jittered within its bounds by the given random numbers', (t) => {
  t.is(retryInMs(policy, 1, 0, 0.5), 5_000);
  t.is(retryInMs(policy, 1, 0, 0), 4_500);
  t.is(retryInMs(policy, 2, 0, 0.999_999), 330_000);
});

test('a wait never undercuts what the receiver asked for', (t) => {
  t.is(retryInMs(policy, 1, 60_000, 0.5), 60_000);
});

test('after the last wait there is none', (t) => {
  t.is(retryInMs(policy, 3, 60_000, 0.5), null);
});
