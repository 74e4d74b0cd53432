import type { Subscription } from '../src/index.ts';

/** A subscription like any other. */
export const healthySubscription: Subscription = {
  attributes: {},
  ordering: 'none',
  coalesceMs: 0,
  id: 7,
  accountId: 'account-1',
  url: 'https://example.com/hook',
  topic: 'sub_tag(3)',
  format: 'full',
  encoding: 'form',
  data: '',
  createdAt: 0,
  lastAttemptAt: null,
  lastStatus: 0,
  lastEventId: null,
  health: 'healthy',
  healthReason: '',
  healthSince: 0,
  healthVersion: 0,
  consecutiveFailures: 0,
  failingSince: null,
  pausedUntil: null,
  reopenedAt: null,
};
