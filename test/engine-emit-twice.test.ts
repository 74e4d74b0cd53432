import { HookwellError, type EmitInput, type StorageAdapter } from '@hookwell/core';
import test from 'ava';
import { mary, scriptedTransport, startByHand, startForReal, startReceiver, toldAs } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const contact: EmitInput = { accountId: 7, objectType: 0, record: mary };

for (const { name, make } of storages) {
  test(`${name}: a second event with the same key is not stored again, and answers with the first`, async (t) => {
    const receiver = await startReceiver(t);
    const { engine, told } = await startByHand(t, make(t));
    await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    const first = await engine.emit('sub_tag(3)', { ...contact, idempotencyKey: 'order 1' });
    await engine.deliverDue();
    const again = await engine.emit('sub_tag(3)', { ...contact, idempotencyKey: 'order 1', occurredAt: 0 });
    t.deepEqual(again, { id: first.id, deliveries: 0, duplicate: true });
    await engine.deliverDue();
    t.is(receiver.arrived.length, 1);
    t.is(toldAs(told, 'event:stored').length, 1);
  });

  test(`${name}: of many events with the same key at once, one is stored`, async (t) => {
    const receiver = await startReceiver(t);
    const { engine } = await startForReal(t, make(t));
    await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)' });
    const results = await Promise.all(
      Array.from({ length: 30 }, async () => engine.emit('sub_tag(3)', { ...contact, idempotencyKey: 'k' })),
    );
    t.is(new Set(results.map(({ id }) => id)).size, 1);
    t.is(results.filter(({ duplicate }) => !duplicate).length, 1);
    await engine.deliverDue();
    t.is(receiver.arrived.length, 1);
    t.deepEqual(engine.lanes.list(), []);
  });

  test(`${name}: a key that was used for something else is a conflict`, async (t) => {
    const { engine } = await startByHand(t, make(t));
    await engine.emit('sub_tag(3)', { ...contact, idempotencyKey: 'k' });
    for (const [topic, record] of [
      ['sub_tag(4)', mary],
      ['sub_tag(3)', { ...mary, id: 9 }],
      ['sub_tag(3)', { ...mary, phone: '1' }],
    ] as const) {
      await t.throwsAsync(async () => engine.emit(topic, { ...contact, record, idempotencyKey: 'k' }), {
        code: 'idempotency_conflict',
        message: /The idempotencyKey "k" was used for another event \(sub_tag\(3\), .+\); give this one a key of its own\./,
      });
    }
  });

  test(`${name}: a key belongs to its account, and is remembered for as long as its event`, async (t) => {
    const { engine, clock } = await startByHand(t, make(t));
    const emit = async (accountId: number) => engine.emit('sub_tag(3)', { ...contact, accountId, idempotencyKey: 'k' });
    t.is((await emit(7)).duplicate, false);
    t.is((await emit(8)).duplicate, false);
    clock.move(6 * 86_400_000);
    await engine.deliverDue();
    t.is((await emit(7)).duplicate, true);
    clock.move(2 * 86_400_000);
    await engine.deliverDue();
    t.is((await emit(7)).duplicate, false);
  });

  test(`${name}: more events than may wait are refused as overloaded, and accepted again when there is room`, async (t) => {
    const storage = make(t);
    let open = (): void => undefined;
    const closed = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { engine } = await startByHand(
      t,
      {
        ...storage,
        async storeEvents(batch) {
          await closed;
          return storage.storeEvents(batch);
        },
      },
      { maxPendingEmits: 5 },
    );
    const accepted = Array.from({ length: 5 }, async () => engine.emit('sub_tag(3)', contact));
    await t.throwsAsync(async () => engine.emit('sub_tag(3)', contact), {
      code: 'overloaded',
      message: '5 events wait to be stored already; wait for some of them, or raise the option "maxPendingEmits".',
    });
    open();
    t.is((await Promise.all(accepted)).length, 5);
    t.false((await engine.emit('sub_tag(3)', contact)).duplicate);
  });

  test(`${name}: a storage that fails refuses the events that it was to store, and no slot is lost over it`, async (t) => {
    const storage = make(t);
    let failing = true;
    const broken: StorageAdapter = {
      ...storage,
      async storeEvents(batch) {
        if (failing) throw new Error('disk full');
        return storage.storeEvents(batch);
      },
    };
    const transport = scriptedTransport();
    const { engine } = await startForReal(t, broken, { transports: [transport], laneConcurrency: 1, maxDeliveriesInMemory: 3 });
    await engine.subscriptions.create({ accountId: 7, url: 'script:x', topic: 'sub_tag(3)' });
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const error = await t.throwsAsync(async () => engine.emit('sub_tag(3)', contact), {
        code: 'storage_failed',
        message: /disk full/,
      });
      t.like(error?.cause, { message: 'disk full' });
    }
    t.deepEqual(engine.lanes.list(), []);
    failing = false;
    await Promise.all([1, 2, 3].map(async () => engine.emit('sub_tag(3)', contact)));
    await engine.deliverDue();
    t.is(transport.sent.length, 3);
  });

  test(`${name}: a storage that is busy for a moment is asked again, and nobody notices`, async (t) => {
    const storage = make(t);
    let busy = 3;
    const { engine, told } = await startByHand(t, {
      ...storage,
      async storeEvents(batch) {
        busy -= 1;
        if (busy >= 0) throw new HookwellError('storage_busy', 'locked');
        return storage.storeEvents(batch);
      },
    });
    t.false((await engine.emit('sub_tag(3)', contact)).duplicate);
    t.is(busy, -1);
    t.deepEqual(toldAs(told, 'error'), []);
  });
}
