import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ChangeJson } from '../../src/manage/schemas-stats.ts';
import { onChange } from './live.ts';

/** Calls back when something changes that `concerns` says is of interest, at most once in `everyMs`; the last change is never missed. */
export function useChanges(concerns: (change: ChangeJson) => boolean, callback: () => void, everyMs = 1_000): void {
  const latest = useRef({ concerns, callback });
  latest.current = { concerns, callback };

  useEffect(() => {
    let last = Number.NEGATIVE_INFINITY;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const call = (): void => {
      timer = undefined;
      last = performance.now();
      latest.current.callback();
    };
    const stop = onChange((change) => {
      if (timer !== undefined || !(change.more || latest.current.concerns(change))) return;
      timer = setTimeout(call, Math.max(0, last + everyMs - performance.now()));
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [everyMs]);
}

/** How wide an element is, in pixels; 0 before it is known. */
export function useWidth(): readonly [(element: Element | null) => void, number] {
  const [width, setWidth] = useState(0);
  const observer = useRef<ResizeObserver | undefined>(undefined);
  const ref = useCallback((element: Element | null) => {
    observer.current?.disconnect();
    if (!element) return;
    observer.current = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    observer.current.observe(element);
  }, []);
  return [ref, width];
}

/** Whether the window is narrow, as styles understand it. */
export function useNarrow(): boolean {
  const [query] = useState(() => matchMedia('(max-width: 48rem)'));
  const [narrow, setNarrow] = useState(query.matches);
  useEffect(() => {
    const listen = (): void => setNarrow(query.matches);
    query.addEventListener('change', listen);
    return () => query.removeEventListener('change', listen);
  }, [query]);
  return narrow;
}
