import { durationBoundsMs, type AttemptCount } from '@hookwell/core';
import type { CountsJson, LatencyJson, SpanJson } from './schemas-stats.ts';
import { isoTime } from './show.ts';

/** What a chart is drawn of. */
export interface Range {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly until: number;
  readonly everyMs: number;
}

/** Every span of the range with what was counted in it, and the sum of all. */
export function countSpans(
  { from, until, everyMs }: Range,
  counted: readonly AttemptCount[],
): { readonly spans: SpanJson[]; readonly totals: CountsJson } {
  const sums = Array.from({ length: Math.ceil((until - from) / everyMs) }, newSum);
  const total = newSum();
  for (const { at, outcome, durationClass, count } of counted) {
    const span = sums[Math.round((at - from) / everyMs)];
    for (const sum of span ? [span, total] : []) {
      sum[outcome] += count;
      // What was cancelled was not sent, or not to its end.
      if (outcome !== 'cancelled') sum.durations[durationClass] = (sum.durations[durationClass] ?? 0) + count;
    }
  }
  return {
    spans: sums.map((sum, index) => Object.assign({ at: isoTime(from + index * everyMs) }, countsOf(sum))),
    totals: countsOf(total),
  };
}

type Sum = Omit<CountsJson, 'successRate' | 'latency'>;

function newSum(): Sum {
  return { delivered: 0, retry: 0, failed: 0, cancelled: 0, durations: Array<number>(durationBoundsMs.length + 1).fill(0) };
}

function countsOf(sum: Sum): CountsJson {
  const sent = sum.delivered + sum.retry + sum.failed;
  return { ...sum, successRate: sent === 0 ? null : sum.delivered / sent, latency: latencyOf(sum.durations) };
}

/** Estimates how long attempts took, as if those of a class were spread over it evenly. */
export function latencyOf(durations: readonly number[]): LatencyJson {
  const count = durations.reduce((sum, one) => sum + one, 0);
  const at = (part: number): number | null => (count === 0 ? null : quantile(durations, part * count));
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function quantile(durations: readonly number[], wanted: number): number {
  let before = 0;
  for (const [index, inClass] of durations.entries()) {
    if (inClass > 0 && before + inClass >= wanted) {
      const lower = durationBoundsMs[index - 1] ?? 0;
      // Nobody knows how far the last class goes.
      const upper = durationBoundsMs[index] ?? lower;
      return Math.round(10 * (lower + ((wanted - before) / inClass) * (upper - lower))) / 10;
    }
    before += inClass;
  }
  return durationBoundsMs.at(-1) ?? 0;
}
