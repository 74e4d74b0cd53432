import type { Engine } from '@hookwell/core';

/**
 * Makes what tells of errors that the client is not told of: on `engine.events` as `error`, where all other trouble of
 * the engine is told; when nobody listens there, once as a process warning. Never throws.
 */
export function reporter(events: Engine['events']): (error: unknown) => void {
  let warned = false;
  return (cause) => {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    if (events.listenerCount('error') > 0) {
      try {
        events.emit('error', error);
        return;
      } catch {
        // A listener for errors that throws: the warning below is all that is left.
      }
    }
    if (warned) return;
    warned = true;
    process.emitWarning(
      `Hookwell webhooks: ${error.message} (listen to engine.events "error" to see all of them)`,
      'HookwellWarning',
    );
  };
}
