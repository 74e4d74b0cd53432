import { constants, monitorEventLoopDelay, performance, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';

/** How often it is looked whether the thread is free, in milliseconds. */
const resolutionMs = 1;

/** How the thread of this process was used over some time. Times in milliseconds. */
export interface ThreadUse {
  /** What a timer waited for longer than it had to. */
  readonly delayP50: number;
  readonly delayP99: number;
  /** The longest that the thread was not free, whatever for. */
  readonly longestBlock: number;
  /** The share of the time that it was busy, from 0 to 1. */
  readonly utilization: number;
  /** Processor time of the whole process for each second. */
  readonly cpuPerSecond: number;
  /** What the collector of garbage took in all for each second, and the longest time that it took at once. */
  readonly collectingPerSecond: number;
  readonly longestCollection: number;
  /** Full collections, of all objects and not only of young ones. */
  readonly fullCollections: number;
}

/** Begins to look at the thread of this process. */
export function watchThread(): { readonly end: () => Promise<ThreadUse> } {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  const collections: { readonly ms: number; readonly full: boolean }[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as PerformanceEntry & { readonly detail: { readonly kind: number } }).detail;
      collections.push({ ms: entry.duration, full: kind === constants.NODE_PERFORMANCE_GC_MAJOR });
    }
  });
  observer.observe({ entryTypes: ['gc'] });
  const began = performance.now();
  const cpuBefore = process.cpuUsage();
  const utilizationBefore = performance.eventLoopUtilization();
  delay.enable();
  return {
    async end() {
      delay.disable();
      const cpu = process.cpuUsage(cpuBefore);
      const { utilization } = performance.eventLoopUtilization(utilizationBefore);
      const seconds = (performance.now() - began) / 1_000;
      // What was collected last is told in a later turn.
      await new Promise(setImmediate);
      observer.disconnect();
      return {
        delayP50: delayOf(delay.percentile(50)),
        delayP99: delayOf(delay.percentile(99)),
        longestBlock: delayOf(delay.max),
        utilization,
        cpuPerSecond: (cpu.user + cpu.system) / 1_000 / seconds,
        collectingPerSecond: collections.reduce((sum, { ms }) => sum + ms, 0) / seconds,
        longestCollection: collections.reduce((longest, { ms }) => Math.max(longest, ms), 0),
        fullCollections: collections.filter(({ full }) => full).length,
      };
    },
  };
}

/** What is measured is the time from one look to the next, in nanoseconds, of which so much is meant. */
export function delayOf(betweenLooksNs: number): number {
  return Math.max(0, betweenLooksNs / 1e6 - resolutionMs);
}
