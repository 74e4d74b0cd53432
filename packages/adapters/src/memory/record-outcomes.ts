import {
  firstOfEachLease,
  mayMoveHealth,
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
import { makeNextDue } from './orders.ts';
import { copySubscription } from './subscription-rows.ts';

/** Writes outcomes under their fences. All of them are read before anything is changed. */
export function recordOutcomes(contents: Contents, outcomes: readonly Outcome[], now: number): RecordResult {
  const lines = outcomes.map((outcome) => lineOf(outcome, now));
  const written = outcomes.map((outcome, index) => writeOutcome(contents, outcome, lines[index]!));
  makeNextDue(
    contents,
    outcomes.filter(({ outcome }, index) => outcome !== 'retry' && written[index]),
    now,
  );
  const before = writtenBefore(contents, outcomes, written);
  const subscriptions = new Map<number, Subscription>();
  for (const observation of observe(outcomes.filter((_, index) => written[index]))) {
    const row = contents.subscriptions.get(observation.subscriptionId);
    if (!row) continue;
    const after = withObservation(row, observation, now);
    contents.subscriptions.replace(after);
    if (mayMoveHealth(observation, row.health)) subscriptions.set(row.id, copySubscription(after));
  }
  for (const observation of observe(before.map((index) => outcomes[index]!))) {
    const row = contents.subscriptions.get(observation.subscriptionId);
    if (row && mayMoveHealth(observation, row.health)) subscriptions.set(row.id, copySubscription(row));
  }
  for (const index of before) written[index] = true;
  return { written, subscriptions: [...subscriptions.values()], now };
}

/** The positions of outcomes that an earlier call has written, whose answer was lost: their lines are in the log. */
function writtenBefore({ log }: Contents, outcomes: readonly Outcome[], written: readonly boolean[]): readonly number[] {
  if (!written.includes(false)) return [];
  return firstOfEachLease(outcomes).filter((index) => {
    const { accountId, deliveryId, number, outcome, startedAt } = outcomes[index]!;
    if (written[index]) return false;
    for (const line of log.ofAccount(accountId)) {
      const isSame = line.deliveryId === deliveryId && line.number === number && line.startedAt === startedAt;
      if (isSame && line.outcome === outcome) return true;
    }
    return false;
  });
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
  if (line.nextAttemptAt === null) {
    contents.finishDelivery(delivery, line);
  } else {
    contents.addAttempt(line);
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
