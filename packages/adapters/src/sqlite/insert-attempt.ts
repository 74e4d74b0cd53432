import type { Attempt } from '@hookwell/core';
import type { Connection } from './connection.ts';
import { bound, queries } from './queries.ts';

/** Makes the call that writes a line of the log. */
export function prepareInsertAttempt(connection: Connection) {
  const insert = connection.prepare(
    queries.insertInto('hookwell_attempts').values({
      account_id: bound<string>(),
      subscription_id: bound<number>(),
      delivery_id: bound<string>(),
      event_id: bound<string>(),
      topic: bound<string>(),
      number: bound<number>(),
      outcome: bound<string>(),
      reason: bound<string>(),
      status: bound<number>(),
      started_at: bound<number>(),
      duration_ms: bound<number>(),
      next_attempt_at: bound<number | null>(),
      answer: bound<string>(),
    }),
  );
  return (attempt: Omit<Attempt, 'id'>): void => {
    insert.run(
      attempt.accountId,
      attempt.subscriptionId,
      attempt.deliveryId,
      attempt.eventId,
      attempt.topic,
      attempt.number,
      attempt.outcome,
      attempt.reason,
      attempt.status,
      attempt.startedAt,
      attempt.durationMs,
      attempt.nextAttemptAt,
      attempt.answer,
    );
  };
}
