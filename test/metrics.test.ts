import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { memoryStorage } from '@hookwell/adapters/memory';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import { openTelemetry } from '@hookwell/core/opentelemetry';
import { prometheus } from '@hookwell/core/prometheus';
import test from 'ava';
import Database from 'better-sqlite3';
import { Registry } from 'prom-client';
import {
  delivered,
  failed,
  mary,
  scriptedTransport,
  slowTransport,
  startByHand,
  startForReal,
  temporaryFile,
  toldAs,
} from './engine-fixture.ts';
import { startScraped } from './metrics-fixture.ts';

const emission = { accountId: 7, objectType: 0, record: mary } as const;
const wish = { accountId: 7, url: 'script:x', topic: 'sub_tag(3)' } as const;

test('Prometheus reads how emits ended and what attempts led to', async (t) => {
  const plugin = prometheus();
  const statuses = [503, 200, 410];
  const transport = scriptedTransport(() => {
    const status = statuses.shift() ?? 200;
    const fault = status === 410 ? 'gone' : 'endpoint';
    return status === 200 ? delivered : failed(fault, `HTTP ${status}`, { status });
  });
  const database = new Database(temporaryFile(t));
  t.teardown(() => database.close());
  const { engine, clock } = await startByHand(t, sqliteStorage({ database }), {
    transports: [transport],
    plugins: [plugin],
    laneConcurrency: 1,
  });
  const scrape = await startScraped(t, engine, plugin.registry);
  await engine.subscriptions.create(wish);
  await engine.emit('sub_tag(3)', { ...emission, idempotencyKey: 'once' });
  await engine.emit('sub_tag(3)', { ...emission, idempotencyKey: 'once' });
  await engine.emit('object_create(0)', emission);
  await t.throwsAsync(engine.emit('sub_tag(-3)', emission));
  await t.throwsAsync(engine.emit('sub_tag(4)', { ...emission, idempotencyKey: 'once' }));
  await engine.deliverDue();
  clock.move(6_000);
  await engine.deliverDue();
  database.exec('begin');
  await engine.emit('sub_tag(3)', emission, { within: database });
  database.exec('commit');
  await engine.emit('sub_tag(3)', emission);
  await engine.deliverDue();

  const seen = await scrape();
  const events = (event: string, result: string) => seen.value('hookwell_events_total', { event, result });
  t.deepEqual(
    [events('sub_tag', 'stored'), events('sub_tag', 'duplicate'), events('sub_tag', 'within'), events('sub_tag', 'refused')],
    [2, 1, 1, 1],
  );
  t.is(events('object_create', 'stored'), 1);
  t.is(events('-', 'refused'), 1, 'refused before there was an event');
  t.is(seen.value('hookwell_refused_emits_total', { code: 'invalid_topic' }), 1);
  t.is(seen.value('hookwell_refused_emits_total', { code: 'idempotency_conflict' }), 1);
  t.is(seen.count('hookwell_emit_duration_seconds', { event: 'sub_tag' }), 4);

  const outcomes = (outcome: string, status: string) =>
    seen.value('hookwell_outcomes_total', { event: 'sub_tag', outcome, status });
  t.deepEqual(
    [outcomes('retry', '5xx'), outcomes('delivered', '2xx'), outcomes('failed', '4xx'), outcomes('cancelled', 'none')],
    [1, 1, 1, 1],
  );
  const attempts = (outcome: string) => seen.count('hookwell_attempt_duration_seconds', { event: 'sub_tag', outcome });
  t.deepEqual([attempts('retry'), attempts('delivered'), attempts('failed'), attempts('cancelled')], [1, 1, 1, undefined]);
  const health = (state: string) => seen.value('hookwell_health_changes_total', { health: state });
  t.deepEqual([health('failing'), health('healthy'), health('unsubscribed')], [1, 1, 1]);
  t.is(seen.value('hookwell_deliveries_in_flight'), 0);
});

test('an attempt that another process has superseded is counted as that, and not as what it led to', async (t) => {
  const plugin = prometheus();
  const filename = temporaryFile(t);
  const slow = slowTransport();
  const first = await startByHand(t, sqliteStorage({ filename }), { transports: [slow.transport], plugins: [plugin] });
  const { now, monotonicNow } = first.clock;
  const second = await startByHand(t, sqliteStorage({ filename }), { transports: [scriptedTransport()], now, monotonicNow });
  await first.engine.subscriptions.create(wish);
  await first.engine.emit('sub_tag(3)', emission);
  const delivering = first.engine.deliverDue();
  await slow.sent(1);
  first.clock.move(60_000);
  await second.engine.deliverDue();
  slow.answers[0]?.(delivered);
  await delivering;
  const { values } = await (
    plugin.registry.getSingleMetric('hookwell_outcomes_total') as never as { get(): Promise<{ values: unknown }> }
  ).get();
  t.deepEqual(values, [{ value: 1, labels: { event: 'sub_tag', outcome: 'superseded', status: '2xx' } }]);
});

test('what is in flight and in memory is what it is at that moment', async (t) => {
  const plugin = prometheus();
  let answer = (): void => undefined;
  const answered = new Promise<typeof delivered>((resolve) => {
    answer = () => resolve(delivered);
  });
  const transport = scriptedTransport(async () => answered);
  const { engine } = await startForReal(t, memoryStorage(), {
    transports: [transport],
    plugins: [plugin],
    laneConcurrency: 2,
  });
  // The engine waits for them when it is stopped.
  t.teardown(answer);
  const scrape = await startScraped(t, engine, plugin.registry);
  await engine.subscriptions.create(wish);
  for (let index = 0; index < 5; index += 1) await engine.emit('sub_tag(3)', emission);
  while (transport.sent.length < 2) await new Promise(setImmediate);
  const seen = await scrape();
  t.is(seen.value('hookwell_deliveries_in_flight'), 2);
  t.is(seen.value('hookwell_deliveries_waiting'), 2, 'the fifth waits in the storage');
});

test('there are as many series for a thousand accounts, subscriptions and topics as for one', async (t) => {
  const plugin = prometheus();
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  t.teardown(async () => meterProvider.shutdown());
  const { engine } = await startByHand(t, memoryStorage(), {
    transports: [scriptedTransport()],
    plugins: [plugin, openTelemetry({ meterProvider })],
  });
  const scrape = await startScraped(t, engine, plugin.registry);
  const round = async (index: number): Promise<void> => {
    const topic = `sub_tag(${index})` as const;
    await engine.subscriptions.create({ accountId: index, url: `script:${index}`, topic });
    await engine.emit(topic, { ...emission, accountId: index });
  };
  const points = async (): Promise<number> => {
    exporter.reset();
    await reader.forceFlush();
    return exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics)
      .flatMap(({ metrics }) => metrics)
      .reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
  };
  await round(1);
  await engine.deliverDue();
  const before = [(await scrape()).series(), await points()];
  for (let index = 2; index <= 1_000; index += 1) await round(index);
  t.like(await engine.deliverDue(), { delivered: 999 });
  const after = await scrape();
  t.is(after.value('hookwell_outcomes_total', { event: 'sub_tag', outcome: 'delivered', status: '2xx' }), 1_000);
  t.deepEqual([after.series(), await points()], before);
});

test('OpenTelemetry measures the same through its own API, by the names of its conventions', async (t) => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meterProvider = new MeterProvider({ readers: [reader] });
  t.teardown(async () => meterProvider.shutdown());
  const transport = scriptedTransport(() => failed('endpoint', 'HTTP 500', { status: 500 }));
  const { engine, clock } = await startByHand(t, memoryStorage(), {
    transports: [transport],
    plugins: [openTelemetry({ meterProvider })],
  });
  await engine.subscriptions.create(wish);
  await engine.emit('sub_tag(3)', emission);
  await engine.deliverDue();
  transport.result = () => delivered;
  clock.move(6_000);
  await engine.deliverDue();
  await engine.replays.create(7, {});
  await engine.deliverDue();
  await reader.forceFlush();
  const measured = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics }) => metrics);
  const points = (name: string) =>
    measured
      .find(({ descriptor }) => descriptor.name === name)
      ?.dataPoints.map(({ attributes, value }) => [attributes, typeof value === 'number' ? value : value.count]);
  const event = { 'messaging.destination.template': 'sub_tag' };
  const operation = { 'messaging.system.name': 'hookwell', ...event };
  const attempt = { ...operation, 'messaging.operation.name': 'attempt', 'messaging.operation.type': 'send' };
  t.deepEqual(points('messaging.client.operation.duration'), [
    [{ ...operation, 'messaging.operation.name': 'emit', 'messaging.operation.type': 'create' }, 1],
    [{ ...attempt, 'error.type': '5xx' }, 1],
    [attempt, 1],
  ]);
  t.deepEqual(points('messaging.client.sent.messages'), [
    [{ ...attempt, 'error.type': '5xx' }, 1],
    [attempt, 1],
  ]);
  t.deepEqual(points('hookwell.events'), [[{ ...event, 'hookwell.result': 'stored' }, 1]]);
  t.deepEqual(points('hookwell.outcomes'), [
    [{ ...event, 'hookwell.outcome': 'retry', 'hookwell.status_class': '5xx' }, 1],
    [{ ...event, 'hookwell.outcome': 'delivered', 'hookwell.status_class': '2xx' }, 1],
  ]);
  t.deepEqual(points('hookwell.health_changes'), [
    [{ 'hookwell.health': 'failing' }, 1],
    [{ 'hookwell.health': 'healthy' }, 1],
  ]);
  t.deepEqual(points('hookwell.replays'), [[{ 'hookwell.replay_state': 'done' }, 1]]);
  t.deepEqual(points('hookwell.deliveries.in_flight'), [[{}, 0]]);
});

test('replays that have ended are counted by how they did', async (t) => {
  const plugin = prometheus();
  const { engine } = await startByHand(t, memoryStorage(), { transports: [scriptedTransport()], plugins: [plugin] });
  const scrape = await startScraped(t, engine, plugin.registry);
  await engine.replays.create(7, {});
  await engine.deliverDue();
  const { id } = await engine.replays.create(7, {});
  await engine.replays.cancel(7, id);
  const seen = await scrape();
  const replays = (state: string) => seen.value('hookwell_replays_total', { state });
  t.deepEqual([replays('done'), replays('cancelled'), replays('failed')], [1, 1, undefined]);
});

test('metrics that throw stop neither emits nor deliveries, and are reported', async (t) => {
  const plugin = prometheus();
  const { engine, told } = await startByHand(t, memoryStorage(), { transports: [scriptedTransport()], plugins: [plugin] });
  await engine.subscriptions.create(wish);
  for (const name of ['hookwell_events_total', 'hookwell_outcomes_total']) {
    const metric = plugin.registry.getSingleMetric(name) as unknown as { inc: () => never };
    metric.inc = () => {
      throw new Error(`${name} is broken`);
    };
  }
  t.like(await engine.emit('sub_tag(3)', emission), { deliveries: 1 });
  t.like(await engine.deliverDue(), { delivered: 1 });
  t.deepEqual(
    toldAs(told, 'error').map(({ message }) => message),
    ['hookwell_events_total is broken', 'hookwell_outcomes_total is broken'],
  );
});

test('two engines share a registry under prefixes of their own, and under one only by mistake', (t) => {
  const registry = new Registry();
  t.is(prometheus({ registry, prefix: 'a_' }).registry, registry);
  t.notThrows(() => prometheus({ registry, prefix: 'b_' }));
  t.throws(() => prometheus({ registry, prefix: 'a_' }), {
    code: 'invalid_option',
    message: /"prefix" or a registry of its own/,
  });
  t.throws(() => prometheus({ prefix: '1-' }), { code: 'invalid_option', message: /option "prefix" is "1-"/ });
  t.throws(() => prometheus({ prefixes: 'a_' } as never), { code: 'invalid_option', message: /Did you mean "prefix"/ });
});
