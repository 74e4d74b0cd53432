import {
  firstOfEachLease,
  mayMoveHealth,
  observe,
  withObservation,
  type Lease,
  type Observation,
  type Outcome,
  type RecordResult,
  type Subscription,
} from '@hookwell/core';
import { sql } from 'kysely';
import { readSubscription } from '../sql/read-rows.ts';
import type { Connection } from './connection.ts';
import { prepareInsertAttempt } from './insert-attempt.ts';
import { prepareOrders } from './orders.ts';
import { bound, queries } from './queries.ts';

/** Makes the call that writes outcomes under their fences. */
export function prepareRecordOutcomes(connection: Connection) {
  const orders = prepareOrders(connection);
  const insertAttempt = prepareInsertAttempt(connection);
  const end = connection.prepare(
    queries.deleteFrom('hookwell_deliveries').where('id', '=', bound<string>()).where('fence', '=', bound<string>()),
  );
  const giveBack = connection.prepare(
    queries
      .updateTable('hookwell_deliveries')
      .set({
        attempts: sql<number>`max(attempts, ${bound<number>()})`,
        failures: sql<number>`failures + ${bound<number>()}`,
        due_at: bound<number>(),
        fence: sql.lit(null),
      })
      .where('id', '=', bound<string>())
      .where('fence', '=', bound<string>()),
  );
  const findLine = connection.prepare(
    queries
      .selectFrom('hookwell_attempts')
      .select('id')
      .where('delivery_id', '=', bound<string>())
      .where('number', '=', bound<number>())
      .where('outcome', '=', bound<string>())
      .where('started_at', '=', bound<number>()),
  );
  const findSubscription = connection.prepare(
    queries.selectFrom('hookwell_subscriptions').selectAll().where('id', '=', bound<number>()),
  );
  const updateFacts = connection.prepare(
    queries
      .updateTable('hookwell_subscriptions')
      .set({
        consecutive_failures: bound<number>(),
        failing_since: bound<number | null>(),
        paused_until: bound<number | null>(),
        last_attempt_at: bound<number | null>(),
        last_status: bound<number>(),
        last_event_id: bound<string | null>(),
      })
      .where('id', '=', bound<number>()),
  );

  function writeOutcome(outcome: Outcome, now: number): boolean {
    const { deliveryId, fence, number, countsAgainstDelivery } = outcome;
    const dueAt = outcome.outcome === 'retry' ? now + (outcome.retryInMs ?? 0) : null;
    const { changes } =
      dueAt === null ? end.run(deliveryId, fence) : giveBack.run(number, countsAgainstDelivery ? 1 : 0, dueAt, deliveryId, fence);
    if (changes === 0) return false;
    insertAttempt({ ...outcome, nextAttemptAt: dueAt });
    return true;
  }

  /** Answers the row when somebody has to look at it: after a failure, and after an answer while it was not healthy. */
  function writeFacts(observation: Observation, now: number): Subscription | null {
    const row = findSubscription.get(observation.subscriptionId);
    if (!row) return null;
    const before = readSubscription(row);
    const after = withObservation(before, observation, now);
    updateFacts.run(
      after.consecutiveFailures,
      after.failingSince,
      after.pausedUntil,
      after.lastAttemptAt,
      after.lastStatus,
      after.lastEventId,
      after.id,
    );
    return mayMoveHealth(observation, before.health) ? after : null;
  }

  /** The positions of outcomes that an earlier call has written, whose answer was lost: their lines are in the log. */
  function writtenBefore(outcomes: readonly Outcome[], written: readonly boolean[]): readonly number[] {
    if (!written.includes(false)) return [];
    return firstOfEachLease(outcomes).filter((index) => {
      const { deliveryId, number, outcome, startedAt } = outcomes[index] as Outcome;
      return written[index] === false && findLine.get(deliveryId, number, outcome, startedAt) !== undefined;
    });
  }

  /** The row of a subscription, when somebody has to look at it because of what was written before. */
  function lookAgain(observation: Observation): Subscription | null {
    const row = findSubscription.get(observation.subscriptionId);
    const subscription = row && readSubscription(row);
    return subscription && mayMoveHealth(observation, subscription.health) ? subscription : null;
  }

  return (outcomes: readonly Outcome[], now: number): RecordResult => {
    const written = outcomes.map((outcome) => writeOutcome(outcome, now));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.orderKey !== undefined && outcome.outcome !== 'retry' && written[index]) orders.makeNextDue(outcome, now);
    }
    const before = writtenBefore(outcomes, written);
    const looks = [
      ...observe(outcomes.filter((_, index) => written[index])).map((observation) => writeFacts(observation, now)),
      ...observe(before.map((index) => outcomes[index] as Outcome)).map(lookAgain),
    ];
    for (const index of before) written[index] = true;
    const subscriptions = new Map(looks.flatMap((row) => (row ? [[row.id, row] as const] : [])));
    return { written, subscriptions: [...subscriptions.values()], now };
  };
}

/** Makes the call that hands claims back unsent. */
export function prepareReleaseDeliveries(connection: Connection) {
  const release = connection.prepare(
    queries
      .updateTable('hookwell_deliveries')
      .set({ due_at: bound<number>(), fence: sql.lit(null) })
      .where('id', '=', bound<string>())
      .where('fence', '=', bound<string>()),
  );
  return (leases: readonly Lease[], now: number): void => {
    for (const { deliveryId, fence } of leases) release.run(now, deliveryId, fence);
  };
}
