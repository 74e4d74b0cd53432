import type { AttemptJson, AttemptPageJson, DeliveryJson, DeliveryPageJson } from '../../src/manage/schemas.ts';
import { get } from './api.ts';
import type { LogLine, LogPage } from './log-lines.ts';
import { attemptsQuery } from './log-query.ts';
import type { LogFilter } from './route.ts';

const pageSize = 100;

/** A page of what a filter shows: lines of the log, or what waits. */
export async function loadLog(filter: LogFilter, cursor: string | null, signal?: AbortSignal): Promise<LogPage> {
  if (filter.status === 'waiting') {
    const query = { subscriptionId: filter.subscriptionId, cursor, limit: pageSize };
    const { rows, next, remaining } = await get<DeliveryPageJson>('deliveries', query, signal);
    return { rows: rows.map(waitingLine), next, remaining };
  }
  const query = { ...attemptsQuery(filter, Date.now()), cursor, limit: pageSize };
  const { rows, next, remaining } = await get<AttemptPageJson>('attempts', query, signal);
  return { rows: rows.map(attemptLine), next, remaining };
}

function attemptLine(attempt: AttemptJson): LogLine {
  const { id, deliveryId, subscriptionId, topic, outcome, reason, status, startedAt, durationMs, number, nextAttemptAt } =
    attempt;
  return {
    key: String(id),
    order: id,
    deliveryId,
    subscriptionId,
    topic,
    status: outcome,
    reason,
    code: status,
    at: startedAt,
    durationMs: number === 0 ? null : durationMs,
    number,
    nextAt: nextAttemptAt,
  };
}

function waitingLine({ id, subscriptionId, state, attempts, createdAt, dueAt }: DeliveryJson): LogLine {
  return {
    key: id,
    order: Date.parse(createdAt),
    deliveryId: id,
    subscriptionId,
    topic: null,
    status: state,
    reason: '',
    code: 0,
    at: createdAt,
    durationMs: null,
    number: attempts,
    nextAt: dueAt,
  };
}
