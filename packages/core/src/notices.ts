import { EventEmitter } from 'eventemitter3';
import type { EngineEvents } from './engine-events.ts';
import { messageOf } from './errors.ts';

/** Tells what happened on `engine.events`, so that no listener can do harm. */
export interface Notices {
  readonly events: EventEmitter<EngineEvents>;
  /** Whether anybody listens: what nobody hears need not be put together. */
  readonly heard: (name: keyof EngineEvents) => boolean;
  /** Tells every listener; what one of them throws is reported as `error` and keeps nothing from the others. */
  readonly tell: <Name extends keyof EngineEvents>(name: Name, ...notice: Parameters<EngineEvents[Name]>) => void;
  /** Reports as `error`; when nobody listens for it, once as a process warning, since silence would hide it. */
  readonly report: (error: unknown) => void;
  /** Calls code of the host's; what it throws, or rejects with later on, is reported as `error`. */
  readonly guard: (call: () => unknown) => void;
}

/** Makes the notices of one engine. */
export function notices(): Notices {
  const events = new EventEmitter<EngineEvents>();
  let warned = false;

  /** One listener at a time, because eventemitter3 leaves the rest out when one throws. */
  function callEach(name: keyof EngineEvents, notice: readonly unknown[], onError: (error: unknown) => void): void {
    for (const listener of events.listeners(name)) {
      // Only takes away those that were to be called once.
      events.off(name, listener, undefined, true);
      guarded(() => (listener as (...notice: unknown[]) => unknown).call(events, ...notice), onError);
    }
  }

  function report(cause: unknown): void {
    const error = cause instanceof Error ? cause : new Error(messageOf(cause));
    if (events.listenerCount('error') === 0) warn(error);
    else callEach('error', [error], warn);
  }

  function warn(cause: unknown): void {
    if (warned) return;
    warned = true;
    process.emitWarning(`Hookwell: ${messageOf(cause)} (listen to engine.events "error" to see all of them)`, 'HookwellWarning');
  }

  return {
    events,
    heard: (name) => events.listenerCount(name) > 0,
    tell: (name, ...notice) => callEach(name, notice, report),
    report,
    guard: (call) => guarded(call, report),
  };
}

function guarded(call: () => unknown, onError: (error: unknown) => void): void {
  try {
    const answer = call();
    if (isThenable(answer)) answer.then(undefined, onError);
  } catch (error) {
    onError(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
