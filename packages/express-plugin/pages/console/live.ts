import type { ChangeJson } from '../../src/manage/schemas-stats.ts';
import { settings } from './settings.ts';

type Listener = (change: ChangeJson) => void;

/** How news arrive: as they happen, or by asking every few seconds while they do not. */
export type LiveState = 'live' | 'polling';

const listeners = new Set<Listener>();
const stateListeners = new Set<(state: LiveState) => void>();
const pollEveryMs = 5_000;
const everything: ChangeJson = { subscriptions: [], deliveries: [], more: true };

let source: EventSource | undefined;
let timer: ReturnType<typeof setInterval> | undefined;
let state: LiveState = 'polling';

/** Tells of every change in the account from now on. Answers how to stop. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  open();
  return () => {
    listeners.delete(listener);
    // A page that follows in the same moment keeps the connection.
    setTimeout(close, 1_000);
  };
}

/** Tells how news arrive, now and whenever that changes. Answers how to stop. */
export function onLiveState(listener: (state: LiveState) => void): () => void {
  stateListeners.add(listener);
  listener(state);
  return () => stateListeners.delete(listener);
}

/** Has everybody look anew, because something was changed from here. */
export function changed(change: ChangeJson = everything): void {
  for (const listener of listeners) listener(change);
}

function open(): void {
  if (source || listeners.size === 0) return;
  source = new EventSource(`${settings.root}manage/live`);
  source.addEventListener('open', () => {
    setState('live');
    // What happened while nothing was heard.
    changed();
  });
  source.addEventListener('change', (event: MessageEvent<string>) => changed(JSON.parse(event.data) as ChangeJson));
  source.addEventListener('error', () => {
    setState('polling');
    // The browser connects again by itself, except after an answer that is no stream.
    if (source?.readyState === EventSource.CLOSED) reopenLater(source);
  });
  timer ??= setInterval(() => {
    if (state === 'polling' && !document.hidden) changed();
  }, pollEveryMs);
}

function reopenLater(failed: EventSource): void {
  setTimeout(() => {
    if (source !== failed) return;
    source = undefined;
    open();
  }, 30_000);
}

function close(): void {
  if (listeners.size > 0) return;
  source?.close();
  source = undefined;
  clearInterval(timer);
  timer = undefined;
  setState('polling');
}

function setState(now: LiveState): void {
  if (state === now) return;
  state = now;
  for (const listener of stateListeners) listener(now);
}
