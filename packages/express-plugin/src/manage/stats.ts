import { durationBoundsMs } from '@hookwell/core';
import { countSpans, type Range } from './count-spans.ts';
import { statsExample } from './example.ts';
import { Problem } from './problem.ts';
import { defineRoute, type ManageRoute } from './route.ts';
import { StatsSchema } from './schemas-stats.ts';
import { StatsQuery } from './schemas-requests.ts';
import { isoTime } from './show.ts';

const day = 86_400_000;
const usualSpans = 100;
const maxSpans = 500;

/** Lengths of spans that people can read, in seconds. */
const readable = [10, 30, 60, 300, 900, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000];

/** `manage/stats`: what charts are drawn of. */
export const statsRoutes: readonly ManageRoute[] = [
  defineRoute({
    id: 'getStats',
    tag: 'Statistics',
    method: 'GET',
    path: '/manage/stats',
    summary: 'Count attempts over time',
    description:
      'Counts of the log by span, with success rates and latencies, and what waits right now. The log forgets old lines, and so do the counts.',
    permission: 'read',
    parameters: null,
    query: StatsQuery,
    body: null,
    answer: {
      status: 200,
      description: 'The counts.',
      contentType: 'application/json',
      schema: StatsSchema,
      example: statsExample,
    },
    errors: ['invalid_parameter'],
    async run({ accountId, engine, query, options }) {
      const now = options.now();
      const range = rangeOf(query, now);
      const { subscriptionId } = query;
      const [counted, waiting] = await Promise.all([
        engine.deliveries.counts(accountId, { ...range, ...(subscriptionId === undefined ? {} : { subscriptionId }) }),
        engine.deliveries.backlog(accountId),
      ]);
      return {
        from: isoTime(range.from),
        until: isoTime(range.until),
        every: range.everyMs / 1_000,
        durationBoundsMs: [...durationBoundsMs],
        ...countSpans(range, counted),
        backlog: waiting
          .filter((lane) => subscriptionId === undefined || lane.subscriptionId === subscriptionId)
          .map((lane) => ({
            subscriptionId: lane.subscriptionId,
            waiting: lane.waiting,
            oldestAt: isoTime(lane.oldestCreatedAt),
            oldestAgeSeconds: Math.max(0, Math.floor((now - lane.oldestCreatedAt) / 1_000)),
          })),
      };
    },
  }),
];

/** The range that is asked for. An end that is left out is that of a whole span, on the clock of UTC. */
function rangeOf(asked: { readonly from?: string; readonly until?: string; readonly every?: number }, now: number): Range {
  const end = asked.until === undefined ? now + 1 : Date.parse(asked.until);
  const start = asked.from === undefined ? end - day : Date.parse(asked.from);
  if (start >= end) {
    throw new Problem(
      'invalid_parameter',
      `"from" is ${isoTime(start)} and "until" ${isoTime(end)}. Send a beginning before the end.`,
      { part: 'from' },
    );
  }
  const everyMs = 1_000 * (asked.every ?? usualEvery(end - start));
  const from = asked.from === undefined ? everyMs * Math.floor(start / everyMs) : start;
  const until = asked.until === undefined ? everyMs * Math.ceil(end / everyMs) : end;
  const spans = Math.ceil((until - from) / everyMs);
  if (spans > maxSpans) {
    throw new Problem(
      'invalid_parameter',
      `"every" is ${everyMs / 1_000}, which makes ${spans} spans; at most ${maxSpans} are answered. Send ${Math.ceil((until - from) / (1_000 * (maxSpans - 1)))} or more, or a shorter range.`,
      { part: 'every' },
    );
  }
  return { from, until, everyMs };
}

/** A length that people can read and that makes few enough spans. */
function usualEvery(rangeMs: number): number {
  const least = rangeMs / (1_000 * usualSpans);
  return readable.find((seconds) => seconds >= least) ?? Math.ceil(least);
}
