import test from 'ava';
import { inWords, observe, type Outcome } from '@hookwell/core';
import { nextHealth, whatHappensNext, type Health } from '../../src/model/health.ts';

const hour = 3_600_000;
const policy = { suspendAfterFailures: 10, suspendAfterMs: hour, probeEveryMs: 900_000, unsubscribeAfterMs: 72 * hour };
const healthy = {
  id: 3,
  health: 'healthy',
  healthReason: '',
  healthSince: 0,
  healthVersion: 4,
  consecutiveFailures: 0,
  failingSince: null,
  pausedUntil: null,
  reopenedAt: null,
} as const satisfies { id: number } & Health;

test('a healthy subscription stays as it is', (t) => {
  t.is(nextHealth(healthy, policy, 0), null);
});

test('the first failure makes it failing and holds nothing back', (t) => {
  t.like(nextHealth({ ...healthy, consecutiveFailures: 1, failingSince: 0 }, policy, 0), {
    subscriptionId: 3,
    healthVersion: 4,
    health: 'failing',
    pauseLaneMs: null,
  });
});

const failing = { ...healthy, health: 'failing', consecutiveFailures: 10, failingSince: 1_000 } as const;

test('too many failures over too short a time do not suspend', (t) => {
  t.is(nextHealth(failing, policy, 1_000 + hour - 1), null);
});

test('too few failures over a long time do not suspend', (t) => {
  t.is(nextHealth({ ...failing, consecutiveFailures: 9 }, policy, 10 * hour), null);
});

test('too many failures over long enough suspend, with the reason in plain words, until the first probe', (t) => {
  t.like(nextHealth(failing, policy, 1_000 + hour), {
    health: 'suspended',
    reason: 'too many errors: 10 in a row over 1 hour',
    pauseLaneMs: 900_000,
  });
});

test('a good answer makes a failing subscription healthy without opening a lane that asked for time', (t) => {
  t.like(nextHealth({ ...healthy, health: 'failing' }, policy, 0), { health: 'healthy', pauseLaneMs: null });
});

const suspended = { ...failing, health: 'suspended', healthSince: 2 * hour } as const;

test('a good answer to a probe opens the lane of a suspended subscription', (t) => {
  t.like(nextHealth({ ...suspended, consecutiveFailures: 0 }, policy, 0), { health: 'healthy', pauseLaneMs: 0 });
});

test('a suspended subscription is unsubscribed once it was suspended for too long, and not before', (t) => {
  t.is(nextHealth(suspended, policy, 74 * hour - 1), null);
  t.like(nextHealth(suspended, policy, 74 * hour), {
    health: 'unsubscribed',
    reason: 'suspended for 3 days and every probe failed',
  });
});

test('an unsubscribed subscription stays so', (t) => {
  t.is(nextHealth({ ...suspended, health: 'unsubscribed', consecutiveFailures: 0 }, policy, 1_000 * hour), null);
});

test('what happens next is said for every state', (t) => {
  t.is(whatHappensNext(healthy, policy), '');
  t.regex(whatHappensNext(failing, policy), /suspended after 10 failures in a row over 1 hour \(10 so far\)/);
  t.regex(whatHappensNext(suspended, policy), /tried every 15 minutes.*unsubscribed at 1970-01-04T02:00:00.000Z/);
  t.regex(whatHappensNext({ ...suspended, health: 'unsubscribed' }, policy), /subscribe again/);
});

const outcome = (changes: Partial<Outcome>): Outcome => ({
  deliveryId: 'd',
  fence: 'f',
  accountId: '1',
  subscriptionId: 1,
  eventId: 'e',
  topic: 'sub_tag(1)',
  outcome: 'retry',
  retryInMs: 5_000,
  number: 1,
  reason: 'HTTP 500',
  status: 500,
  answer: '',
  startedAt: 10,
  durationMs: 1,
  countsAgainstDelivery: true,
  endpoint: 'failed',
  pauseLaneMs: 0,
  ...changes,
});

test('a batch is summed up by subscription: failures after the last good answer, and the last attempt', (t) => {
  const sums = observe([
    outcome({}),
    outcome({ endpoint: 'answered', status: 200, startedAt: 20 }),
    outcome({ startedAt: 30 }),
    outcome({ subscriptionId: 2, endpoint: 'unknown', number: 0 }),
  ]);
  t.deepEqual(sums, [
    { subscriptionId: 1, answered: true, failures: 1, pauseLaneMs: 0, last: { startedAt: 30, status: 500, eventId: 'e' } },
    { subscriptionId: 2, answered: false, failures: 0, pauseLaneMs: 0, last: null },
  ]);
});

test('a pause that several answers ask for counts as one failure, and the longest holds', (t) => {
  const [sum] = observe([1_000, 9_000, 2_000].map((pauseLaneMs) => outcome({ pauseLaneMs })));
  t.like(sum, { failures: 1, pauseLaneMs: 9_000 });
});

test('spans of time are said in words', (t) => {
  t.deepEqual([0, 20, 1_000, 1_500, 61_000, 90_000, 300_000, hour, 1.5 * hour, 24 * hour, 72 * hour, 60 * hour].map(inWords), [
    '0 ms',
    '20 ms',
    '1 second',
    '2 seconds',
    '61 seconds',
    '90 seconds',
    '5 minutes',
    '1 hour',
    '90 minutes',
    '1 day',
    '3 days',
    '60 hours',
  ]);
});
