import type { LogFilter } from './route.ts';

const spans = { '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000 } as const;

/** The parameters with which the API is asked for lines of the log. Not for what waits: that is another list. */
export function attemptsQuery(filter: LogFilter, now: number): Record<string, string> {
  const { status, topic, subscriptionId, time, from, until, text } = filter;
  const query: Record<string, string> = {};
  if (status !== 'any' && status !== 'waiting') query['outcome'] = status;
  if (topic !== '') query['topic'] = topic;
  if (subscriptionId !== null) query['subscriptionId'] = String(subscriptionId);
  if (time === 'between') {
    if (from !== '') query['from'] = new Date(from).toISOString();
    if (until !== '') query['until'] = new Date(until).toISOString();
  } else if (time !== 'any') {
    query['from'] = new Date(now - spans[time]).toISOString();
  }
  if (text.trim() !== '') query['text'] = text.trim().slice(0, 200);
  return query;
}

/** Whether a filter says more than which status. */
export function isNarrowed({ topic, subscriptionId, time, text }: LogFilter): boolean {
  return topic !== '' || subscriptionId !== null || time !== 'any' || text.trim() !== '';
}
