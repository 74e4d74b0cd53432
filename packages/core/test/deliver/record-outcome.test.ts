import test from 'ava';
import type { TransportResult } from '@hookwell/core';
import { outcomeOf } from '../../src/deliver/record-outcome.ts';
import type { DispatchResult, Held } from '../../src/model/held.ts';

const rules = {
  retry: { scheduleMs: [5_000, 300_000], jitter: 0 },
  health: { probeEveryMs: 900_000 },
  random: () => 0.5,
};

function held(claim: object = {}, subscription: object = {}): Held {
  return {
    claim: {
      id: 'd',
      accountId: '7',
      subscriptionId: 3,
      eventId: 'e',
      attempts: 0,
      failures: 0,
      abandonments: 0,
      createdAt: 0,
      fence: 'f',
      ...claim,
    },
    subscription: { id: 3, health: 'healthy', ...subscription },
    event: { id: 'e', topic: 'sub_tag(3)', metadata: {} },
    composed: [],
    heldSince: 0,
  } as unknown as Held;
}

const failed = (changes: Partial<Extract<TransportResult, { ok: false }>>): TransportResult => ({
  ok: false,
  fault: 'endpoint',
  reason: 'HTTP 500',
  status: 500,
  answer: 'oops',
  retryAfterMs: null,
  unsent: false,
  ...changes,
});

const decide = (result: DispatchResult, claim: object = {}, subscription: object = {}) =>
  outcomeOf({ held: held(claim, subscription), startedAt: 1, durationMs: 2, result, laneClosed: false }, rules);

test('a good answer delivers, as the next attempt, with the fence of its claim', (t) => {
  t.like(decide({ ok: true, status: 204, answer: '' }, { attempts: 2 }), {
    outcome: 'delivered',
    number: 3,
    status: 204,
    fence: 'f',
    endpoint: 'answered',
    retryInMs: null,
  });
});

test('a failure goes a step along the schedule and counts against the endpoint', (t) => {
  t.like(decide(failed({}), { failures: 1, attempts: 1 }), {
    outcome: 'retry',
    retryInMs: 300_000,
    countsAgainstDelivery: true,
    endpoint: 'failed',
    reason: 'HTTP 500',
    pauseLaneMs: 0,
  });
});

test('after the last step of the schedule the delivery fails', (t) => {
  t.like(decide(failed({}), { failures: 2, attempts: 2 }), { outcome: 'failed', retryInMs: null, reason: 'HTTP 500' });
});

test('a busy receiver closes its lane for as long as it asks, and no retry comes before', (t) => {
  t.like(decide(failed({ fault: 'busy', retryAfterMs: 60_000 })), {
    outcome: 'retry',
    retryInMs: 60_000,
    pauseLaneMs: 60_000,
    endpoint: 'failed',
  });
});

test('a busy receiver that does not say for how long gets five seconds', (t) => {
  t.like(decide(failed({ fault: 'busy' })), { pauseLaneMs: 5_000, retryInMs: 5_000 });
});

test('a gone endpoint ends the delivery at once', (t) => {
  t.like(decide(failed({ fault: 'gone', reason: 'HTTP 410', status: 410 })), {
    outcome: 'failed',
    reason: 'HTTP 410: the endpoint is gone',
  });
});

test('an address that our rules forbid is tried after 1 and 6 hours, then fails, and is not held against the endpoint', (t) => {
  const blocked = failed({ fault: 'policy', reason: 'blocked' });
  t.like(decide(blocked), { outcome: 'retry', retryInMs: 3_600_000, endpoint: 'unknown' });
  t.like(decide(blocked, { failures: 1 }), { retryInMs: 21_600_000 });
  t.like(decide(blocked, { failures: 2 }), { outcome: 'failed' });
});

test('trouble of our own is tried again soon and held against nobody', (t) => {
  const local = failed({ fault: 'local', reason: 'no sockets left' });
  t.like(decide(local), { outcome: 'retry', retryInMs: 1_000, countsAgainstDelivery: false, endpoint: 'unknown' });
  t.like(decide(local, { attempts: 40, failures: 9 }), { outcome: 'retry', retryInMs: 60_000 });
});

test('trouble of our own pauses the lane of a suspended subscription, whose deliveries are tried in turn', (t) => {
  const local = failed({ fault: 'local', reason: 'no sockets left' });
  t.like(decide(local, { attempts: 2 }, { health: 'suspended' }), { retryInMs: 4_000, pauseLaneMs: 4_000, endpoint: 'unknown' });
  t.like(decide(local, { attempts: 2 }), { pauseLaneMs: 0 });
});

test('a payload that throws is tried three times, then fails with internal_error', (t) => {
  const thrown: DispatchResult = { ok: null, kind: 'internal_error', reason: 'internal_error: boom' };
  t.like(decide(thrown), { outcome: 'retry', retryInMs: 5_000, number: 1, endpoint: 'unknown' });
  t.like(decide(thrown, { failures: 1, attempts: 1 }), { outcome: 'retry', retryInMs: 300_000 });
  t.like(decide(thrown, { failures: 2, attempts: 2 }), { outcome: 'failed', reason: 'internal_error: boom' });
});

test('a record that cannot be loaded takes its delivery along the schedule, and is held against no endpoint', (t) => {
  const notLoaded: DispatchResult = { ok: null, kind: 'record_not_loaded', reason: 'no' };
  const retry = { outcome: 'retry', endpoint: 'unknown', countsAgainstDelivery: true } as const;
  t.like(decide(notLoaded, { attempts: 3 }), { ...retry, retryInMs: 5_000, number: 4, pauseLaneMs: 0 });
  t.like(decide(notLoaded, {}, { health: 'suspended' }), { ...retry, pauseLaneMs: 5_000 });
  t.like(decide(notLoaded, { failures: 2, attempts: 9 }), { outcome: 'failed', number: 10, reason: 'no', endpoint: 'unknown' });
});

test('a record that is gone is looked for once more while its delivery is young, which is then cancelled as no attempt', (t) => {
  const gone: DispatchResult = { ok: null, kind: 'record_gone', reason: 'gone' };
  t.like(decide(gone, { createdAt: 0 }), { outcome: 'retry', retryInMs: 30_000, number: 1, countsAgainstDelivery: false });
  t.like(decide(gone, { createdAt: 1 - 29_999 }, { health: 'suspended' }), { outcome: 'retry', pauseLaneMs: 30_000 });
  t.like(decide(gone, { createdAt: 1 - 30_000 }), { outcome: 'cancelled', number: 0, reason: 'gone', endpoint: 'unknown' });
});

test('a delivery of an unsubscribed subscription is cancelled with its reason, as no attempt', (t) => {
  t.like(decide({ ok: null, kind: 'unsubscribed', reason: 'unsubscribed by the account' }), {
    outcome: 'cancelled',
    number: 0,
    reason: 'unsubscribed by the account',
  });
});

test('a failed probe of a suspended subscription is not held against the delivery it was made with', (t) => {
  t.like(decide(failed({}), { failures: 1 }, { health: 'suspended' }), {
    outcome: 'retry',
    countsAgainstDelivery: false,
    retryInMs: 900_000,
    pauseLaneMs: 900_000,
    reason: 'HTTP 500 (probe of a suspended subscription)',
  });
});

test('a retry that would come when its event has expired is a failure, and tells of the endpoint what it would have told', (t) => {
  const expiring = (result: DispatchResult, inMs: number, subscription: object = {}) => {
    const sent = { held: held({}, subscription), startedAt: 1, durationMs: 2, result, laneClosed: false };
    const event = { ...sent.held.event, metadata: { 'hookwell:expires-at': String(3 + inMs) } };
    return outcomeOf({ ...sent, held: { ...sent.held, event } }, rules);
  };
  t.like(expiring(failed({}), 5_001), { outcome: 'retry', retryInMs: 5_000 });
  t.like(expiring(failed({}), 5_000), { outcome: 'failed', retryInMs: null, endpoint: 'failed', number: 1 });
  const probe = expiring(failed({}), 900_000, { health: 'suspended' });
  t.like(probe, { outcome: 'failed', endpoint: 'failed', pauseLaneMs: 900_000 });
  t.regex(
    probe.reason,
    /^HTTP 500 \(probe of a suspended subscription\) \(its next attempt would be due at 1970-01-01T00:15:00.003Z/,
  );
  t.like(expiring({ ok: true, status: 200, answer: '' }, 0), { outcome: 'delivered' });
  t.like(expiring({ ok: null, kind: 'expired', reason: 'expired' }, 0), { outcome: 'cancelled', number: 0, endpoint: 'unknown' });
});
