import { useCallback, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { asApiError, type ApiError } from '../look/api.ts';
import { useChanges } from './hooks.ts';
import { begin, more, refresh, showFresh, type LogLines, type LogQuestion } from './log-lines.ts';
import { loadLog, loadPage, pageRows } from './log-load.ts';
import type { LogFilter } from './route.ts';

/** The log as a filter shows it. */
export interface ShownLog {
  /** What is shown; what an earlier filter showed while the answer for this one is on its way. */
  readonly lines: LogLines | undefined;
  readonly loading: boolean;
  readonly error: ApiError | undefined;
  /** Reads what comes after the last row, unless it is being read. */
  readonly loadMore: () => void;
  /** Puts what is new on top. */
  readonly show: () => void;
  readonly reload: () => void;
}

/** What is being asked for. */
interface Work {
  readonly key: string;
  readonly controller: AbortController;
  busy: boolean;
  /** What asked for the last page but the first. */
  asked: LogQuestion | null;
}

/** What the log showed last, for those who come back to it. */
let kept: { readonly key: string; readonly lines: LogLines } | undefined;

/**
 * Follows the log. What is new goes on top at once when `atTop` says that nobody reads further down, and waits to be
 * shown otherwise.
 */
export function useLog(filter: LogFilter, atTop: () => boolean): ShownLog {
  const key = JSON.stringify(filter);
  const [lines, setLines] = useState<LogLines | undefined>(() => (kept?.key === key ? kept.lines : undefined));
  const [error, setError] = useState<ApiError>();
  const [loading, setLoading] = useState(lines === undefined);
  const [turn, setTurn] = useState(0);
  const work = useRef<Work>({ key: '', controller: new AbortController(), busy: false, asked: null });

  const update = useCallback((change: (lines: LogLines | undefined) => LogLines | undefined) => {
    setLines((before) => {
      const after = change(before);
      if (after) kept = { key: work.current.key, lines: after };
      return after;
    });
  }, []);

  // Not `useEffect`, which waits for a paint: the request would begin a frame or two later.
  useLayoutEffect(() => {
    const controller = new AbortController();
    work.current = { key, controller, busy: true, asked: null };
    const again = kept?.key === key && turn === 0;
    if (!again) setLoading(true);
    loadLog(filter, again ? pageRows.usual : pageRows.first, controller.signal).then(
      (page) => {
        if (controller.signal.aborted) return;
        work.current.busy = false;
        setError(undefined);
        setLoading(false);
        update((before) => (again && before && filter.status !== 'waiting' ? refresh(before, page, atTop()) : begin(page)));
      },
      (problem: unknown) => {
        if (controller.signal.aborted) return;
        work.current.busy = false;
        setLoading(false);
        setError(asApiError(problem));
      },
    );
    return () => controller.abort();
  }, [key, turn]);

  const next = lines?.next ?? null;
  const loadMore = (): void => {
    const { controller, busy, asked } = work.current;
    // The list may scroll once more before it is rendered with what has just come, which may be another filter's.
    if (busy || next === null || next === asked || next !== kept?.lines.next || error) return;
    work.current.busy = true;
    work.current.asked = next;
    loadPage(next, pageRows.usual, controller.signal).then(
      (page) => {
        if (controller.signal.aborted) return;
        work.current.busy = false;
        update((before) => (before?.next === next ? more(before, page) : before));
      },
      (problem: unknown) => {
        if (controller.signal.aborted) return;
        work.current.busy = false;
        work.current.asked = null;
        setError(asApiError(problem));
      },
    );
  };

  useChanges(
    () => true,
    () => {
      const { controller, busy } = work.current;
      // What waits moves about; whoever has scrolled down asks for it anew.
      if (busy || (filter.status === 'waiting' && !atTop())) return;
      loadLog(filter, pageRows.usual, controller.signal).then(
        (page) => {
          if (controller.signal.aborted) return;
          setError(undefined);
          update((before) => (before && filter.status !== 'waiting' ? refresh(before, page, atTop()) : begin(page)));
        },
        (problem: unknown) => {
          if (!controller.signal.aborted) setError(asApiError(problem));
        },
      );
    },
  );

  const reload = (): void => {
    setError(undefined);
    setTurn((before) => before + 1);
  };
  const show = (): void => {
    const shown = lines && showFresh(lines);
    if (shown) update(() => shown);
    else reload();
  };
  return { lines, loading, error, loadMore, show, reload };
}
