import type { AddressInfo } from 'node:net';
import { context, SpanKind, type Tracer } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Engine } from '@hookwell/core';
import type { ExecutionContext } from 'ava';
import express from 'express';
import { mary, type EventName } from './engine-fixture.ts';

// What a host's SDK does once in its process: without it no span is active anywhere.
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

/** A tracing SDK of its own, as one process has it, whose spans a test can read. */
export function startTracing() {
  const exporter = new InMemorySpanExporter();
  const tracerProvider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  return {
    tracerProvider,
    /** The spans that have ended, of that name when one is given. */
    spans: (name?: string): readonly ReadableSpan[] =>
      exporter.getFinishedSpans().filter((span) => name === undefined || span.name === name),
  };
}

/** A host on Express whose every request has a span, below which it emits an event of the contact in the path. */
export async function startCrm(t: ExecutionContext, tracer: Tracer, engine: Engine<EventName>) {
  const app = express();
  app.use((request, response, next) => {
    tracer.startActiveSpan(`${request.method} ${request.path}`, { kind: SpanKind.SERVER }, (span) => {
      response.on('finish', () => span.end());
      next();
    });
  });
  app.post('/contacts/:id/tags/:tag', async (request, response) => {
    const record = { ...mary, id: Number(request.params.id) };
    await engine.emit(`sub_tag(${Number(request.params.tag)})`, { accountId: 7, objectType: 0, record });
    response.sendStatus(204);
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const close = async (): Promise<unknown> => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  t.teardown(close);
  const { port } = server.address() as AddressInfo;
  return { post: async (path: string) => fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST' }), close };
}

/** What a test says of a span: its name, and below which one it is. */
export function tree(spans: readonly ReadableSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanContext().spanId, span]));
  return spans
    .map(({ name, parentSpanContext }) => {
      const parent = parentSpanContext && byId.get(parentSpanContext.spanId);
      return parentSpanContext === undefined ? name : `${parent?.name ?? 'somewhere else'} > ${name}`;
    })
    .toSorted();
}
