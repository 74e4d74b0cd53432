import type { AttemptJson, AttemptPageJson, DeliveryJson, DeliveryPageJson } from '../../src/manage/schemas.ts';
import { get } from './api.ts';
import type { LogLine, LogPage, LogQuestion } from './log-lines.ts';
import { attemptsQuery } from './log-query.ts';
import type { LogFilter } from './route.ts';

/** Rows of a page, and of the first one after a choice: enough to fill a window soon, while the next page is on its way. */
export const pageRows = { usual: 100, first: 40 } as const;

/** The first page of what a filter shows: lines of the log, or what waits. */
export async function loadLog(filter: LogFilter, limit: number, signal?: AbortSignal): Promise<LogPage> {
  if (filter.status === 'waiting')
    return loadPage({ list: 'deliveries', query: { subscriptionId: filter.subscriptionId } }, limit, signal);
  return loadPage({ list: 'attempts', query: attemptsQuery(filter, Date.now()) }, limit, signal);
}

/** The page that a question asks for. */
export async function loadPage(asked: LogQuestion, limit: number, signal?: AbortSignal): Promise<LogPage> {
  const query = { ...asked.query, limit };
  if (asked.list === 'deliveries') {
    const { rows, next, remaining } = await get<DeliveryPageJson>('deliveries', query, signal);
    return { rows: rows.map(waitingLine), next: following(asked, next), remaining };
  }
  const { rows, next, remaining } = await get<AttemptPageJson>('attempts', query, signal);
  return { rows: rows.map(attemptLine), next: following(asked, next), remaining };
}

/** The same question behind a cursor: with another one, were it only another moment from which to count an hour, the cursor is of no use. */
function following({ list, query }: LogQuestion, cursor: string | null): LogQuestion | null {
  return cursor === null ? null : { list, query: { ...query, cursor } };
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
