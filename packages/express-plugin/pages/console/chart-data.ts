import type { StatsJson } from '../../src/manage/schemas-stats.ts';
import { count, percent } from '../look/format.ts';
import type { RangeName } from './route.ts';

/** The ranges that charts show: how long they are, and how long one bar is. Times in milliseconds. */
export const ranges: Readonly<Record<RangeName, { readonly name: string; readonly ms: number; readonly everyMs: number }>> = {
  '1h': { name: 'Last hour', ms: 3_600_000, everyMs: 120_000 },
  '24h': { name: 'Last 24 hours', ms: 86_400_000, everyMs: 1_800_000 },
  '7d': { name: 'Last 7 days', ms: 604_800_000, everyMs: 14_400_000 },
};

/** The span that a chart asks for: whole bars, the last of which is under way. */
export function spanOf(
  range: RangeName,
  now: number,
): { readonly from: number; readonly until: number; readonly everyMs: number } {
  const { ms, everyMs } = ranges[range];
  const until = Math.floor(now / everyMs) * everyMs + everyMs;
  return { from: until - ms, until, everyMs };
}

/** What outcomes are called in charts, from the axis up. */
export const outcomeNames = { delivered: 'Delivered', retry: 'Will retry', failed: 'Failed', cancelled: 'Cancelled' } as const;

export const outcomeKinds = ['delivered', 'retry', 'failed', 'cancelled'] as const;

export type OutcomeKind = (typeof outcomeKinds)[number];

/** Whether anything was sent in the span of a chart. */
export function isQuiet({ totals }: Pick<StatsJson, 'totals'>): boolean {
  return outcomeKinds.every((kind) => totals[kind] === 0);
}

/** What a chart of deliveries shows, in a sentence. */
export function deliveriesSummary({ totals }: Pick<StatsJson, 'totals'>, when: string): string {
  const all = outcomeKinds.reduce((sum, kind) => sum + totals[kind], 0);
  if (all === 0) return `${when}: nothing was sent.`;
  const parts = outcomeKinds
    .filter((kind) => totals[kind] > 0)
    .map((kind) => `${totals[kind].toLocaleString('en')} ${outcomeNames[kind].toLowerCase()}`);
  return `${when}: ${count(all, 'attempt')}, ${parts.join(', ')}.`;
}

/** What a chart of the success rate shows, in a sentence. */
export function successSummary({ totals }: Pick<StatsJson, 'totals'>, when: string): string {
  const tried = totals.delivered + totals.retry + totals.failed;
  if (tried === 0) return `${when}: nothing was sent.`;
  return `${when}: ${percent(totals.delivered, tried)} of attempts delivered.`;
}

/** What a chart of latency shows, in a sentence. */
export function latencySummary({ totals: { latency } }: Pick<StatsJson, 'totals'>, when: string): string {
  if (latency.p50 === null) return `${when}: nothing was sent.`;
  return `${when}: half of the answers took up to ${latencyText(latency.p50)}, 95 % up to ${latencyText(latency.p95)}, 99 % up to ${latencyText(latency.p99)}.`;
}

/** A latency as the statistics have it: an estimate, so in round figures. */
export function latencyText(ms: number | null): string {
  if (ms === null) return '–';
  if (ms >= 10_000) return '10 s or more';
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** The moments at which an axis of time carries a text: at most as many as fit. */
export function timeTicks(from: number, until: number, atMost: number, offsetMs: number): number[] {
  const steps = [5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880].map((minutes) => minutes * 60_000);
  const step = steps.find((each) => (until - from) / each <= atMost) ?? 172_800_000;
  const ticks: number[] = [];
  // Round in the reader's time zone: midnight is a tick of days there.
  for (let at = Math.ceil((from + offsetMs) / step) * step - offsetMs; at < until; at += step) ticks.push(at);
  return ticks;
}
