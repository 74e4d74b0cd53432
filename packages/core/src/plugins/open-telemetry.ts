import { metrics, trace, type MeterProvider, type TracerProvider } from '@opentelemetry/api';
import Type, { type Static } from 'typebox';
import { definePlugin, type PluginSetup } from '../define-plugin.ts';
import type { DeliveryNotice } from '../engine-events.ts';
import type { Plugin, PluginContext } from '../plugin.ts';
import { runMetrics, type RunningMetrics } from './open-telemetry-metrics.ts';
import { spans } from './open-telemetry-spans.ts';

/** The options of `openTelemetry`: type, default and manual in one. */
export const OpenTelemetryOptionsSchema = Type.Object(
  {
    tracerProvider: Type.Optional(
      Type.Unsafe<TracerProvider>({ type: 'object', description: 'What makes spans; the global one when left out.' }),
    ),
    meterProvider: Type.Optional(
      Type.Unsafe<MeterProvider>({
        type: 'object',
        description: 'What measures; the one that is global when the engine starts, when left out.',
      }),
    ),
    attempts: Type.Union([Type.Literal('child'), Type.Literal('linked')], {
      default: 'child',
      description:
        'Where attempts are told of: `child` for the trace of their emit, `linked` for traces of their own that link to it. Retries may come days later.',
    }),
    propagate: Type.Boolean({
      default: false,
      description: 'Whether requests carry the header `traceparent`, so that receivers continue the trace.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `openTelemetry` with their defaults filled in. */
export type OpenTelemetryOptions = Readonly<Static<typeof OpenTelemetryOptionsSchema>>;

/** Who made the spans and measures. */
const scope = '@hookwell/core';

/**
 * Tells OpenTelemetry what an engine does: a span for each emit, below the one that is active in the host, and one for
 * each attempt of each of its deliveries, whichever process makes it and whenever; and measures of few attributes. What an
 * SDK throws is reported on `engine.events` as `error` and stops nothing. Takes the optional peer `@opentelemetry/api`.
 *
 * @throws {HookwellError} `invalid_option`
 * @example
 * createEngine({ …, plugins: [openTelemetry()] })
 */
export const openTelemetry: (options?: Partial<OpenTelemetryOptions>) => Plugin = definePlugin({
  name: 'open-telemetry',
  options: OpenTelemetryOptionsSchema,
  setup,
});

function setup({ tracerProvider, meterProvider, attempts, propagate }: OpenTelemetryOptions): PluginSetup {
  const { emit, emitted, request, outcome, superseded } = spans((tracerProvider ?? trace).getTracer(scope), attempts);
  let context: PluginContext | undefined;
  let measures: RunningMetrics | undefined;

  /** A trace that cannot be told of must not keep an event from being stored, nor a delivery from being sent. */
  function guarded<Answer>(call: () => Answer): Answer | undefined {
    try {
      return call();
    } catch (error) {
      context?.report(error);
      return undefined;
    }
  }

  const onSuperseded = (notice: DeliveryNotice): void => superseded(notice.outcome);

  return {
    start(started) {
      context = started;
      measures = runMetrics((meterProvider ?? metrics).getMeter(scope), started);
      started.events.on('delivery:superseded', onSuperseded);
    },

    emit: (event) => guarded(() => emit(event)),

    emitted(ended) {
      guarded(() => emitted(ended));
      measures?.emitted(ended);
    },

    request(attempt) {
      const traceparent = guarded(() => request(attempt));
      return propagate && traceparent !== undefined ? ['traceparent', traceparent] : [];
    },

    outcome,

    stop() {
      context?.events.off('delivery:superseded', onSuperseded);
      measures?.stop();
    },
  };
}
