import type { Ordering } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import {
  delivered,
  failed,
  mary,
  scriptedTransport,
  startByHand,
  startForReal,
  type ScriptedTransport,
} from './engine-fixture.ts';
import { sharedStorages, storages } from './engine-storages.ts';

const minute = 60_000;
const account = 7;
const retry = { scheduleMs: [5 * minute, 5 * minute], jitter: 0 };

/** The record and its event of each request that was sent, such as `8: second`. */
function told({ sent }: ScriptedTransport): readonly string[] {
  return sent.map(({ body }) => {
    const fields = new URLSearchParams(body);
    return `${fields.get('data[id]')}: ${fields.get('data[firstname]')}`;
  });
}

async function begin(t: ExecutionContext, storage: Parameters<typeof startByHand>[1], ordering: Ordering) {
  const transport = scriptedTransport();
  const running = await startByHand(t, storage, { transports: [transport], retry });
  const { engine } = running;
  const wish = { accountId: account, url: 'script:x', topic: 'sub_tag(3)', ordering };
  const subscription = await engine.subscriptions.create(wish);
  const emit = async (id: number | string, firstname: string, objectType = 0) =>
    engine.emit('sub_tag(3)', {
      accountId: account,
      objectType,
      record: objectType === 0 ? { ...mary, id, firstname } : { id, make: firstname },
    });
  /** Answers so for what is about that record, and well for all others. */
  const answer = (id: number, result: ReturnType<typeof failed>): void => {
    transport.result = ({ body }) => (new URLSearchParams(body).get('data[id]') === String(id) ? result : delivered);
  };
  return { ...running, transport, subscription, emit, answer };
}

for (const { name, make } of storages) {
  test(`${name}: in the order of records a failure holds up its record, and nothing else`, async (t) => {
    const { engine, clock, transport, emit, answer } = await begin(t, make(t), 'record');
    answer(8, failed('endpoint', 'HTTP 500'));
    await emit(8, 'first');
    await emit(8, 'second');
    await emit(9, 'first');
    await emit(9, 'second');
    await engine.deliverDue();
    t.deepEqual(told(transport).toSorted(), ['8: first', '9: first', '9: second']);
    await emit('8', 'third');
    await engine.deliverDue();
    t.is(transport.sent.length, 3, 'the id as a text is the same record');
    transport.result = () => delivered;
    clock.move(5 * minute);
    await engine.deliverDue();
    t.deepEqual(told(transport).slice(3), ['8: first', '8: second', '8: third']);
  });

  test(`${name}: records of two object types with the same id are not in one order`, async (t) => {
    const { engine, transport, emit } = await begin(t, make(t), 'record');
    transport.result = () => failed('endpoint', 'HTTP 500');
    await emit(8, 'a contact');
    await emit(8, 'a car', 10_001);
    await engine.deliverDue();
    t.is(transport.sent.length, 2);
  });

  test(`${name}: in the order of a subscription a failure holds all of it up, and no other one`, async (t) => {
    const { engine, clock, transport, emit, answer } = await begin(t, make(t), 'subscription');
    await engine.subscriptions.create({ accountId: account, url: 'script:other', topic: 'sub_tag(3)' });
    answer(8, failed('endpoint', 'HTTP 500'));
    await emit(8, 'first');
    await emit(9, 'second');
    await emit(7, 'third');
    await engine.deliverDue();
    const ordered = (): readonly string[] => told({ ...transport, sent: transport.sent.filter(({ url }) => url === 'script:x') });
    t.deepEqual(ordered(), ['8: first']);
    t.is(transport.sent.length, 4, 'the other subscription gets all of them');
    transport.result = () => delivered;
    clock.move(5 * minute);
    await engine.deliverDue();
    t.deepEqual(ordered().slice(1), ['8: first', '9: second', '7: third']);
  });

  test(`${name}: an order goes on once what held it up has failed for good, is cancelled or erased`, async (t) => {
    const { engine, clock, transport, emit, answer } = await begin(t, make(t), 'subscription');
    answer(8, failed('endpoint', 'HTTP 500'));
    for (const word of ['first', 'second', 'third']) await emit(8, word);
    await emit(9, 'last');
    for (let attempt = 0; attempt < 3; attempt += 1) {
      await engine.deliverDue();
      clock.move(5 * minute);
    }
    t.deepEqual(told(transport), ['8: first', '8: first', '8: first', '8: second'], 'the first has failed for good');
    const waiting = (await engine.deliveries.list(account)).rows;
    t.deepEqual(
      waiting.map(({ waitsForEarlier }) => waitsForEarlier ?? false),
      [false, true, true],
    );
    await engine.deliveries.cancel(account, waiting[0]?.id ?? '');
    await engine.deliverDue();
    t.is(told(transport).at(-1), '8: third');
    await engine.erase({ accountId: account, objectType: 0, recordId: 8 });
    await engine.deliverDue();
    t.is(told(transport).at(-1), '9: last');
    t.is((await engine.deliveries.list(account)).total, 0);
  });

  test(`${name}: what waits for an earlier one is explained, and so is that one`, async (t) => {
    const { engine, transport, emit } = await begin(t, make(t), 'record');
    transport.result = () => failed('endpoint', 'HTTP 500');
    await emit(8, 'first');
    await emit(8, 'second');
    await engine.deliverDue();
    const [first, second] = (await engine.deliveries.list(account)).rows;
    t.like(await engine.explain.delivery(account, first?.id ?? ''), { state: 'retrying' });
    t.deepEqual(await engine.explain.delivery(account, second?.id ?? ''), {
      state: 'behind',
      because: 'an earlier delivery about the same record is not finished',
      next: 'it is due once that one is delivered, has failed for good or is cancelled',
      at: null,
    });
    t.is(second?.dueAt, second?.createdAt);
  });

  test(`${name}: another ordering is that of what is emitted from then on`, async (t) => {
    const { engine, transport, subscription, emit } = await begin(t, make(t), 'none');
    transport.result = () => failed('endpoint', 'HTTP 500');
    await emit(8, 'first');
    t.is((await engine.subscriptions.update(account, subscription.id, { ordering: 'record' })).ordering, 'record');
    await emit(8, 'second');
    await emit(8, 'third');
    await engine.deliverDue();
    t.deepEqual(told(transport).toSorted(), ['8: first', '8: second']);
    await engine.subscriptions.update(account, subscription.id, { ordering: 'none' });
    await emit(8, 'fourth');
    await engine.deliverDue();
    t.is(told(transport).at(-1), '8: fourth');
  });

  test(`${name}: an engine that runs sends an order on without waiting for a poll`, async (t) => {
    t.timeout(20_000);
    const transport = scriptedTransport();
    const { engine } = await startForReal(t, make(t), { transports: [transport], pollEveryMs: 300_000 });
    await engine.subscriptions.create({ accountId: account, url: 'script:x', topic: 'sub_tag(3)', ordering: 'subscription' });
    const { promise: done, resolve } = Promise.withResolvers<void>();
    let count = 0;
    engine.events.on('delivery:delivered', () => {
      count += 1;
      if (count === 30) resolve();
    });
    const words = Array.from({ length: 30 }, (_, number) => `${number}`);
    for (const firstname of words) {
      await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: { ...mary, firstname } });
    }
    await done;
    t.deepEqual(
      told(transport),
      words.map((word) => `8: ${word}`),
    );
  });
}

for (const { name, makePlace } of sharedStorages) {
  test(`${name}: two engines keep an order between them`, async (t) => {
    t.timeout(30_000);
    const open = makePlace(t);
    const transport = scriptedTransport();
    const { engine } = await startForReal(t, open(), { transports: [transport], pollEveryMs: 50 });
    const { engine: other } = await startForReal(t, open(), { transports: [transport], pollEveryMs: 50 });
    await engine.subscriptions.create({ accountId: account, url: 'script:x', topic: 'sub_tag(3)', ordering: 'record' });
    const { promise: done, resolve } = Promise.withResolvers<void>();
    let count = 0;
    for (const { events } of [engine, other]) {
      events.on('delivery:delivered', () => {
        count += 1;
        if (count === 45) resolve();
      });
    }
    const expected: Record<number, string[]> = { 1: [], 2: [], 3: [] };
    for (let number = 0; number < 45; number += 1) {
      const id = 1 + (number % 3);
      expected[id]?.push(`${id}: ${number}`);
      const record = { ...mary, id, firstname: `${number}` };
      await (number % 2 === 0 ? engine : other).emit('sub_tag(3)', { accountId: account, objectType: 0, record });
    }
    await done;
    for (const [id, words] of Object.entries(expected)) {
      t.deepEqual(
        told(transport).filter((word) => word.startsWith(`${id}:`)),
        words,
      );
    }
  });
}

test('an ordering that there is not is refused with those that there are', async (t) => {
  const { engine, subscription } = await begin(t, storages[0]!.make(t), 'none');
  const wrong = { accountId: account, url: 'script:x', topic: 'sub_tag(3)', ordering: 'records' as Ordering };
  await t.throwsAsync(async () => engine.subscriptions.create(wrong), {
    code: 'invalid_input',
    message: /Unknown ordering "records".*"record".*Orderings: "none", "record", "subscription"\./,
  });
  await t.throwsAsync(async () => engine.subscriptions.update(account, subscription.id, { ordering: 'all' as Ordering }), {
    code: 'invalid_input',
  });
});
