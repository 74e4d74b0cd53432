import type { StatsJson } from '../../src/manage/schemas-stats.ts';
import { get } from './api.ts';
import { spanOf } from './chart-data.ts';
import type { RangeName } from './route.ts';

/** Asks for the statistics of a range, of one subscription or of all. */
export async function loadStats(range: RangeName, subscriptionId: number | null, signal: AbortSignal): Promise<StatsJson> {
  const { from, until, everyMs } = spanOf(range, Date.now());
  return get<StatsJson>(
    'stats',
    { from: new Date(from).toISOString(), until: new Date(until).toISOString(), every: everyMs / 1_000, subscriptionId },
    signal,
  );
}
