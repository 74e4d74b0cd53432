import type { AttemptDetailsJson, AttemptJson, DeliveryDetailsJson, DeliveryJson, SubscriptionJson } from './schemas.ts';
import type { CatalogJson, StatsJson } from './schemas-stats.ts';

/* What answers look like, for the OpenAPI document. */

export const subscriptionExample: SubscriptionJson = {
  id: 3,
  url: 'https://example.com/hooks',
  topic: 'sub_tag(4)',
  format: 'lightweight',
  encoding: 'form',
  ordering: 'none',
  coalesceMs: 0,
  createdAt: '2026-01-15T12:00:00.000Z',
  health: 'healthy',
  healthReason: '',
  healthSince: '2026-01-15T12:00:00.000Z',
  healthNext: '',
  consecutiveFailures: 0,
  failingSince: null,
  heldUntil: null,
  lastAttemptAt: '2026-01-15T12:05:00.000Z',
  lastStatus: 200,
  filter: null,
  hasSecret: false,
  headerNames: [],
};

export const pausedExample: SubscriptionJson = {
  ...subscriptionExample,
  health: 'paused',
  healthReason: 'our server moves',
  healthSince: '2026-01-15T12:10:00.000Z',
  healthNext: 'its events are kept, and flow once it is resumed; nothing is sent until then',
};

export const endedExample: SubscriptionJson = {
  ...subscriptionExample,
  health: 'unsubscribed',
  healthReason: 'unsubscribed by the account',
  healthSince: '2026-01-15T12:10:00.000Z',
  healthNext: 'nothing is sent any more; subscribe again once the endpoint works',
};

export const attemptExample: AttemptJson = {
  id: 17,
  subscriptionId: 3,
  deliveryId: '0199b0b4-2f00-7000-8000-000000000001',
  eventId: '0199b0b4-2f00-7000-8000-000000000000',
  topic: 'sub_tag(4)',
  number: 1,
  outcome: 'failed',
  reason: 'HTTP 500',
  status: 500,
  startedAt: '2026-01-15T12:05:00.000Z',
  durationMs: 83,
  nextAttemptAt: null,
};

const attemptDetailsExample: AttemptDetailsJson = {
  ...attemptExample,
  headers: [
    { name: 'content-type', value: 'application/x-www-form-urlencoded' },
    { name: 'user-agent', value: 'Hookwell' },
    { name: 'webhook-id', value: attemptExample.deliveryId },
    { name: 'webhook-timestamp', value: '1768478700' },
  ],
  answer: 'out of order',
};

export const deliveryExample: DeliveryJson = {
  id: attemptExample.deliveryId,
  subscriptionId: 3,
  eventId: attemptExample.eventId,
  state: 'waiting',
  attempts: 1,
  failures: 1,
  createdAt: '2026-01-15T12:05:00.000Z',
  dueAt: '2026-01-15T12:10:00.000Z',
  waitsForEarlier: false,
};

export const deliveryDetailsExample: DeliveryDetailsJson = {
  id: attemptExample.deliveryId,
  state: 'failed',
  next: 'It has failed; nothing more happens, unless you send it again.',
  topic: 'sub_tag(4)',
  subscriptionId: 3,
  eventId: attemptExample.eventId,
  createdAt: null,
  dueAt: null,
  canReplay: true,
  canCancel: false,
  request: {
    method: 'POST',
    url: subscriptionExample.url,
    contentType: 'application/x-www-form-urlencoded',
    body: 'webhook_id=3&object_type_id=0&event%5Btype%5D=sub_tag&event%5Btag_id%5D=4&data%5Bid%5D=8&data%5Bfirstname%5D=Mary&timestamp=1768478700',
    rebuilt: true,
    note: 'Bodies are not kept: this one is composed again.',
  },
  event: {
    id: attemptExample.eventId,
    topic: 'sub_tag(4)',
    objectTypeId: 0,
    record: { id: 8, firstname: 'Mary', lastname: 'Jones', email: 'mary@example.com' },
    occurredAt: '2026-01-15T12:05:00.000Z',
  },
  subscription: subscriptionExample,
  attempts: [attemptDetailsExample],
};

const counts = {
  delivered: 9,
  retry: 1,
  failed: 0,
  cancelled: 0,
  durations: [0, 2, 5, 3, 0, 0, 0, 0, 0, 0, 0],
  successRate: 0.9,
  latency: { p50: 40, p95: 91.7, p99: 98.3 },
};

export const statsExample: StatsJson = {
  from: '2026-01-15T12:00:00.000Z',
  until: '2026-01-15T13:00:00.000Z',
  every: 3_600,
  durationBoundsMs: [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000],
  spans: [{ at: '2026-01-15T12:00:00.000Z', ...counts }],
  totals: counts,
  backlog: [{ subscriptionId: 3, waiting: 1, oldestAt: '2026-01-15T12:55:00.000Z', oldestAgeSeconds: 300 }],
};

export const catalogExample: CatalogJson = {
  events: [{ name: 'sub_tag', parameter: 'tag_id', examples: [{ number: 4, name: 'Newsletter' }] }],
  objectTypes: [
    {
      id: 0,
      name: 'Contact',
      fields: ['id', 'firstname', 'lastname', 'email', 'phone'],
      lightweight: ['id', 'firstname', 'lastname', 'email'],
    },
  ],
  formats: ['full', 'lightweight', 'notify'],
  encodings: ['form', 'json'],
};
