import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import Type, { type Static } from 'typebox';
import { definePlugin, type PluginSetup } from '../define-plugin.ts';
import { HookwellError, messageOf } from '../errors.ts';
import type { EmittedContext, Plugin, PluginContext } from '../plugin.ts';
import { emitResult, errorCode, eventName, inMemory, listen, noEvent } from './measure.ts';

/** The options of `prometheus`: type, default and manual in one. */
export const PrometheusOptionsSchema = Type.Object(
  {
    registry: Type.Optional(
      Type.Unsafe<Registry>({
        type: 'object',
        description: 'Where the metrics are registered, e.g. the one that your process has already.',
      }),
    ),
    prefix: Type.String({
      default: 'hookwell_',
      pattern: '^[a-zA-Z_:][a-zA-Z0-9_:]*$',
      description: 'What the name of every metric begins with; one for each engine that shares a registry.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `prometheus` with their defaults filled in. */
export type PrometheusOptions = Readonly<Static<typeof PrometheusOptionsSchema>>;

/** The plugin `prometheus`, with what its metrics are read from. */
export interface PrometheusPlugin extends Plugin {
  readonly registry: Registry;
}

/** Emits end within a transaction of the storage, attempts at the transport's deadline of some seconds. */
const buckets = {
  emit: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
  attempt: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30],
};

/**
 * Counts and measures for Prometheus what an engine does, with labels that stay few however many accounts and
 * subscriptions there are. Outcomes are counted once they are stored. Takes the optional peer `prom-client`.
 *
 * @throws {HookwellError} `invalid_option`, also for a registry that has metrics of these names already
 * @example
 * const metrics = prometheus()
 * createEngine({ …, plugins: [metrics] })
 * app.use('/1', webhooks(engine, { …, metrics: { registry: metrics.registry } }))
 */
export const prometheus: (options?: Partial<PrometheusOptions>) => PrometheusPlugin = definePlugin({
  name: 'prometheus',
  options: PrometheusOptionsSchema,
  setup,
});

function setup({ registry = new Registry(), prefix }: PrometheusOptions): PluginSetup<Pick<PrometheusPlugin, 'registry'>> {
  // Gauges ask when they are read, so that they cost nothing in between.
  const lanesNow = (): ReturnType<typeof inMemory> => inMemory(context?.lanes.list() ?? []);
  const { events, refusals, emits, outcomes, attempts, healthChanges, replays } = register(registry, prefix, lanesNow);
  let context: PluginContext | undefined;
  let stopListening: (() => void) | undefined;

  return {
    api: { registry },

    start(started) {
      context = started;
      stopListening = listen(started, {
        outcome({ event, outcome, status, seconds }) {
          outcomes.inc({ event, outcome, status });
          if (seconds !== null) attempts.observe({ event, outcome }, seconds);
        },
        health: (health) => healthChanges.inc({ health }),
        replay: (state) => replays.inc({ state }),
      });
    },

    emitted(emitted: EmittedContext) {
      const event = emitted.event ? eventName(emitted.event.topic) : noEvent;
      events.inc({ event, result: emitResult(emitted) });
      if (emitted.error === null) emits.observe({ event }, emitted.durationMs / 1_000);
      else refusals.inc({ code: errorCode(emitted.error) });
    },

    stop() {
      stopListening?.();
      context = undefined;
    },
  };
}

function register(registry: Registry, prefix: string, lanesNow: () => ReturnType<typeof inMemory>) {
  const registers = [registry];
  try {
    return {
      events: new Counter({
        name: `${prefix}events_total`,
        help: 'Calls of emit by what they came to: stored, within (a transaction of the host), duplicate or refused.',
        labelNames: ['event', 'result'],
        registers,
      }),
      refusals: new Counter({
        name: `${prefix}refused_emits_total`,
        help: 'Calls of emit that were refused, by the code of the error.',
        labelNames: ['code'],
        registers,
      }),
      emits: new Histogram({
        name: `${prefix}emit_duration_seconds`,
        help: 'How long calls of emit took until they were stored.',
        labelNames: ['event'],
        buckets: buckets.emit,
        registers,
      }),
      outcomes: new Counter({
        name: `${prefix}outcomes_total`,
        help: 'What attempts led to: delivered, retry, failed, cancelled, or superseded by another process.',
        labelNames: ['event', 'outcome', 'status'],
        registers,
      }),
      attempts: new Histogram({
        name: `${prefix}attempt_duration_seconds`,
        help: 'How long attempts took, from composing to the end of the answer.',
        labelNames: ['event', 'outcome'],
        buckets: buckets.attempt,
        registers,
      }),
      healthChanges: new Counter({
        name: `${prefix}health_changes_total`,
        help: 'Changes of the health of subscriptions, by the state they changed to.',
        labelNames: ['health'],
        registers,
      }),
      replays: new Counter({
        name: `${prefix}replays_total`,
        help: 'Replays that have ended: done, failed or cancelled.',
        labelNames: ['state'],
        registers,
      }),
      inFlight: new Gauge({
        name: `${prefix}deliveries_in_flight`,
        help: 'Requests of this process that have no answer yet.',
        registers,
        collect() {
          this.set(lanesNow().inFlight);
        },
      }),
      waiting: new Gauge({
        name: `${prefix}deliveries_waiting`,
        help: 'Deliveries in the memory of this process that are not sent yet; what waits in the storage is not among them.',
        registers,
        collect() {
          this.set(lanesNow().waiting);
        },
      }),
    };
  } catch (error) {
    throw new HookwellError(
      'invalid_option',
      `prometheus: the registry does not take these metrics: ${messageOf(error)}. Give each engine a "prefix" or a registry of its own.`,
      { value: prefix, cause: error },
    );
  }
}
