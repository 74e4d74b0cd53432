import {
  context,
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type SpanContext,
  type TracerProvider,
} from '@opentelemetry/api';
import { TracerProvider as SdkProvider, type ReadableSpan, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { memoryStorage } from '@hookwell/adapters/memory';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import { openTelemetry } from '@hookwell/core/opentelemetry';
import test from 'ava';
import {
  delivered,
  failed,
  mary,
  noon,
  scriptedTransport,
  slowTransport,
  startByHand,
  startForReal,
  startReceiver,
  temporaryFile,
  toldAs,
} from './engine-fixture.ts';
import { startCrm, startTracing, tree } from './traces-fixture.ts';

const emission = { accountId: 7, objectType: 0, record: mary } as const;

const milliseconds = ([seconds, nanoseconds]: ReadableSpan['startTime'] = [0, 0]): number => seconds * 1_000 + nanoseconds / 1e6;

const kinds = [
  {
    name: 'memory',
    place: () => {
      const storage = memoryStorage();
      return () => storage;
    },
  },
  {
    name: 'sqlite',
    place: (t: Parameters<typeof temporaryFile>[0]) => {
      const filename = temporaryFile(t);
      return () => sqliteStorage({ filename });
    },
  },
];

for (const { name, place } of kinds) {
  test(`${name}: one trace leads from the host's request through emit to each attempt, that of a later engine included`, async (t) => {
    const receiver = await startReceiver(t, ({ path }) => (path === '/bad?key=secret' ? 503 : 200));
    const open = place(t);
    const before = startTracing();
    const first = await startByHand(t, open(), { plugins: [openTelemetry({ tracerProvider: before.tracerProvider })] });
    const crm = await startCrm(t, before.tracerProvider.getTracer('crm'), first.engine);
    const good = await first.engine.subscriptions.create({ accountId: 7, url: receiver.url('/good'), topic: 'sub_tag(3)' });
    const bad = await first.engine.subscriptions.create({
      accountId: 7,
      url: receiver.url('/bad?key=secret'),
      topic: 'sub_tag(3)',
    });
    await crm.post('/contacts/8/tags/3');
    await first.engine.deliverDue();
    await crm.close();
    t.deepEqual(tree(before.spans()), [
      'POST /contacts/8/tags/3',
      'POST /contacts/8/tags/3 > emit sub_tag',
      'emit sub_tag > attempt sub_tag',
      'emit sub_tag > attempt sub_tag',
    ]);

    // A process that has nothing of the first but its storage.
    await first.engine.stop();
    const after = startTracing();
    const second = await startByHand(t, open(), { plugins: [openTelemetry({ tracerProvider: after.tracerProvider })] });
    receiver.answer = () => 200;
    second.clock.move(5_500);
    await second.engine.deliverDue();

    const [emit] = before.spans('emit sub_tag');
    const emitContext = emit?.spanContext();
    const [event] = (await second.engine.deliveries.attempts(7)).rows;
    const attempts = [...before.spans('attempt sub_tag'), ...after.spans('attempt sub_tag')];
    t.is(attempts.length, 3);
    t.is(after.spans().length, 1);
    for (const attempt of attempts) {
      t.is(attempt.kind, SpanKind.CLIENT);
      t.is(attempt.spanContext().traceId, emitContext?.traceId as string);
      t.is(attempt.parentSpanContext?.spanId, emitContext?.spanId);
      t.deepEqual(
        attempt.links.map((link) => [link.context.traceId, link.context.spanId]),
        [[emitContext?.traceId, emitContext?.spanId]],
      );
      t.is(attempt.attributes['messaging.message.conversation_id'], event?.eventId);
      t.false(JSON.stringify(attempt.attributes).includes('secret'), 'a query may be a secret');
    }
    t.like(emit, { kind: SpanKind.PRODUCER, status: { code: SpanStatusCode.UNSET } });
    t.like(emit?.attributes, {
      'messaging.system.name': 'hookwell',
      'messaging.operation.name': 'emit',
      'messaging.operation.type': 'create',
      'messaging.destination.name': 'sub_tag(3)',
      'messaging.destination.template': 'sub_tag',
      'messaging.message.id': event?.eventId,
      'hookwell.account.id': '7',
      'hookwell.deliveries': 2,
      'hookwell.duplicate': false,
      'hookwell.within': false,
    });
    const bySubscription = (id: number) => attempts.filter(({ attributes }) => attributes['hookwell.subscription.id'] === id);
    const [accepted] = bySubscription(good.id);
    t.like(accepted?.attributes, {
      'messaging.operation.name': 'attempt',
      'messaging.operation.type': 'send',
      'server.address': '127.0.0.1',
      'http.response.status_code': 200,
      'hookwell.attempt': 1,
      'hookwell.outcome': 'delivered',
    });
    t.is(accepted?.status.code, SpanStatusCode.UNSET);
    const [refused, retried] = bySubscription(bad.id);
    t.deepEqual(refused?.status, { code: SpanStatusCode.ERROR, message: 'HTTP 503' });
    t.like(refused?.attributes, {
      'error.type': '503',
      'http.response.status_code': 503,
      'hookwell.outcome': 'retry',
      'hookwell.retry_in_ms': 5_000,
    });
    t.like(retried?.attributes, { 'hookwell.attempt': 2, 'http.request.resend_count': 1, 'hookwell.outcome': 'delivered' });
    t.is(refused?.attributes['messaging.message.id'], retried?.attributes['messaging.message.id']);
    t.is(milliseconds(refused?.startTime), noon);
    t.is(milliseconds(retried?.startTime), noon + 5_500);
    t.deepEqual(
      receiver.arrived.flatMap(({ headers }) => headers['traceparent'] ?? []),
      [],
    );
  });
}

test('attempts in traces of their own link to their emit, and are not below whoever happens to wake the engine, or has made it', async (t) => {
  const { tracerProvider, spans } = startTracing();
  const { engine } = await tracerProvider.getTracer('crm').startActiveSpan('boot', async (span) => {
    const running = await startByHand(t, memoryStorage(), {
      transports: [scriptedTransport()],
      plugins: [openTelemetry({ tracerProvider, attempts: 'linked' })],
    });
    span.end();
    return running;
  });
  await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
  await engine.emit('sub_tag(3)', emission);
  await tracerProvider.getTracer('crm').startActiveSpan('GET /unrelated', async (span) => {
    await engine.deliverDue();
    span.end();
  });
  const [emit] = spans('emit sub_tag');
  const [attempt] = spans('attempt sub_tag');
  t.is(attempt?.parentSpanContext, undefined);
  t.not(attempt?.spanContext().traceId, emit?.spanContext().traceId);
  t.is(attempt?.links[0]?.context.spanId, emit?.spanContext().spanId);
});

test('an engine that delivers by itself, from memory, has the same trace', async (t) => {
  const { tracerProvider, spans } = startTracing();
  const { engine } = await startForReal(t, memoryStorage(), {
    transports: [scriptedTransport()],
    plugins: [openTelemetry({ tracerProvider })],
  });
  await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
  const crm = await startCrm(t, tracerProvider.getTracer('crm'), engine);
  const delivering = new Promise((resolve) => engine.events.once('delivery:delivered', resolve));
  await crm.post('/contacts/8/tags/3');
  await delivering;
  t.deepEqual(tree(spans()), [
    'POST /contacts/8/tags/3',
    'POST /contacts/8/tags/3 > emit sub_tag',
    'emit sub_tag > attempt sub_tag',
  ]);
});

test('what another tool has put into the trace state travels with the event, and what nobody can read does no harm', async (t) => {
  const { tracerProvider, spans } = startTracing();
  const tracer = tracerProvider.getTracer('crm');
  const seen: Readonly<Record<string, string>>[] = [];
  const { engine } = await startByHand(t, memoryStorage(), {
    transports: [scriptedTransport()],
    plugins: [
      openTelemetry({ tracerProvider }),
      {
        name: 'spoiler',
        emit({ metadata, record }) {
          seen.push(metadata);
          return record['id'] === 9 ? { traceparent: '00-nonsense' } : undefined;
        },
      },
    ],
  });
  await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
  const remote: SpanContext = {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
    traceFlags: TraceFlags.SAMPLED,
    traceState: createTraceState('vendor=1'),
  };
  await context.with(trace.setSpanContext(ROOT_CONTEXT, remote), async () =>
    tracer.startActiveSpan('POST /', async (span) => {
      await engine.emit('sub_tag(3)', emission);
      span.end();
    }),
  );
  await engine.emit('sub_tag(3)', { ...emission, record: { ...mary, id: 9 } });
  t.like(await engine.deliverDue(), { delivered: 2 });
  t.regex(seen[0]?.['traceparent'] ?? '', /^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
  t.is(seen[0]?.['tracestate'], 'vendor=1');
  const [kept, spoilt] = spans('attempt sub_tag');
  t.is(kept?.spanContext().traceState?.serialize(), 'vendor=1');
  t.deepEqual([spoilt?.links, spoilt?.parentSpanContext], [[], undefined]);
});

test('with propagate a receiver gets the traceparent of its own attempt, a different one each time', async (t) => {
  const { tracerProvider, spans } = startTracing();
  const receiver = await startReceiver(t, () => (receiver.arrived.length === 1 ? 500 : 200));
  const { engine, clock } = await startByHand(t, memoryStorage(), {
    plugins: [openTelemetry({ tracerProvider, propagate: true })],
  });
  await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
  await engine.emit('sub_tag(3)', emission);
  await engine.deliverDue();
  clock.move(6_000);
  await engine.deliverDue();
  const sent = spans('attempt sub_tag').map((span) => `00-${span.spanContext().traceId}-${span.spanContext().spanId}-01`);
  t.is(new Set(sent).size, 2);
  t.deepEqual(
    receiver.arrived.map(({ headers }) => headers['traceparent']),
    sent,
  );
});

test('the span of a duplicate says so and links to the emit that stands; that of a refused emit has its error', async (t) => {
  const { tracerProvider, spans } = startTracing();
  const { engine } = await startByHand(t, memoryStorage(), {
    transports: [scriptedTransport()],
    plugins: [
      openTelemetry({ tracerProvider }),
      {
        name: 'closed',
        emit({ accountId }) {
          if (accountId === '9') throw new Error('the account is closed');
        },
      },
    ],
  });
  const { id } = await engine.emit('sub_tag(3)', { ...emission, idempotencyKey: 'once' });
  await engine.emit('sub_tag(3)', { ...emission, idempotencyKey: 'once' });
  await t.throwsAsync(async () => engine.emit('sub_tag(3)', { ...emission, accountId: 9 }));
  await t.throwsAsync(async () => engine.emit('sub_tag(4)', { ...emission, idempotencyKey: 'once' }));
  const [first, second, refused, conflict] = spans('emit sub_tag');
  t.like(second?.attributes, { 'hookwell.duplicate': true, 'hookwell.deliveries': 0, 'hookwell.stored_event.id': id });
  t.not(second?.attributes['messaging.message.id'], id);
  t.deepEqual(
    second?.links.map((link) => link.context.spanId),
    [first?.spanContext().spanId],
  );
  t.deepEqual(refused?.status, { code: SpanStatusCode.ERROR, message: 'the account is closed' });
  t.is(refused?.attributes['error.type'], 'other');
  t.is(conflict?.attributes['error.type'], 'idempotency_conflict');
});

test('a request that is never made has a span of its own kind, which is an error only when something went wrong', async (t) => {
  const { tracerProvider, spans } = startTracing();
  const leaseMs = 60_000;
  const storage = memoryStorage();
  const transport = scriptedTransport(() => failed('gone', 'HTTP 410', { status: 410 }));
  const { engine, clock } = await startByHand(t, storage, {
    transports: [transport],
    plugins: [
      {
        name: 'broken',
        request({ event }) {
          if (event.topic === 'sub_tag(4)') throw new Error('no key');
          return [];
        },
      },
      openTelemetry({ tracerProvider }),
    ],
    laneConcurrency: 1,
    leaseMs,
  });
  const ends = () =>
    spans('attempt sub_tag').map(({ kind, status, attributes }) => [
      SpanKind[kind],
      attributes['hookwell.outcome'],
      attributes['error.type'] ?? null,
      status.code === SpanStatusCode.ERROR,
    ]);
  for (const topic of ['sub_tag(3)', 'sub_tag(4)', 'sub_tag(5)'])
    await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic });

  await engine.emit('sub_tag(3)', emission);
  await engine.emit('sub_tag(3)', emission);
  await engine.deliverDue();
  const cancelled = [
    ['CLIENT', 'failed', '410', true],
    ['INTERNAL', 'cancelled', null, false],
  ];
  t.deepEqual(ends(), cancelled);
  await engine.emit('sub_tag(4)', emission);
  await engine.deliverDue();
  const unmade = ['INTERNAL', 'retry', 'not_sent', true];
  t.deepEqual(ends(), [...cancelled, unmade]);
  t.is(spans().at(-1)?.status.message, 'internal_error: no key');
  await engine.emit('sub_tag(5)', emission);
  for (let killed = 0; killed < 5; killed += 1) {
    await storage.claimDeliveries({ fence: `f${killed}`, leaseMs, limit: 9, perLane: 9, lanes: new Map(), after: 0 });
    clock.move(leaseMs);
  }
  await engine.deliverDue();
  t.like(
    spans('attempt sub_tag').find(({ attributes }) => attributes['messaging.destination.name'] === 'sub_tag(5)'),
    {
      kind: SpanKind.INTERNAL,
      status: { code: SpanStatusCode.ERROR, message: 'quarantined: 5 times its sender ended without an outcome' },
      attributes: { 'hookwell.outcome': 'failed', 'error.type': 'not_sent' },
    },
  );
});

test('an attempt whose delivery another process had taken over has a span below it that says so', async (t) => {
  const { tracerProvider, spans } = startTracing();
  const filename = temporaryFile(t);
  const slow = slowTransport();
  const first = await startByHand(t, sqliteStorage({ filename }), {
    transports: [slow.transport],
    plugins: [openTelemetry({ tracerProvider })],
  });
  const { now, monotonicNow } = first.clock;
  const second = await startByHand(t, sqliteStorage({ filename }), { transports: [scriptedTransport()], now, monotonicNow });
  await first.engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
  await first.engine.emit('sub_tag(3)', emission);
  const delivering = first.engine.deliverDue();
  await slow.sent(1);
  first.clock.move(60_000);
  t.like(await second.engine.deliverDue(), { delivered: 1 });
  slow.answers[0]?.(delivered);
  await delivering;
  t.deepEqual(tree(spans()), ['attempt sub_tag > supersede sub_tag', 'emit sub_tag', 'emit sub_tag > attempt sub_tag']);
  t.is(spans('supersede sub_tag')[0]?.status.code, SpanStatusCode.ERROR);
});

const raise = (): never => {
  throw new Error('the exporter is broken');
};
const brokenSdks: Readonly<Record<string, { readonly tracerProvider: TracerProvider; readonly errors: number }>> = {
  // At emit, before the request, and after it.
  'a tracer': { tracerProvider: { getTracer: () => ({ startSpan: raise, startActiveSpan: raise }) }, errors: 3 },
  // As each of the two spans begins, which then is not there to end.
  'a processor': { tracerProvider: new SdkProvider({ spanProcessors: [brokenProcessor(raise, () => undefined)] }), errors: 3 },
  // As each of the two spans ends.
  'an exporter': { tracerProvider: new SdkProvider({ spanProcessors: [brokenProcessor(() => undefined, raise)] }), errors: 2 },
};

function brokenProcessor(onStart: () => void, onEnd: () => void): SpanProcessor {
  return { onStart, onEnd, forceFlush: async () => undefined, shutdown: async () => undefined };
}

for (const [what, { tracerProvider, errors }] of Object.entries(brokenSdks)) {
  test(`${what} that throws stops neither emits nor deliveries, and is reported`, async (t) => {
    const { engine, told } = await startByHand(t, memoryStorage(), {
      transports: [scriptedTransport()],
      plugins: [openTelemetry({ tracerProvider, propagate: true })],
    });
    await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
    t.like(await engine.emit('sub_tag(3)', emission), { deliveries: 1 });
    t.like(await engine.deliverDue(), { delivered: 1 });
    t.deepEqual(
      toldAs(told, 'error').map(({ message }) => message),
      Array.from({ length: errors }, () => 'the exporter is broken'),
    );
  });
}
