import { httpTransport } from '@hookwell/adapters/http';
import type { StorageAdapter } from '@hookwell/core';
import test from 'ava';
import {
  delivered,
  mary,
  scriptedTransport,
  startByHand,
  startForReal,
  startReceiver,
  toldAs,
  type Answer,
  type Receiver,
} from './engine-fixture.ts';
import { sharedStorages, storages } from './engine-storages.ts';

/** Answers nothing until it is opened. */
function gate(receiver: Receiver): () => void {
  let open = (): void => undefined;
  const opened = new Promise<Answer>((resolve) => {
    open = () => resolve(200);
  });
  receiver.answer = async () => opened;
  return open;
}

const idsOf = (receiver: Receiver) => receiver.arrived.map(({ headers }) => String(headers['webhook-id']));

for (const { name, makePlace } of sharedStorages) {
  test(`${name}: stop under load: what is in flight is recorded, the rest handed back, and a second engine sends it at once`, async (t) => {
    const open = makePlace(t);
    const receiver = await startReceiver(t);
    const openGate = gate(receiver);
    const first = await startForReal(t, open());
    for (const path of ['/a', '/b', '/c']) {
      await first.engine.subscriptions.create({ accountId: 7, url: receiver.url(path), topic: 'sub_tag(3)' });
    }
    const emitAll = Promise.all(
      Array.from({ length: 200 }, async (_, id) =>
        first.engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: { id } }),
      ),
    );
    await Promise.all([emitAll, receiver.until(() => receiver.arrived.length === 6)]);
    const stopping = first.engine.stop();
    openGate();
    await stopping;
    t.is(receiver.arrived.length, 6, 'nothing was sent once it was stopping');
    t.is(toldAs(first.told, 'delivery:delivered').length, 6);
    t.deepEqual(toldAs(first.told, 'error'), []);

    const second = await startForReal(t, open(), { pollEveryMs: 300_000 });
    await receiver.until(() => receiver.arrived.length === 600);
    await second.engine.deliverDue();
    t.is(receiver.arrived.length, 600);
    t.is(new Set(idsOf(receiver)).size, 600, 'none came twice');
    t.is((await second.engine.deliveries.list(7)).total, 0);
    t.is((await second.engine.deliveries.attempts(7)).total, 600);
  });

  test(`${name}: of two engines over one place one can be stopped under load: nothing is lost and nothing comes twice`, async (t) => {
    const open = makePlace(t);
    const receiver = await startReceiver(t);
    const options = { pollEveryMs: 50, concurrency: 20 };
    const first = await startForReal(t, open(), options);
    const second = await startForReal(t, open(), options);
    for (const path of ['/a', '/b', '/c', '/d']) {
      await first.engine.subscriptions.create({ accountId: 7, url: receiver.url(path), topic: 'sub_tag(3)' });
    }
    const emit = async (id: number) =>
      (id % 2 ? first : second).engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: { id } });
    const emitting = Array.from({ length: 400 }, async (_, id) =>
      emit(id).then(
        () => 1,
        () => 0,
      ),
    );
    await receiver.until(() => receiver.arrived.length >= 300);
    await first.engine.stop();
    const accepted = (await Promise.all(emitting)).reduce<number>((sum, one) => sum + one, 0);
    await receiver.until(() => receiver.arrived.length >= accepted * 4);
    await second.engine.deliverDue();
    t.is(receiver.arrived.length, accepted * 4);
    t.is(new Set(idsOf(receiver)).size, accepted * 4);
    t.is((await second.engine.deliveries.list(7)).total, 0);
    t.deepEqual([...toldAs(first.told, 'error'), ...toldAs(second.told, 'error')], []);
  });

  test(`${name}: events that are emitted while it stops are stored or refused, and none is lost`, async (t) => {
    const open = makePlace(t);
    const transport = scriptedTransport();
    const { engine } = await startForReal(t, open(), { transports: [transport] });
    await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
    const stored: string[] = [];
    const refused: unknown[] = [];
    const caller = async (): Promise<void> => {
      while (refused.length === 0) {
        await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary }).then(
          ({ id }) => stored.push(id),
          (error: unknown) => refused.push(error),
        );
        await new Promise(setImmediate);
      }
    };
    const callers = Array.from({ length: 20 }, caller);
    while (stored.length < 200) await new Promise(setImmediate);
    await engine.stop();
    await Promise.all(callers);
    t.true(refused.every((error) => (error as { code?: string }).code === 'not_running'));
    const after = await startByHand(t, open(), { transports: [transport], now: Date.now });
    await after.engine.deliverDue();
    const { rows, total } = await after.engine.deliveries.attempts(7, { limit: 100_000 });
    t.is(total, stored.length);
    t.deepEqual(new Set(rows.map(({ eventId }) => eventId)).size, new Set(stored).size);
    t.true(rows.every(({ outcome, number }) => outcome === 'delivered' && number === 1));
  });
}

for (const { name, make } of storages) {
  test(`${name}: stop waits for an endpoint that hangs no longer than its deadline, and records what came of it`, async (t) => {
    const receiver = await startReceiver(t, () => 'never');
    const storage = make(t);
    const { engine, told } = await startForReal(t, storage, {
      transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'], totalMs: 400 })],
    });
    await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    await receiver.until(() => receiver.arrived.length === 1);
    const began = performance.now();
    await engine.stop();
    const tookMs = performance.now() - began;
    t.true(tookMs < 400 + 1_500, `${tookMs} ms`);
    t.deepEqual(
      toldAs(told, 'delivery:retrying').map(({ outcome }) => outcome.reason),
      ['no answer within 400 ms'],
    );
  });

  test(`${name}: after stop nothing touches the storage any more, and claims are handed back in groups`, async (t) => {
    const storage = make(t);
    const calls: string[] = [];
    let closed = false;
    const late: string[] = [];
    const watched: Record<string, unknown> = { ...storage };
    for (const member of Object.keys(storage) as (keyof StorageAdapter)[]) {
      const call = storage[member];
      if (typeof call !== 'function') continue;
      watched[member] = async (...parameters: readonly unknown[]) => {
        // As slow as a database on a server, so that everything can overlap.
        await new Promise(setImmediate);
        calls.push(member);
        if (closed) late.push(member);
        if (member === 'stop') closed = true;
        return (call as (...parameters: readonly unknown[]) => Promise<unknown>)(...parameters);
      };
    }
    const answers: (() => void)[] = [];
    const transport = scriptedTransport(
      async () =>
        new Promise((resolve) => {
          answers.push(() => resolve(delivered));
        }),
    );
    const { engine, told } = await startForReal(t, watched as unknown as StorageAdapter, {
      transports: [transport],
      concurrency: 50,
    });
    for (let lane = 0; lane < 50; lane += 1) {
      await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
    }
    await Promise.all(
      Array.from({ length: 4 }, async () => engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary })),
    );
    while (answers.length < 50) await new Promise(setImmediate);
    const delivering = engine.deliverDue();
    const stopping = engine.stop();
    for (const answer of answers) answer();
    await Promise.all([delivering, stopping]);
    t.is(transport.sent.length, 50);
    t.deepEqual(late, []);
    t.deepEqual(toldAs(told, 'error'), []);
    t.true(calls.filter((member) => member === 'releaseDeliveries').length <= 4, calls.join(' '));
  });

  for (const byHand of [false, true]) {
    test(`${name}: what a claim ${byHand ? 'of deliverDue ' : ''}under way brings after stop was called is handed back, not sent`, async (t) => {
      const storage = make(t);
      const before = await startByHand(t, storage, { transports: [scriptedTransport()], now: Date.now });
      await before.engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
      await before.engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
      await before.engine.stop();

      const { promise: claiming, resolve: claimed } = Promise.withResolvers<void>();
      const { promise: answering, resolve: answer } = Promise.withResolvers<void>();
      const transport = scriptedTransport();
      const slow: StorageAdapter = {
        ...storage,
        async claimDeliveries(request) {
          const result = await storage.claimDeliveries(request);
          claimed();
          await answering;
          return result;
        },
      };
      const start = byHand ? startByHand : startForReal;
      const { engine, told } = await start(t, slow, { transports: [transport], now: Date.now });
      const delivering = byHand ? engine.deliverDue() : undefined;
      await claiming;
      const stopping = engine.stop();
      answer();
      await stopping;
      t.deepEqual(transport.sent, []);
      t.deepEqual(toldAs(told, 'error'), []);
      if (delivering) t.like(await delivering, { delivered: 0 });
      const after = await startByHand(t, storage, { transports: [transport], now: Date.now });
      t.like((await after.engine.deliveries.list(7)).rows[0], { fence: null, attempts: 0, abandonments: 0 });
      t.like(await after.engine.deliverDue(), { delivered: 1 });
    });
  }

  test(`${name}: what was emitted before stop was called is stored, however slow plugins and storage are`, async (t) => {
    const storage = make(t);
    const turns = async (): Promise<void> => {
      for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    };
    const transport = scriptedTransport();
    const { engine } = await startForReal(
      t,
      {
        ...storage,
        async storeEvents(batch) {
          await turns();
          return storage.storeEvents(batch);
        },
      },
      { transports: [transport], plugins: [{ name: 'slow', emit: turns }], groupSize: 10 },
    );
    await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
    const emitting = Array.from({ length: 50 }, async () =>
      engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary }),
    );
    await engine.stop();
    t.is((await Promise.all(emitting)).length, 50);
    const after = await startByHand(t, storage, { transports: [transport], now: Date.now });
    await after.engine.deliverDue();
    t.is(transport.sent.length, 50);
  });
}
