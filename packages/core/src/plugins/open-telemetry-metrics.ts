import type { Attributes, Meter, ObservableResult } from '@opentelemetry/api';
import type { EmittedContext, PluginContext } from '../plugin.ts';
import { emitResult, errorCode, eventName, inMemory, listen, noEvent } from './measure.ts';

/** The measures of one engine while it runs. */
export interface RunningMetrics {
  readonly emitted: (emitted: EmittedContext) => void;
  readonly stop: () => void;
}

/** Begins to measure an engine, with attributes that stay few however many accounts and subscriptions there are. */
export function runMetrics(meter: Meter, context: PluginContext): RunningMetrics {
  const durations = meter.createHistogram('messaging.client.operation.duration', {
    unit: 's',
    description: 'How long calls of emit and attempts took.',
    advice: { explicitBucketBoundaries: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30] },
  });
  const sent = meter.createCounter('messaging.client.sent.messages', {
    unit: '{message}',
    description: 'Attempts to send a delivery.',
  });
  const events = meter.createCounter('hookwell.events', {
    unit: '{event}',
    description: 'Calls of emit by what they came to: stored, within (a transaction of the host), duplicate or refused.',
  });
  const outcomes = meter.createCounter('hookwell.outcomes', {
    unit: '{outcome}',
    description: 'What attempts led to: delivered, retry, failed, cancelled, or superseded by another process.',
  });
  const healthChanges = meter.createCounter('hookwell.health_changes', {
    unit: '{change}',
    description: 'Changes of the health of subscriptions, by the state they changed to.',
  });
  const replays = meter.createCounter('hookwell.replays', {
    unit: '{replay}',
    description: 'Replays that have ended: done, failed or cancelled.',
  });
  const inFlight = meter.createObservableUpDownCounter('hookwell.deliveries.in_flight', {
    unit: '{delivery}',
    description: 'Requests of this process that have no answer yet.',
  });
  const waiting = meter.createObservableUpDownCounter('hookwell.deliveries.waiting', {
    unit: '{delivery}',
    description: 'Deliveries in the memory of this process that are not sent yet.',
  });

  const observeInFlight = (result: ObservableResult): void => result.observe(inMemory(context.lanes.list()).inFlight);
  const observeWaiting = (result: ObservableResult): void => result.observe(inMemory(context.lanes.list()).waiting);
  inFlight.addCallback(observeInFlight);
  waiting.addCallback(observeWaiting);

  const stopListening = listen(context, {
    outcome({ event, outcome, status, seconds }) {
      outcomes.add(1, { 'messaging.destination.template': event, 'hookwell.outcome': outcome, 'hookwell.status_class': status });
      if (seconds === null) return;
      const isError = outcome === 'retry' || outcome === 'failed';
      const attributes = operation('attempt', 'send', event, isError ? (status === 'none' ? 'no_answer' : status) : null);
      durations.record(seconds, attributes);
      sent.add(1, attributes);
    },
    health: (health) => healthChanges.add(1, { 'hookwell.health': health }),
    replay: (state) => replays.add(1, { 'hookwell.replay_state': state }),
  });

  return {
    emitted(emitted) {
      const event = emitted.event ? eventName(emitted.event.topic) : noEvent;
      const error = emitted.error === null ? null : errorCode(emitted.error);
      events.add(1, { 'messaging.destination.template': event, 'hookwell.result': emitResult(emitted) });
      durations.record(emitted.durationMs / 1_000, operation('emit', 'create', event, error));
    },
    stop() {
      stopListening();
      inFlight.removeCallback(observeInFlight);
      waiting.removeCallback(observeWaiting);
    },
  };
}

function operation(name: 'emit' | 'attempt', type: 'create' | 'send', event: string, error: string | null): Attributes {
  return {
    'messaging.system.name': 'hookwell',
    'messaging.operation.name': name,
    'messaging.operation.type': type,
    'messaging.destination.template': event,
    ...(error === null ? {} : { 'error.type': error }),
  };
}
