import { once } from 'node:events';
import { createEngine, type Engine } from '@hookwell/core';
import test from 'ava';
import { catalog, mary, scriptedTransport, sqlite, startByHand, toldAs } from './engine-fixture.ts';

const emission = { accountId: 7, objectType: 0, record: mary } as const;

/** What an asynchronous listener that fails is for its caller. */
const rejecting =
  (message: string): (() => unknown) =>
  async () => {
    throw new Error(message);
  };

test('a listener that throws is reported as an error, and neither the delivery nor another listener minds', async (t) => {
  const transport = scriptedTransport();
  const { engine, told } = await startByHand(t, sqlite.make(t), { transports: [transport] });
  const heard: string[] = [];
  engine.events.on('delivery:delivered', () => {
    throw new Error('first');
  });
  engine.events.on('delivery:delivered', () => heard.push('second'));
  engine.events.on('event:stored', rejecting('later'));
  engine.events.on('subscription:created', () => {
    throw Object.create(null);
  });
  await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
  await engine.emit('sub_tag(3)', emission);
  t.like(await engine.deliverDue(), { delivered: 1 });
  t.deepEqual(heard, ['second']);
  t.deepEqual(
    toldAs(told, 'error').map(({ message }) => message),
    ['something was thrown that has no text', 'later', 'first'],
  );
});

test('a listener that was to be called once is called once', async (t) => {
  const { engine } = await startByHand(t, sqlite.make(t), { transports: [scriptedTransport()] });
  const heard: string[] = [];
  engine.events.once('subscription:created', () => {
    heard.push('once');
    throw new Error('once');
  });
  engine.events.on('subscription:created', ({ subscription }) => heard.push(String(subscription.id)));
  for (let n = 0; n < 2; n += 1) await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
  t.deepEqual(heard, ['once', '1', '2']);
});

test('a listener may listen on, stop listening, and call the engine', async (t) => {
  const { engine } = await startByHand(t, sqlite.make(t), { transports: [scriptedTransport()] });
  const heard: string[] = [];
  const first = (): void => {
    heard.push('first');
    engine.events.off('event:stored', first);
    engine.events.on('event:stored', () => heard.push('added'));
    void engine.emit('sub_tag(4)', emission);
  };
  engine.events.on('event:stored', first);
  await engine.emit('sub_tag(3)', emission);
  await engine.deliverDue();
  t.deepEqual(heard, ['first', 'added']);
});

test.serial('errors that nobody listens for become one warning of the process', async (t) => {
  const { engine, warnings } = await quietEngine(t.title);
  for (let n = 0; n < 3; n += 1) await engine.emit('sub_tag(3)', emission);
  await engine.stop();
  // Warnings come at the next turn of the event loop.
  await new Promise(setImmediate);
  t.deepEqual(warnings, [
    'HookwellWarning: Hookwell: errors that nobody listens for become one warning of the process (listen to engine.events "error" to see all of them)',
  ]);
});

test.serial('a listener for errors that throws becomes a warning, too, and ends nothing', async (t) => {
  const { engine, warnings } = await quietEngine('stored');
  engine.events.on('error', ({ message }) => {
    throw new Error(`cannot log "${message}"`);
  });
  engine.events.on('error', rejecting('cannot send it'));
  const warned = once(process, 'warning');
  await engine.emit('sub_tag(3)', emission);
  await warned;
  await engine.stop();
  t.deepEqual(warnings, ['HookwellWarning: Hookwell: cannot log "stored" (listen to engine.events "error" to see all of them)']);
});

/** An engine without listeners for errors, whose listener for stored events throws; and the warnings since. */
async function quietEngine(message: string): Promise<{ engine: Engine; warnings: string[] }> {
  const warnings: string[] = [];
  process.on('warning', (warning) => {
    if (warning.name === 'HookwellWarning') warnings.push(String(warning));
  });
  const { memoryStorage } = await import('@hookwell/adapters/memory');
  const engine = createEngine({ storage: memoryStorage(), catalog, transports: [scriptedTransport()] });
  engine.events.on('event:stored', () => {
    throw new Error(message);
  });
  await engine.start({ deliver: false });
  return { engine: engine as Engine, warnings };
}
