import type { HealthState } from '../model/health.ts';
import type { LaneState } from '../model/lane-state.ts';
import type { OutcomeKind } from '../model/outcome.ts';
import type { ReplayState } from '../model/replay.ts';
import type { DeliveryNotice, HealthNotice, ReplayNotice } from '../engine-events.ts';
import { HookwellError } from '../errors.ts';
import type { EmittedContext, PluginContext } from '../plugin.ts';

/** What an attempt led to, as it was stored; `superseded` when somebody else had taken the delivery over. */
export type MeasuredOutcome = OutcomeKind | 'superseded';

/** What an emit came to: `within` for one in a transaction of the host's, which may still be rolled back. */
export type EmitResultKind = 'stored' | 'within' | 'duplicate' | 'refused';

/** What is measured of an outcome: nothing that grows with accounts, subscriptions or deliveries. */
export interface OutcomeMeasure {
  /** The event's name, without its number: `sub_tag`. */
  readonly event: string;
  readonly outcome: MeasuredOutcome;
  /** `2xx` to `5xx`, or `none` without an answer. */
  readonly status: string;
  /** How long the attempt took; null when it ended without any. */
  readonly seconds: number | null;
}

/** Who is told of measures. */
export interface Measures {
  readonly outcome: (measure: OutcomeMeasure) => void;
  readonly health: (health: HealthState) => void;
  readonly replay: (state: ReplayState) => void;
}

/** The name of a topic, without its number: there are as many as the catalog has, and no more. */
export function eventName(topic: string): string {
  const end = topic.indexOf('(');
  return end < 0 ? topic : topic.slice(0, end);
}

/** The event's name of an emit that was refused before there was an event, which is what no event can be called. */
export const noEvent = '-';

/** What an emit came to. */
export function emitResult({ error, duplicate, within }: EmittedContext): EmitResultKind {
  if (error !== null) return 'refused';
  if (duplicate) return 'duplicate';
  return within ? 'within' : 'stored';
}

/** The code of an error, of which there are few; `other` for what plugins and storages throw of their own. */
export function errorCode(error: unknown): string {
  return HookwellError.is(error) ? error.code : 'other';
}

/** The class of a status: `2xx`, or `none` for 0. */
function statusClass(status: number): string {
  return status === 0 ? 'none' : `${Math.floor(status / 100)}xx`;
}

const outcomeNotices = [
  'delivery:delivered',
  'delivery:retrying',
  'delivery:failed',
  'delivery:cancelled',
  'delivery:superseded',
] as const;
const healthNotices = [
  'subscription:failing',
  'subscription:suspended',
  'subscription:recovered',
  'subscription:paused',
  'subscription:resumed',
  'subscription:unsubscribed',
] as const;

const replayNotices = ['replay:completed', 'replay:failed', 'replay:cancelled'] as const;

/** Listens to what an engine tells, and answers how to stop that. */
export function listen({ events }: PluginContext, measures: Measures): () => void {
  const stops: (() => void)[] = [];
  for (const name of outcomeNotices) {
    const listener = ({ outcome }: DeliveryNotice): void =>
      measures.outcome({
        event: eventName(outcome.topic),
        outcome: name === 'delivery:superseded' ? 'superseded' : outcome.outcome,
        status: statusClass(outcome.status),
        seconds: outcome.number > 0 ? outcome.durationMs / 1_000 : null,
      });
    events.on(name, listener);
    stops.push(() => events.off(name, listener));
  }
  for (const name of healthNotices) {
    const listener = ({ subscription }: HealthNotice): void => measures.health(subscription.health);
    events.on(name, listener);
    stops.push(() => events.off(name, listener));
  }
  for (const name of replayNotices) {
    const listener = ({ replay }: ReplayNotice): void => measures.replay(replay.state);
    events.on(name, listener);
    stops.push(() => events.off(name, listener));
  }
  return () => {
    for (const stop of stops) stop();
  };
}

/** How many deliveries are in this process's memory, over all lanes. */
export function inMemory(lanes: readonly LaneState[]): { readonly waiting: number; readonly inFlight: number } {
  let waiting = 0;
  let inFlight = 0;
  for (const lane of lanes) {
    waiting += lane.waiting;
    inFlight += lane.inFlight;
  }
  return { waiting, inFlight };
}
