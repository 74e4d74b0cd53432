import { useRef, useState } from 'preact/hooks';
import { asApiError, type ApiError } from './api.ts';

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
