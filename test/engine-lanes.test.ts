import type { Engine, LaneState, StorageAdapter } from '@hookwell/core';
import test from 'ava';
import {
  delivered,
  mary,
  scriptedTransport,
  slowTransport,
  startByHand,
  startForReal,
  type EventName,
} from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const wish = { accountId: 7, url: 'script:x', topic: 'sub_tag(3)' } as const;

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
};

for (const { name, make } of storages) {
  test(`${name}: lanes are listed while something of theirs is in memory, with what waits and what is in flight`, async (t) => {
    const { transport, answers } = slowTransport();
    const { engine } = await startForReal(t, make(t), { transports: [transport] });
    const ids = [await engine.subscriptions.create(wish), await engine.subscriptions.create({ ...wish, topic: 'sub_tag(4)' })];
    for (let id = 0; id < 5; id += 1) await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: { id } });
    await engine.emit('sub_tag(4)', { accountId: 7, objectType: 0, record: mary });
    await turns(5);
    t.deepEqual(engine.lanes.list(), [
      { subscriptionId: ids[0]?.id, accountId: '7', waiting: 2, inFlight: 2, limit: 2, slow: false, paused: false },
      { subscriptionId: ids[1]?.id, accountId: '7', waiting: 0, inFlight: 1, limit: 2, slow: false, paused: false },
    ]);
    while (transport.sent.length < 6 || answers.length > 0) {
      answers.shift()?.(delivered);
      await turns(1);
    }
    await engine.deliverDue();
    t.deepEqual(engine.lanes.list(), []);
  });

  test(`${name}: however much waits for an endpoint that hangs, nothing in memory waits for it, and two requests are the most`, async (t) => {
    const { transport, answerAll } = slowTransport();
    const { engine } = await startForReal(t, make(t), { transports: [transport], slowAfterMs: 5, pollEveryMs: 10 });
    t.teardown(answerAll);
    const changed = new Promise<LaneState>((resolve) => {
      engine.events.once('lane:changed', ({ lane }) => resolve(lane));
    });
    const { id } = await engine.subscriptions.create(wish);
    await Promise.all(
      Array.from({ length: 500 }, async () => engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary })),
    );
    const slow = { subscriptionId: id, accountId: '7', waiting: 0, inFlight: 2, limit: 1, slow: true, paused: false };
    t.deepEqual(await changed, slow);
    await turns(50);
    t.deepEqual(engine.lanes.list(), [slow]);
  });

  test(`${name}: endpoints that hang in all slots give them up, and a healthy one does not wait for their time to be over`, async (t) => {
    t.timeout(10_000);
    const hanging: (() => void)[] = [];
    const transport = scriptedTransport(async ({ url }) => {
      if (url === 'script:hang') await new Promise<void>((resolve) => void hanging.push(resolve));
      return delivered;
    });
    const { engine } = await startForReal(t, make(t), { transports: [transport], concurrency: 4, slowAfterMs: 5 });
    t.teardown(() => {
      for (const resolve of hanging) resolve();
    });
    for (let endpoint = 0; endpoint < 6; endpoint += 1) await engine.subscriptions.create({ ...wish, url: 'script:hang' });
    await engine.subscriptions.create({ ...wish, topic: 'sub_tag(4)' });
    const healthy = new Promise((resolve) => engine.events.once('delivery:delivered', resolve));
    for (let n = 0; n < 3; n += 1) await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    await engine.emit('sub_tag(4)', { accountId: 7, objectType: 0, record: mary });
    await healthy;
    t.true(hanging.length >= 4);
  });

  test(`${name}: what is emitted while a claim is under way takes no place that the claim may need`, async (t) => {
    const storage = make(t);
    const before = await startByHand(t, storage, { transports: [scriptedTransport()], now: Date.now });
    for (let lane = 0; lane < 20; lane += 1) await before.engine.subscriptions.create(wish);
    const emit = async (engine: Engine<EventName>) => engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    for (let n = 0; n < 10; n += 1) await emit(before.engine);
    await before.engine.stop();

    const { promise: claiming, resolve: claimed } = Promise.withResolvers<void>();
    const { promise: answering, resolve: answer } = Promise.withResolvers<void>();
    const slow: StorageAdapter = {
      ...storage,
      async claimDeliveries(request) {
        const result = await storage.claimDeliveries(request);
        claimed();
        await answering;
        return result;
      },
    };
    const { transport, answers } = slowTransport();
    const { engine } = await startForReal(t, slow, { transports: [transport], maxDeliveriesInMemory: 30 });
    t.teardown(() => {
      transport.result = () => delivered;
      for (const one of answers) one(delivered);
    });
    await claiming;
    await emit(engine);
    answer();
    await turns(20);
    t.is(
      engine.lanes.list().reduce((sum, { waiting, inFlight }) => sum + waiting + inFlight, 0),
      30,
    );
  });

  test(`${name}: deliverDue waits for all that was emitted before, also when the engine delivers by itself`, async (t) => {
    const storage = make(t);
    const slow: StorageAdapter = {
      ...storage,
      async claimDeliveries(request) {
        const result = await storage.claimDeliveries(request);
        await turns(3);
        return result;
      },
    };
    const transport = scriptedTransport(async () => {
      await turns(2);
      return delivered;
    });
    const { engine } = await startForReal(t, slow, { transports: [transport], maxDeliveriesInMemory: 30, groupSize: 10 });
    for (let lane = 0; lane < 20; lane += 1) await engine.subscriptions.create(wish);
    for (let n = 0; n < 40; n += 1) void engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    await engine.deliverDue();
    t.is(transport.sent.length, 800);
    t.is((await engine.deliveries.list(7)).total, 0);
  });

  test(`${name}: endpoints that hang hold their places in memory, and the rest of it keeps on working`, async (t) => {
    t.timeout(10_000);
    const hanging: (() => void)[] = [];
    const transport = scriptedTransport(async ({ url }) => {
      if (url === 'script:hang') await new Promise<void>((resolve) => void hanging.push(resolve));
      return delivered;
    });
    const { engine } = await startForReal(t, make(t), {
      transports: [transport],
      concurrency: 20,
      maxDeliveriesInMemory: 40,
      pollEveryMs: 300_000,
    });
    t.teardown(() => {
      transport.result = () => delivered;
      for (const resolve of hanging) resolve();
    });
    for (const tag of [1, 2, 3]) await engine.subscriptions.create({ ...wish, url: 'script:hang', topic: `sub_tag(${tag})` });
    for (const tag of [4, 5]) await engine.subscriptions.create({ ...wish, topic: `sub_tag(${tag})` });
    const record = mary;
    for (const tag of [1, 2, 3]) {
      await Promise.all(
        Array.from({ length: 50 }, async () => engine.emit(`sub_tag(${tag})`, { accountId: 7, objectType: 0, record })),
      );
    }
    const healthy = new Promise<void>((resolve) => {
      let count = 0;
      engine.events.on('delivery:delivered', () => {
        count += 1;
        if (count === 600) resolve();
      });
    });
    for (const tag of [4, 5]) {
      await Promise.all(
        Array.from({ length: 300 }, async () => engine.emit(`sub_tag(${tag})`, { accountId: 7, objectType: 0, record })),
      );
    }
    await healthy;
    t.is(transport.sent.filter(({ url }) => url === 'script:hang').length, 6);
  });

  test(`${name}: what was stored while memory was full is sent as soon as there is room, whoever leaves`, async (t) => {
    const { transport, answers, answerAll } = slowTransport();
    const { engine } = await startForReal(t, make(t), {
      transports: [transport],
      maxDeliveriesInMemory: 8,
      pollEveryMs: 300_000,
    });
    t.teardown(answerAll);
    for (const tag of [1, 2]) await engine.subscriptions.create({ ...wish, topic: `sub_tag(${tag})` });
    await engine.subscriptions.create({ ...wish, url: 'script:healthy', topic: 'sub_tag(3)' });
    for (const tag of [1, 2]) {
      await Promise.all(
        Array.from({ length: 4 }, async () => engine.emit(`sub_tag(${tag})`, { accountId: 7, objectType: 0, record: mary })),
      );
    }
    const sent = new Promise<void>((resolve) => {
      const { result } = transport;
      transport.result = async (request) => {
        if (request.url !== 'script:healthy') return result(request);
        resolve();
        return delivered;
      };
    });
    await turns(10);
    await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    await turns(10);
    t.is(transport.sent.filter(({ url }) => url === 'script:healthy').length, 0);
    answers.shift()?.(delivered);
    await sent;
    t.pass();
  });

  test(`${name}: while memory is full, emits wait for what they store to be sent from there, and nothing is claimed`, async (t) => {
    t.timeout(20_000);
    const storage = make(t);
    let claimed = 0;
    const counting: StorageAdapter = {
      ...storage,
      async claimDeliveries(request) {
        const result = await storage.claimDeliveries(request);
        claimed += result.claims.length;
        return result;
      },
    };
    const transport = scriptedTransport(async () => {
      await turns(2);
      return delivered;
    });
    const { engine } = await startForReal(t, counting, {
      transports: [transport],
      concurrency: 5,
      maxDeliveriesInMemory: 20,
      maxEmitWaitMs: 60_000,
    });
    const tags = Array.from({ length: 30 }, (_, index) => index + 1);
    for (const tag of tags) await engine.subscriptions.create({ ...wish, topic: `sub_tag(${tag})` });
    const emitAll = async (): Promise<void> => {
      for (let round = 0; round < 5; round += 1) {
        const input = { accountId: 7, objectType: 0, record: mary };
        await Promise.all(tags.map(async (tag) => engine.emit(`sub_tag(${tag})`, input)));
      }
    };
    await Promise.all([emitAll(), emitAll()]);
    await engine.deliverDue();
    t.is(transport.sent.length, 300);
    t.is(claimed, 0);
  });

  test(`${name}: while memory is nearly full, emits wait for what a claim under way brings`, async (t) => {
    t.timeout(10_000);
    const storage = make(t);
    let stored = 0;
    let gate: Promise<void> | null = null;
    let open = (): void => undefined;
    let held = (): void => undefined;
    const watched: StorageAdapter = {
      ...storage,
      async storeEvents(batch) {
        stored += batch.events.length;
        return storage.storeEvents(batch);
      },
      async claimDeliveries(request) {
        if (gate) held();
        await gate;
        return storage.claimDeliveries(request);
      },
    };
    const { transport, answers, answerAll, sent } = slowTransport();
    const limits = { maxDeliveriesInMemory: 10, maxEmitWaitMs: 60_000, pollEveryMs: 20 };
    const { engine } = await startForReal(t, watched, { transports: [transport], ...limits });
    t.teardown(answerAll);
    for (let tag = 1; tag <= 9; tag += 1) await engine.subscriptions.create({ ...wish, topic: `sub_tag(${tag})` });
    const emit = async (tag: number) => engine.emit(`sub_tag(${tag})`, { accountId: 7, objectType: 0, record: mary });
    for (let tag = 1; tag <= 9; tag += 1) await emit(tag);
    await sent(9);
    const isHeld = new Promise<void>((resolve) => {
      held = resolve;
    });
    gate = new Promise((resolve) => {
      open = resolve;
    });
    await isHeld;
    for (const answer of answers.splice(0, 2)) answer(delivered);
    while (engine.lanes.list().length > 7) await turns(1);
    const later = emit(1);
    await turns(20);
    const storedMeanwhile = stored;
    open();
    await later;
    t.deepEqual([storedMeanwhile, stored], [9, 10]);
  });

  test(`${name}: a claim leaves room for events that were let in and are not stored yet`, async (t) => {
    const storage = make(t);
    const limits: number[] = [];
    let looked = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      looked = resolve;
    });
    const watched: StorageAdapter = {
      ...storage,
      async findSubscriptions(keys) {
        await gate;
        return storage.findSubscriptions(keys);
      },
      async claimDeliveries(request) {
        limits.push(request.limit);
        return storage.claimDeliveries(request);
      },
    };
    const { engine } = await startForReal(t, watched, {
      transports: [scriptedTransport()],
      maxDeliveriesInMemory: 10,
      pollEveryMs: 20,
    });
    await engine.subscriptions.create(wish);
    const emits = Array.from({ length: 4 }, async () => engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary }));
    limits.length = 0;
    while (limits.length === 0) await turns(1);
    const [limit] = limits;
    looked();
    await Promise.all(emits);
    t.is(limit, 6);
  });

  test(`${name}: emits that wait while memory is full are stored within their time, and before stop has ended`, async (t) => {
    const { transport, answers } = slowTransport();
    const { engine } = await startForReal(t, make(t), { transports: [transport], maxDeliveriesInMemory: 2, maxEmitWaitMs: 50 });
    for (const tag of [1, 2]) await engine.subscriptions.create({ ...wish, topic: `sub_tag(${tag})` });
    const emit = async (tag: number) => engine.emit(`sub_tag(${tag})`, { accountId: 7, objectType: 0, record: mary });
    await Promise.all([emit(1), emit(1)]);
    // A timer counts from when the turn began that sets it.
    await new Promise(setImmediate);
    const began = performance.now();
    const waiting = [emit(2), emit(2)];
    const stopping = engine.stop();
    const [first] = await Promise.all(waiting);
    t.true(performance.now() - began >= 49);
    t.is(first?.deliveries, 1);
    for (const answer of answers) answer(delivered);
    await stopping;
  });
}
