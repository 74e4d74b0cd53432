import { EventEmitter } from 'eventemitter3';
import type { EngineEvents } from './engine-events.ts';

/** Tells what happened on `engine.events`, so that no listener can do harm. */
export interface Notices {
  readonly events: EventEmitter<EngineEvents>;
  /** Whether anybody listens: what nobody hears need not be put together. */
  readonly heard: (name: keyof EngineEvents) => boolean;
  /** Tells; an error that a listener throws is reported as `error`. */
  readonly tell: <Name extends keyof EngineEvents>(name: Name, ...notice: Parameters<EngineEvents[Name]>) => void;
  /** Reports as `error`; when nobody listens for it, once as a process warning, since silence would hide it. */
  readonly report: (error: unknown) => void;
}

/** Makes the notices of one engine. */
export function notices(): Notices {
  const events = new EventEmitter<EngineEvents>();
  let warned = false;

  function report(cause: unknown): void {
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
    process.emitWarning(`Hookwell: ${error.message} (listen to engine.events "error" to see all of them)`, 'HookwellWarning');
  }

  return {
    events,
    heard: (name) => events.listenerCount(name) > 0,
    tell(name, ...notice) {
      try {
        (events.emit as (name: string, ...notice: readonly unknown[]) => boolean).call(events, name, ...notice);
      } catch (error) {
        report(error);
      }
    },
    report,
  };
}
