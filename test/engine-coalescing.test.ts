import { sqliteStorage } from '@hookwell/adapters/sqlite';
import test from 'ava';
import Database from 'better-sqlite3';
import {
  delivered,
  failed,
  mary,
  noon,
  scriptedTransport,
  startByHand,
  startForReal,
  temporaryFile,
  type Running,
} from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const minute = 60_000;
const account = 7;
const topic = 'sub_tag(3)';
const wish = { accountId: account, url: 'script:x', topic, coalesceMs: minute } as const;

/** Emits an update of a contact, and answers its id. */
async function update({ engine }: Pick<Running, 'engine'>, id: number, firstname: string, more: object = {}): Promise<string> {
  const given = { accountId: account, objectType: 0, record: { ...mary, id, firstname }, ...more };
  return (await engine.emit(topic, given)).id;
}

const namesIn = (sent: readonly { readonly body: string }[]): string[] =>
  sent.map(({ body }) => new URLSearchParams(body)).map((body) => `${body.get('data[id]')} ${body.get('data[firstname]')}`);

for (const { name, make } of storages) {
  test(`${name}: updates of a record within a window are one delivery of the newest, and what was left out is explained`, async (t) => {
    const transport = scriptedTransport();
    const running = await startByHand(t, make(t), { transports: [transport] });
    const { engine, clock } = running;
    const { id } = await engine.subscriptions.create(wish);
    const first = await update(running, 8, 'A');
    clock.move(minute - 1);
    await update(running, 9, 'B');
    const second = await update(running, 8, 'C');
    const [third] = await Promise.all([update(running, 8, 'D'), update(running, 9, 'E'), update(running, 8, 'F')]);
    t.is((await engine.deliverDue()).delivered, 0);
    const { rows } = await engine.deliveries.list(account);
    t.is(rows.length, 2);
    t.like(await engine.explain.event(account, rows[0]?.eventId ?? '', id), {
      state: 'scheduled',
      because: 'updates of its record are gathered, and the newest is sent',
      at: noon + minute,
    });
    clock.move(1);
    t.is((await engine.deliverDue()).delivered, 1);
    t.deepEqual(namesIn(transport.sent), ['8 F'], 'a window begins with its first event');
    for (const left of [first, second, third]) {
      const told = await engine.explain.event(account, left, id);
      t.is(told.state, 'coalesced');
      t.is(told.because, `a later event of its record was stored while it waited, and is sent in its place: ${rows[0]?.eventId}`);
    }
    await update(running, 8, 'G');
    clock.move(minute);
    t.is((await engine.deliverDue()).delivered, 2);
    t.deepEqual(namesIn(transport.sent.slice(1)).toSorted(), ['8 G', '9 E']);
    t.is((await engine.deliveries.attempts(account)).total, 3, 'nothing is logged of what was not to be sent');
    const { id: replay } = await engine.replays.create(account, { missing: true });
    t.is((await engine.deliverDue()).delivered, 0, 'what was sent in another form is not missing');
    t.like(await engine.replays.get(account, replay), { state: 'done', matched: 0 });
    const later = await engine.subscriptions.create(wish);
    await engine.replays.create(account, { missing: true, subscriptionId: later.id });
    clock.move(1);
    await engine.deliverDue();
    t.is(transport.sent.length, 3 + 7, 'a subscription that was not there yet is sent what there is');
  });

  test(`${name}: what was tried is sent as it was, and a new update waits for itself`, async (t) => {
    const transport = scriptedTransport(() => failed('endpoint', 'HTTP 500', { status: 500 }));
    const retry = { scheduleMs: [10 * minute], jitter: 0 };
    const running = await startByHand(t, make(t), { transports: [transport], retry });
    const { engine, clock } = running;
    await engine.subscriptions.create(wish);
    await update(running, 8, 'A');
    clock.move(minute);
    await engine.deliverDue();
    await update(running, 8, 'B');
    t.is((await engine.deliveries.list(account)).total, 2);
    transport.result = () => delivered;
    clock.move(10 * minute);
    t.is((await engine.deliverDue()).delivered, 2);
    t.deepEqual(namesIn(transport.sent).toSorted(), ['8 A', '8 A', '8 B']);
  });

  test(`${name}: in an order the newest update comes after what was tried before it`, async (t) => {
    const transport = scriptedTransport(() => failed('endpoint', 'HTTP 500', { status: 500 }));
    const retry = { scheduleMs: [10 * minute], jitter: 0 };
    const running = await startByHand(t, make(t), { transports: [transport], retry });
    const { engine, clock } = running;
    await engine.subscriptions.create({ ...wish, ordering: 'record' });
    await update(running, 8, 'A');
    clock.move(minute);
    await engine.deliverDue();
    await update(running, 8, 'B');
    clock.move(5 * minute);
    transport.result = () => delivered;
    t.is((await engine.deliverDue()).delivered, 0, 'it waits for the one that is to be tried again');
    await update(running, 8, 'C');
    clock.move(5 * minute);
    t.is((await engine.deliverDue()).delivered, 2);
    t.deepEqual(namesIn(transport.sent), ['8 A', '8 A', '8 C']);
  });

  test(`${name}: while a subscription is paused the newest update of each record is kept, and no other`, async (t) => {
    const transport = scriptedTransport();
    const running = await startByHand(t, make(t), { transports: [transport] });
    const { engine, clock } = running;
    const { id } = await engine.subscriptions.create(wish);
    await engine.subscriptions.pause(account, id);
    for (const firstname of ['A', 'B', 'C']) {
      await update(running, 8, firstname);
      clock.move(60 * minute);
    }
    await engine.subscriptions.resume(account, id);
    t.is((await engine.deliverDue()).delivered, 1);
    t.deepEqual(namesIn(transport.sent), ['8 C']);
  });

  test(`${name}: events with times, keys that were used and events that are cancelled leave the newest update alone`, async (t) => {
    const transport = scriptedTransport();
    const running = await startByHand(t, make(t), { transports: [transport] });
    const { engine, clock } = running;
    await engine.subscriptions.create(wish);
    const first = await update(running, 8, 'A', { idempotencyKey: 'one' });
    await update(running, 8, 'B');
    t.is(await update(running, 8, 'A', { idempotencyKey: 'one' }), first);
    await update(running, 8, 'at a time', { deliverAt: noon + 60 * minute });
    await update(running, 8, 'expiring', { expiresAt: noon + minute });
    t.deepEqual(await engine.deliveries.cancelEvent(account, first), { cancelled: 0, sending: 0, ended: 0 });
    t.is((await engine.deliverDue()).delivered, 1);
    clock.move(minute);
    await engine.deliverDue();
    clock.move(60 * minute);
    await engine.deliverDue();
    t.deepEqual(namesIn(transport.sent), ['8 expiring', '8 B', '8 at a time']);
    const last = await update(running, 8, 'C');
    t.deepEqual(await engine.deliveries.cancelEvent(account, last), { cancelled: 1, sending: 0, ended: 0 });
    await update(running, 8, 'D');
    clock.move(minute);
    await engine.deliverDue();
    t.deepEqual(namesIn(transport.sent.slice(3)), ['8 D']);
  });
}

test('an update of a transaction that is rolled back takes no place, and one that commits does', async (t) => {
  t.timeout(10_000);
  const filename = temporaryFile(t);
  const database = new Database(filename);
  t.teardown(() => database.close());
  const transport = scriptedTransport();
  const running = await startForReal(t, sqliteStorage({ filename }), { transports: [transport], pollEveryMs: 300_000 });
  const { engine } = running;
  await engine.subscriptions.create({ ...wish, coalesceMs: 300 });
  const { promise: done, resolve } = Promise.withResolvers<void>();
  engine.events.on('delivery:delivered', () => {
    if (transport.sent.length === 2) resolve();
  });
  await update(running, 8, 'A');
  await update(running, 9, 'B');
  for (const [id, end] of [
    [8, 'rollback'],
    [9, 'commit'],
  ] as const) {
    database.exec('begin immediate');
    const record = { ...mary, id, firstname: end };
    await engine.emit(topic, { accountId: account, objectType: 0, record }, { within: database });
    database.exec(end);
  }
  await done;
  t.deepEqual(namesIn(transport.sent).toSorted(), ['8 A', '9 commit']);
});

test('what cannot be a window is refused, when it is asked for and when it is changed', async (t) => {
  const { engine } = await startByHand(t, storages[1]!.make(t), { transports: [scriptedTransport()] });
  for (const coalesceMs of [-1, 0.5, 86_400_001, Number.NaN, '5' as unknown as number]) {
    const refused = {
      code: 'invalid_input',
      message: /^Invalid coalesceMs .*: pass whole milliseconds from 0, for not at all, to 86400000/,
    };
    await t.throwsAsync(engine.subscriptions.create({ ...wish, coalesceMs }), refused);
  }
  const { id, coalesceMs } = await engine.subscriptions.create({ ...wish, coalesceMs: 86_400_000 });
  t.is(coalesceMs, 86_400_000);
  await t.throwsAsync(engine.subscriptions.update(account, id, { coalesceMs: -1 }), { code: 'invalid_input' });
  t.is((await engine.subscriptions.update(account, id, { coalesceMs: 0 })).coalesceMs, 0);
});
