import { createEngine, type StorageAdapter } from '@hookwell/core';
import test from 'ava';
import { catalog, makeEngine, mary, scriptedTransport, sqlite } from './engine-fixture.ts';

test('starting twice is starting once, and so is stopping', async (t) => {
  const storage = sqlite.make(t);
  const calls: string[] = [];
  const transport = scriptedTransport();
  const { engine } = makeEngine(
    t,
    {
      ...storage,
      async start(context) {
        calls.push('start');
        await storage.start(context);
      },
      async stop() {
        calls.push('stop');
        await storage.stop();
      },
    },
    {
      transports: [transport],
      plugins: [{ name: 'p', start: () => void calls.push('plugin start'), stop: () => void calls.push('plugin stop') }],
    },
  );
  await Promise.all([engine.start({ deliver: false }), engine.start({ deliver: false })]);
  await engine.start();
  await Promise.all([engine.stop(), engine.stop()]);
  await engine.stop();
  t.deepEqual(calls, ['start', 'plugin start', 'plugin stop', 'stop']);
});

test('a start that fails can be tried again; what it had started is not started twice, and is stopped', async (t) => {
  const storage = sqlite.make(t);
  const calls: string[] = [];
  let broken = true;
  const { engine } = makeEngine(
    t,
    {
      ...storage,
      async stop() {
        calls.push('storage stop');
        await storage.stop();
      },
    },
    {
      plugins: [
        { name: 'first', start: () => void calls.push('first start'), stop: () => void calls.push('first stop') },
        {
          name: 'second',
          start() {
            if (broken) throw new Error('no licence');
            calls.push('second start');
          },
          stop: () => void calls.push('second stop'),
        },
      ],
    },
  );
  await t.throwsAsync(async () => engine.start(), { message: 'no licence' });
  await t.throwsAsync(async () => engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary }), {
    code: 'not_running',
  });
  broken = false;
  await engine.start({ deliver: false });
  await engine.stop();
  t.deepEqual(calls, ['first start', 'second start', 'first stop', 'second stop', 'storage stop']);
});

test('an engine that never started, or only half, stops only what was started', async (t) => {
  const calls: string[] = [];
  const plugin = { name: 'p', stop: () => void calls.push('plugin stop') };
  await makeEngine(t, sqlite.make(t), { plugins: [plugin] }).engine.stop();
  const storage: StorageAdapter = {
    ...sqlite.make(t),
    start: async () => {
      throw new Error('no such file');
    },
    stop: async () => void calls.push('storage stop'),
  };
  const { engine } = makeEngine(t, storage, { plugins: [plugin] });
  await t.throwsAsync(async () => engine.start(), { code: 'storage_failed', message: /no such file/ });
  await engine.stop();
  t.deepEqual(calls, []);
});

test('an adapter that cannot be stopped keeps no other from being stopped, and its error comes out', async (t) => {
  const storage = sqlite.make(t);
  let stopped = false;
  const transport = {
    ...scriptedTransport(),
    stop: async () => {
      throw new Error('still busy');
    },
  };
  const engine = createEngine({
    storage: {
      ...storage,
      async stop() {
        stopped = true;
        await storage.stop();
      },
    },
    transports: [transport],
    catalog,
  });
  await engine.start({ deliver: false });
  await t.throwsAsync(async () => engine.stop(), { message: 'still busy' });
  t.true(stopped);
});
