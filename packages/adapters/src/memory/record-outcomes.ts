import {
  observe,
  withObservation,
  type Attempt,
  type Delivery,
  type Lease,
  type Outcome,
  type RecordResult,
  type Subscription,
} from '@hookwell/core';
import type { Contents } from './contents.ts';

/** Writes outcomes under their fences. All of them are read before anything is changed. */
export function recordOutcomes(contents: Contents, outcomes: readonly Outcome[], now: number): RecordResult {
  const lines = outcomes.map((outcome) => lineOf(outcome, now));
  const written = outcomes.map((outcome, index) => writeOutcome(contents, outcome, lines[index]!));
  const subscriptions: Subscription[] = [];
  for (const observation of observe(outcomes.filter((_, index) => written[index]))) {
    const before = contents.subscriptions.get(observation.subscriptionId);
    if (!before) continue;
    const after = withObservation(before, observation, now);
    contents.subscriptions.replace(after);
    if (observation.failures > 0 || (observation.answered && before.health !== 'healthy')) subscriptions.push({ ...after });
  }
  return { written, subscriptions, now };
}

function lineOf(outcome: Outcome, now: number): Omit<Attempt, 'id'> {
  return {
    accountId: outcome.accountId,
    subscriptionId: outcome.subscriptionId,
    deliveryId: outcome.deliveryId,
    eventId: outcome.eventId,
    topic: outcome.topic,
    number: outcome.number,
    outcome: outcome.outcome,
    reason: outcome.reason,
    status: outcome.status,
    answer: outcome.answer,
    startedAt: outcome.startedAt,
    durationMs: outcome.durationMs,
    nextAttemptAt: outcome.outcome === 'retry' ? now + (outcome.retryInMs ?? 0) : null,
  };
}

function writeOutcome(contents: Contents, outcome: Outcome, line: Omit<Attempt, 'id'>): boolean {
  const delivery = held(contents, outcome);
  if (!delivery) return false;
  contents.addAttempt(line);
  if (line.nextAttemptAt === null) {
    contents.removeDelivery(delivery);
  } else {
    contents.queue.replace(delivery, {
      ...delivery,
      attempts: Math.max(delivery.attempts, line.number),
      failures: delivery.failures + (outcome.countsAgainstDelivery ? 1 : 0),
      dueAt: line.nextAttemptAt,
      fence: null,
    });
  }
  return true;
}

/** Hands claims back unsent. */
export function releaseDeliveries(contents: Contents, leases: readonly Lease[], now: number): void {
  for (const lease of leases) {
    const delivery = held(contents, lease);
    if (delivery) contents.queue.replace(delivery, { ...delivery, dueAt: now, fence: null });
  }
}

/** The delivery of a lease that still holds: also of one that ran out, as long as nobody else has claimed it. */
function held({ queue }: Contents, { deliveryId, fence }: Lease): Delivery | undefined {
  const delivery = queue.get(deliveryId);
  return delivery?.fence === fence ? delivery : undefined;
}
