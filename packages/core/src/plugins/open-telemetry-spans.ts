import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Span,
  type SpanContext,
  type Tracer,
} from '@opentelemetry/api';
import QuickLRU from 'quick-lru';
import { messageOf } from '../errors.ts';
import type { StoredEvent } from '../model/event.ts';
import type { Outcome } from '../model/outcome.ts';
import type { EmittedContext, OutcomeContext, RequestContext } from '../plugin.ts';
import { errorCode, eventName } from './measure.ts';
import { fromMetadata, toMetadata, traceparentOf } from './open-telemetry-context.ts';

/** How attempts are told of in traces: as part of the trace of their emit, or in traces of their own. */
export type AttemptTraces = 'child' | 'linked';

/** Makes the spans of one engine. What an SDK throws in here comes out: the plugin keeps it from the engine. */
export interface Spans {
  /** Begins the span of an emit, under the one that is active in the host; answers what to keep beside the event. */
  readonly emit: (event: StoredEvent) => Readonly<Record<string, string>> | undefined;
  readonly emitted: (emitted: EmittedContext) => void;
  /** Begins the span of an attempt; answers its `traceparent`, undefined for no real span. */
  readonly request: (request: RequestContext) => string | undefined;
  readonly outcome: (outcome: OutcomeContext) => void;
  readonly superseded: (outcome: Outcome) => void;
}

/** Attempts that are remembered until it is told whether their outcome was stored: the largest group that is. */
const rememberedAttempts = 1_000;

/** Makes what makes the spans of one engine. */
export function spans(tracer: Tracer, traces: AttemptTraces): Spans {
  const emits = new Map<string, Span>();
  const attempts = new Map<string, Span>();
  const ended = new QuickLRU<string, SpanContext>({ maxSize: rememberedAttempts });

  function startAttempt(
    attempt: Pick<RequestContext, 'deliveryId' | 'event' | 'subscription' | 'startedAt'>,
    kind: SpanKind,
  ): Span {
    const emit = fromMetadata(attempt.event.metadata);
    const { id: subscriptionId, accountId } = attempt.subscription;
    const attributes: Attributes = {
      ...messaging('attempt', 'send', attempt.event.topic),
      'messaging.message.id': attempt.deliveryId,
      'messaging.message.conversation_id': attempt.event.id,
      'hookwell.account.id': accountId,
      'hookwell.subscription.id': subscriptionId,
    };
    // Never what the loop happens to run in, which is the context of whoever woke it.
    const parent: Context = emit && traces === 'child' ? trace.setSpanContext(ROOT_CONTEXT, emit) : ROOT_CONTEXT;
    const name = `attempt ${eventName(attempt.event.topic)}`;
    const links = emit ? [{ context: emit }] : [];
    return tracer.startSpan(name, { kind, attributes, links, startTime: attempt.startedAt }, parent);
  }

  return {
    emit(event) {
      const span = tracer.startSpan(`emit ${eventName(event.topic)}`, {
        kind: SpanKind.PRODUCER,
        attributes: {
          ...messaging('emit', 'create', event.topic),
          'messaging.message.id': event.id,
          'hookwell.account.id': event.accountId,
          'hookwell.object_type.id': event.objectType,
        },
      });
      emits.set(event.id, span);
      return toMetadata(span.spanContext());
    },

    emitted({ event, stored, deliveries, duplicate, within, error }) {
      const span = event && emits.get(event.id);
      if (!span) return;
      emits.delete(event.id);
      span.setAttributes({ 'hookwell.deliveries': deliveries, 'hookwell.duplicate': duplicate, 'hookwell.within': within });
      if (error !== null) {
        span.setAttribute('error.type', errorCode(error));
        span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
      } else if (stored && duplicate) {
        span.setAttribute('hookwell.stored_event.id', stored.id);
        const first = fromMetadata(stored.metadata);
        if (first) span.addLink({ context: first });
      }
      span.end();
    },

    request(request) {
      const span = startAttempt(request, SpanKind.CLIENT);
      attempts.set(keyOf(request), span);
      // Most spans are not recorded where few are sampled, and need none of this.
      if (span.isRecording()) {
        span.setAttributes({
          ...serverOf(request.subscription.url),
          'messaging.message.body.size': Buffer.byteLength(request.body),
          'hookwell.attempt': request.attempt,
          ...(request.attempt > 1 ? { 'http.request.resend_count': request.attempt - 1 } : {}),
        });
      }
      const context = span.spanContext();
      return trace.isSpanContextValid(context) ? traceparentOf(context) : undefined;
    },

    outcome({ subscription, event, outcome, result }) {
      const key = keyOf(outcome);
      const { deliveryId, fence, startedAt, durationMs, status, reason } = outcome;
      const begun = attempts.get(key);
      attempts.delete(key);
      // Nothing was sent of what has no span yet: its subscription had ended, or it was not to be sent or could not.
      const span = begun ?? (event && startAttempt({ deliveryId, event, subscription, startedAt }, SpanKind.INTERNAL));
      if (!span) return;
      span.setAttributes({
        'hookwell.outcome': outcome.outcome,
        ...(reason === '' ? {} : { 'hookwell.reason': reason }),
        ...(status > 0 ? { 'http.response.status_code': status } : {}),
        ...(outcome.retryInMs === null ? {} : { 'hookwell.retry_in_ms': outcome.retryInMs }),
      });
      if (outcome.outcome === 'retry' || outcome.outcome === 'failed') {
        const type = status > 0 ? String(status) : result?.ok === false ? result.fault : 'not_sent';
        span.setAttribute('error.type', type);
        span.setStatus({ code: SpanStatusCode.ERROR, message: reason });
      }
      ended.set(leaseOf(deliveryId, fence), span.spanContext());
      span.end(startedAt + durationMs);
    },

    superseded({ deliveryId, fence, topic }) {
      const attempt = ended.get(leaseOf(deliveryId, fence));
      if (!attempt) return;
      const attributes = { ...messaging('supersede', 'settle', topic), 'messaging.message.id': deliveryId };
      const parent = trace.setSpanContext(ROOT_CONTEXT, attempt);
      const span = tracer.startSpan(`supersede ${eventName(topic)}`, { kind: SpanKind.INTERNAL, attributes }, parent);
      span.setStatus({ code: SpanStatusCode.ERROR, message: 'its lease had run out and another process had taken it over' });
      span.end();
    },
  };
}

function messaging(operation: string, type: 'create' | 'send' | 'settle', topic: string): Attributes {
  return {
    'messaging.system.name': 'hookwell',
    'messaging.operation.name': operation,
    'messaging.operation.type': type,
    'messaging.destination.name': topic,
    'messaging.destination.template': eventName(topic),
  };
}

/** The same delivery is sent once at a time, by one process; and when it was not, at another instant. */
function keyOf({ deliveryId, startedAt }: Pick<Outcome, 'deliveryId' | 'startedAt'>): string {
  return `${deliveryId} ${startedAt}`;
}

function leaseOf(deliveryId: string, fence: string): string {
  return `${deliveryId} ${fence}`;
}

/** Where a request goes, without its path and query, which may be somebody's secret. */
function serverOf(url: string): Attributes {
  if (!URL.canParse(url)) return {};
  const { protocol, hostname, port } = new URL(url);
  const isHttp = protocol === 'http:' || protocol === 'https:';
  return {
    'server.address': hostname,
    ...(isHttp ? { 'server.port': Number(port || (protocol === 'http:' ? 80 : 443)), 'http.request.method': 'POST' } : {}),
  };
}
