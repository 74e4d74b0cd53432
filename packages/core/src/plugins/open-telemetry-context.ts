import { TraceFlags, createTraceState, isSpanContextValid, type SpanContext } from '@opentelemetry/api';

/** The names under which a trace is kept beside an event, as W3C Trace Context has them. */
const names = { parent: 'traceparent', state: 'tracestate' } as const;
/** What W3C asks everybody to pass on at least; longer ones are left out whole, as it allows. */
const maxStateLength = 512;
const parentForm = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** A span as a `traceparent` header has it. */
export function traceparentOf({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${traceFlags & TraceFlags.SAMPLED ? '01' : '00'}`;
}

/** What to keep beside an event, so that its attempts are known to be of this span's trace; nothing for no real span. */
export function toMetadata(context: SpanContext): Readonly<Record<string, string>> | undefined {
  if (!isSpanContextValid(context)) return undefined;
  const state = context.traceState?.serialize() ?? '';
  const kept = state === '' || state.length > maxStateLength ? {} : { [names.state]: state };
  return { [names.parent]: traceparentOf(context), ...kept };
}

/** The span that an event's metadata tells of; undefined when it tells of none, or in a way that nobody can read. */
export function fromMetadata(metadata: Readonly<Record<string, string>>): SpanContext | undefined {
  const [, traceId = '', spanId = '', flags = ''] = parentForm.exec(metadata[names.parent] ?? '') ?? [];
  const context: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
  if (!isSpanContextValid(context)) return undefined;
  const state = metadata[names.state];
  return state === undefined ? context : { ...context, traceState: createTraceState(state) };
}
