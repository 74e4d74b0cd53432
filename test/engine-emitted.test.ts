import { memoryStorage } from '@hookwell/adapters/memory';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import type { EmittedContext, Plugin, PluginContext, RequestContext } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import {
  failed,
  mary,
  scriptedTransport,
  slowTransport,
  startByHand,
  startForReal,
  temporaryFile,
  toldAs,
} from './engine-fixture.ts';

const emission = { accountId: 7, objectType: 0, record: mary } as const;

/** A plugin that writes down what its `emit` and `emitted` hooks are told. */
function watcher() {
  const begun: string[] = [];
  const ended: EmittedContext[] = [];
  const plugin: Plugin = {
    name: 'watcher',
    emit: ({ id }) => void begun.push(id),
    emitted: (emitted) => void ended.push(emitted),
  };
  return { plugin, begun, ended };
}

test('an emitted hook sees each emit end before its caller does, with the id that the emit hook saw', async (t) => {
  const { plugin, begun, ended } = watcher();
  const { engine } = await startByHand(t, memoryStorage(), { transports: [scriptedTransport()], plugins: [plugin] });
  await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
  const { id } = await engine.emit('sub_tag(3)', emission);
  t.deepEqual(begun, [id]);
  t.like(ended[0], { event: { id }, stored: { id }, deliveries: 1, duplicate: false, error: null, within: false });
  t.is(ended.length, 1);
});

test('an emitted hook sees a duplicate with both events: the one that was not stored, and the one that stands', async (t) => {
  const { plugin, begun, ended } = watcher();
  const { engine } = await startByHand(t, memoryStorage(), { transports: [scriptedTransport()], plugins: [plugin] });
  const first = await engine.emit('sub_tag(3)', { ...emission, idempotencyKey: 'once' });
  await engine.emit('sub_tag(3)', { ...emission, idempotencyKey: 'once' });
  t.like(ended[1], { event: { id: begun[1] }, stored: { id: first.id }, deliveries: 0, duplicate: true, error: null });
  t.not(begun[1], first.id);
});

test('an emitted hook sees what the caller is told of a refusal, by whomever and however early', async (t) => {
  const { plugin, begun, ended } = watcher();
  const refusing: Plugin = {
    name: 'refusing',
    emit({ accountId }) {
      if (accountId === '9') throw new TypeError('closed');
    },
  };
  const { engine } = await startByHand(t, memoryStorage(), {
    transports: [scriptedTransport()],
    plugins: [plugin, refusing],
    maxPendingEmits: 2,
  });
  const refusals: unknown[] = [];
  const refused = async (emitting: Promise<unknown>): Promise<void> => {
    refusals.push(await t.throwsAsync(emitting));
  };
  await refused(engine.emit('sub_tag(3)', { ...emission, accountId: 9 }));
  await refused(engine.emit('sub_tag(-3)', emission));
  const accepted = [engine.emit('sub_tag(3)', emission), engine.emit('sub_tag(3)', emission)];
  await refused(engine.emit('sub_tag(3)', emission));
  await Promise.all(accepted);
  const errors = ended.filter(({ error }) => error !== null);
  t.deepEqual(
    errors.map(({ error }) => error),
    refusals,
  );
  t.deepEqual(
    errors.map(({ event }) => event?.id ?? null),
    [begun[0] as string, null, null],
  );
  t.deepEqual(
    errors.map(({ stored, deliveries }) => [stored, deliveries]),
    [
      [null, 0],
      [null, 0],
      [null, 0],
    ],
  );
});

test('an emitted hook sees that an emit is part of a transaction of the host, which may yet be rolled back', async (t) => {
  const { plugin, ended } = watcher();
  const database = new Database(temporaryFile(t));
  t.teardown(() => database.close());
  const { engine } = await startByHand(t, sqliteStorage({ database }), { plugins: [plugin] });
  database.exec('begin');
  await engine.emit('sub_tag(3)', emission, { within: database });
  database.exec('rollback');
  t.like(ended, [{ within: true, duplicate: false, error: null }]);
});

test('an emitted hook that throws, at once or later, is reported and changes nothing for the caller or other plugins', async (t) => {
  const { plugin, ended } = watcher();
  const raise = (message: string): never => {
    throw new Error(message);
  };
  const rejecting: () => unknown = async () => raise('later');
  const { engine, told } = await startByHand(t, memoryStorage(), {
    transports: [scriptedTransport()],
    plugins: [{ name: 'throws', emitted: () => raise('at once') }, { name: 'rejects', emitted: rejecting }, plugin],
  });
  await engine.emit('sub_tag(3)', emission);
  await t.throwsAsync(engine.emit('sub_tag(-3)', emission), { code: 'invalid_topic' });
  await new Promise(setImmediate);
  t.is(ended.length, 2);
  t.deepEqual(
    toldAs(told, 'error').map(({ message }) => message),
    ['at once', 'later', 'at once', 'later'],
  );
});

test('a request hook is told the event and the number of the attempt', async (t) => {
  const seen: Pick<RequestContext, 'attempt' | 'event'>[] = [];
  const transport = scriptedTransport(() => failed('endpoint', 'HTTP 500', { status: 500 }));
  const { engine, clock } = await startByHand(t, memoryStorage(), {
    transports: [transport],
    plugins: [
      {
        name: 'numbers',
        request({ attempt, event }) {
          seen.push({ attempt, event });
          return [];
        },
      },
    ],
  });
  await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
  const { id } = await engine.emit('sub_tag(3)', emission);
  await engine.deliverDue();
  clock.move(5_000);
  await engine.deliverDue();
  t.deepEqual(
    seen.map(({ attempt, event }) => [attempt, event.id]),
    [
      [1, id],
      [2, id],
    ],
  );
});

/** Starts an engine with a plugin that keeps what its start hook is given. */
async function startWithContext(t: ExecutionContext, transport = scriptedTransport()) {
  const contexts: PluginContext[] = [];
  const running = await startForReal(t, memoryStorage(), {
    transports: [transport],
    plugins: [{ name: 'keeper', start: (context) => void contexts.push(context) }],
  });
  return { ...running, context: contexts[0] as PluginContext };
}

test('a start hook is given the events and the lanes of its engine', async (t) => {
  const slow = slowTransport();
  const { engine, context } = await startWithContext(t, slow.transport);
  t.is(context.events, engine.events);
  const { id } = await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
  await engine.emit('sub_tag(3)', emission);
  await slow.sent(1);
  t.like(context.lanes.list(), [{ subscriptionId: id, inFlight: 1, waiting: 0 }]);
  slow.answers[0]?.({ ok: true, status: 200, answer: '' });
});

test('what a plugin reports is told as error', async (t) => {
  const { context, told } = await startWithContext(t);
  context.report(new Error('no exporter'));
  t.deepEqual(
    toldAs(told, 'error').map(({ message }) => message),
    ['no exporter'],
  );
});
