import test from 'ava';
import { mary, startByHand, startReceiver } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const account = 7;

for (const { name, make } of storages) {
  test(`${name}: what is stored about a record is erased on request, sent or not, and the rest stays`, async (t) => {
    const receiver = await startReceiver(t, () => ({ status: 200, body: 'thanks, Mary' }));
    const { engine } = await startByHand(t, make(t));
    const { id } = await engine.subscriptions.create({ accountId: account, url: receiver.url('/'), topic: 'sub_tag(3)' });
    const emit = async (record: number) =>
      engine.emit('sub_tag(3)', { accountId: account, objectType: 'Contact', record: { ...mary, id: record } });
    const sent = await emit(8);
    const other = await emit(9);
    await engine.deliverDue();
    await engine.subscriptions.pause(account, id);
    const waiting = await emit(8);
    await emit(9);

    t.deepEqual(await engine.erase({ accountId: account, objectType: 'Contact', recordId: 8 }), {
      events: 2,
      deliveries: 1,
      attempts: 1,
    });
    t.deepEqual(
      (await engine.deliveries.attempts(account)).rows.map(({ eventId }) => eventId),
      [other.id],
    );
    t.is((await engine.deliveries.list(account)).total, 1);
    for (const { id: eventId } of [sent, waiting]) {
      await t.throwsAsync(async () => engine.explain.event(account, eventId, id), { code: 'not_found' });
    }
    t.deepEqual(await engine.erase({ accountId: account, objectType: 0, recordId: '8' }), {
      events: 0,
      deliveries: 0,
      attempts: 0,
    });
    await engine.subscriptions.resume(account, id);
    await engine.deliverDue();
    t.is(receiver.arrived.length, 3, 'nothing of what was erased is sent');
  });

  test(`${name}: an erasure names a type of the catalog and an id, and stays within its account`, async (t) => {
    const { engine } = await startByHand(t, make(t));
    await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: mary });
    t.like(await engine.erase({ accountId: 8, objectType: 0, recordId: mary.id }), { events: 0 });
    await t.throwsAsync(async () => engine.erase({ accountId: account, objectType: 'Person', recordId: 8 }), {
      code: 'unknown_object_type',
    });
    await t.throwsAsync(async () => engine.erase({ accountId: account, objectType: 0, recordId: Number.NaN }), {
      code: 'invalid_input',
      message: /Invalid recordId NaN: pass the id of a record/,
    });
    t.like(await engine.erase({ accountId: account, objectType: 0, recordId: mary.id }), { events: 1 });
  });
}
