import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import { mary, scriptedTransport, startForReal } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const account = 7;
const contact = { accountId: account, objectType: 0 } as const;
const idOf = (body: string): number => Number(new URLSearchParams(body).get('data[id]'));

for (const { name, make } of storages) {
  test(`${name}: what was held flows oldest first and at its pace, and what comes later waits behind it`, async (t) => {
    const sent: number[] = [];
    const transport = scriptedTransport();
    const { engine } = await startForReal(t, make(t), {
      transports: [transport],
      laneConcurrency: 1,
      held: { pacePerSecond: 50 },
    });
    const { id } = await engine.subscriptions.create({ accountId: account, url: 'script:held', topic: 'sub_tag(3)' });
    engine.events.on('delivery:delivered', ({ outcome }) => {
      const request = transport.sent.find(({ deliveryId }) => deliveryId === outcome.deliveryId);
      sent.push(idOf(request?.body ?? ''));
    });
    await engine.subscriptions.pause(account, id);
    const emit = async (record: number) => engine.emit('sub_tag(3)', { ...contact, record: { ...mary, id: record } });
    for (let record = 1; record <= 60; record += 1) await emit(record);

    const began = performance.now();
    await engine.subscriptions.resume(account, id);
    while (sent.length < 5) await setTimeout(1);
    await emit(61);
    while (sent.length < 61) await setTimeout(1);
    // Four before it is known, and the rest at 50 a second.
    t.true(performance.now() - began >= 900, `${performance.now() - began} ms`);
    t.deepEqual(
      sent,
      Array.from({ length: 61 }, (_, index) => index + 1),
    );
  });
}
