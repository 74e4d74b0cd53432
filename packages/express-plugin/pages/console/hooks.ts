import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { ChangeJson } from '../../src/manage/schemas-stats.ts';
import { asApiError, type ApiError } from './api.ts';
import { onChange } from './live.ts';

/** Something that the API is asked for. */
export interface Loaded<Data> {
  /** The last that arrived; undefined before any did. */
  readonly data: Data | undefined;
  /** Why the last try did not work; undefined when it did. */
  readonly error: ApiError | undefined;
  readonly loading: boolean;
  readonly reload: () => void;
}

/**
 * Asks for something, and again whenever `key` is another one. What an older question is answered does not come after
 * what a newer one was.
 */
export function useLoaded<Data>(key: string, load: (signal: AbortSignal) => Promise<Data>): Loaded<Data> {
  const [state, setState] = useState<{ key: string; data?: Data; error?: ApiError; loading: boolean }>({ key, loading: true });
  const [turn, setTurn] = useState(0);
  const latest = useRef(load);
  latest.current = load;

  useEffect(() => {
    const controller = new AbortController();
    setState((before) => (before.key === key ? { ...before, loading: true } : { key, loading: true }));
    latest.current(controller.signal).then(
      (data) => {
        if (!controller.signal.aborted) setState({ key, data, loading: false });
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        setState((before) => ({
          key,
          ...(before.data === undefined ? {} : { data: before.data }),
          error: asApiError(error),
          loading: false,
        }));
      },
    );
    return () => controller.abort();
  }, [key, turn]);

  const reload = useCallback(() => setTurn((before) => before + 1), []);
  const { data, error, loading } = state.key === key ? state : { data: undefined, error: undefined, loading: true };
  return { data, error, loading, reload };
}

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

/** Something that a person set off: busy until it is done, and why it was not. */
export interface Action {
  readonly busy: boolean;
  readonly error: ApiError | undefined;
  readonly run: () => void;
  /** Forgets the error. */
  readonly clear: () => void;
}

/** Makes an action of what is to be done; a second one does not begin before the first has ended. */
export function useAction(work: () => Promise<void>): Action {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const running = useRef(false);
  const run = (): void => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    setError(undefined);
    void work()
      .catch((problem: unknown) => setError(asApiError(problem)))
      .finally(() => {
        running.current = false;
        setBusy(false);
      });
  };
  return { busy, error, run, clear: () => setError(undefined) };
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
