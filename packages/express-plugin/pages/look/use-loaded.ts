import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { asApiError, type ApiError } from './api.ts';

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
