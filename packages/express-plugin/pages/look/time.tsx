import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { fromNow, moment, shortMoment } from './format.ts';

const listeners = new Set<(now: number) => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** The time, anew every ten seconds. All of a page share one timer. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    listeners.add(setNow);
    timer ??= setInterval(() => {
      for (const listener of listeners) listener(Date.now());
    }, 10_000);
    return () => {
      listeners.delete(setNow);
      if (listeners.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, []);
  return now;
}

interface TimeProps {
  /** In milliseconds since the epoch. */
  readonly at: number;
  /** `relative`: how long ago; `short`: the time of day, with the day unless it is today; `full`: date and time. */
  readonly as?: 'relative' | 'short' | 'full';
}

/** A moment; its full date shows when one points at it. */
export function Time({ at, as = 'relative' }: TimeProps): JSX.Element {
  useNow();
  // What has just happened is not ahead of a clock that was read some seconds ago.
  const now = Date.now();
  const full = moment(at);
  const shown = { relative: () => fromNow(at, now), short: () => shortMoment(at, now), full: () => full }[as]();
  return (
    <time dateTime={new Date(at).toISOString()} title={full}>
      {shown}
    </time>
  );
}
