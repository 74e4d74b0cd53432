import type { Claim } from '../model/delivery.ts';
import type { Outcome } from '../model/outcome.ts';
import type { NewSubscription } from '../model/subscription.ts';
import { testClock } from './test-clock.ts';

/** A subscription of account `a` to `sub_tag(3)`, for tests of a storage. */
export function exampleSubscription(given: Partial<NewSubscription> = {}): NewSubscription {
  return {
    accountId: 'a',
    url: 'https://example.com/hook',
    topic: 'sub_tag(3)',
    format: 'full',
    encoding: 'form',
    data: '',
    attributes: {},
    ...given,
  };
}

/** The outcome of an attempt that has delivered what was claimed, for tests of a storage. */
export function exampleOutcome(claim: Claim, given: Partial<Outcome> = {}): Outcome {
  return {
    deliveryId: claim.id,
    fence: claim.fence,
    accountId: claim.accountId,
    subscriptionId: claim.subscriptionId,
    eventId: claim.eventId,
    topic: 'sub_tag(3)',
    outcome: 'delivered',
    retryInMs: null,
    number: claim.attempts + 1,
    reason: '',
    status: 200,
    answer: 'ok',
    startedAt: testClock().now(),
    durationMs: 10,
    countsAgainstDelivery: false,
    endpoint: 'answered',
    pauseLaneMs: 0,
    ...(claim.orderKey === undefined ? {} : { orderKey: claim.orderKey }),
    ...given,
  };
}
