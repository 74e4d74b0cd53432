import type { EmitInput, Plugin } from '@hookwell/core';
import test from 'ava';
import Database from 'better-sqlite3';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import {
  delivered,
  failed,
  mary,
  noon,
  scriptedTransport,
  slowTransport,
  sqlite,
  startByHand,
  startForReal,
  temporaryFile,
  toldAs,
} from './engine-fixture.ts';
import { sharedStorages, storages } from './engine-storages.ts';

const minute = 60_000;
const account = 7;
const topic = 'sub_tag(3)';
const tagged = { accountId: account, objectType: 0, record: mary } as const;
const wish = { accountId: account, url: 'script:x', topic } as const;
const retry = { scheduleMs: [5 * minute, 5 * minute], jitter: 0 };
const oldestFirst = { sort: { field: 'id', direction: 'asc' } } as const;

for (const { name, make } of storages) {
  test(`${name}: what has expired when its turn comes is cancelled unsent, in words that name the time`, async (t) => {
    const transport = scriptedTransport();
    const { engine, clock, told } = await startByHand(t, make(t), { transports: [transport] });
    const { id } = await engine.subscriptions.create(wish);
    const expiresAt = new Date(noon + minute);
    await engine.emit(topic, { ...tagged, expiresAt });
    clock.move(minute - 1);
    t.is((await engine.deliverDue()).delivered, 1, 'it is sent up to then');
    const late = await engine.emit(topic, { ...tagged, expiresAt });
    const [waiting] = (await engine.deliveries.list(account)).rows;
    t.like(await engine.explain.event(account, late.id, id), {
      state: 'due',
      next: 'it is sent when its turn comes: others of its subscription may be before it; it expires at 2026-01-15T12:01:00.000Z',
    });
    clock.move(1);
    const reason = 'expired: not to be sent from 2026-01-15T12:01:00.000Z on';
    t.like(await engine.explain.event(account, late.id, id), { because: reason, next: 'it is cancelled when its turn comes' });
    t.deepEqual(await engine.deliverDue(), { delivered: 0, retried: 0, failed: 0, cancelled: 1 });
    t.is(transport.sent.length, 1);
    const { rows } = await engine.deliveries.attempts(account);
    t.like(rows[0], { outcome: 'cancelled', reason, number: 0, status: 0, deliveryId: waiting?.id });
    t.like(await engine.explain.event(account, late.id, id), { state: 'cancelled', because: reason, next: '' });
    t.is(toldAs(told, 'delivery:cancelled').length, 1);
    await t.throwsAsync(engine.deliveries.replay(account, waiting?.id ?? ''), {
      code: 'wrong_state',
      message: /has expired: not/,
    });
    await engine.replays.create(account, { outcomes: ['cancelled'] });
    t.deepEqual(await engine.deliverDue(), { delivered: 0, retried: 0, failed: 0, cancelled: 1 }, 'a replay sends it no more');
  });

  test(`${name}: a retry that would come when its event has expired ends the delivery at once`, async (t) => {
    const transport = scriptedTransport(() => failed('endpoint', 'HTTP 503', { status: 503 }));
    const { engine, clock } = await startByHand(t, make(t), { transports: [transport], retry });
    await engine.subscriptions.create(wish);
    await engine.emit(topic, { ...tagged, expiresAt: noon + 5 * minute });
    await engine.emit(topic, { ...tagged, expiresAt: noon + 5 * minute + 1 });
    t.deepEqual(await engine.deliverDue(), { delivered: 0, retried: 1, failed: 1, cancelled: 0 });
    const { rows } = await engine.deliveries.attempts(account, oldestFirst);
    const said = rows.find(({ outcome }) => outcome === 'failed');
    t.is(
      said?.reason,
      'HTTP 503 (its next attempt would be due at 2026-01-15T12:05:00.000Z, and it expires at 2026-01-15T12:05:00.000Z)',
    );
    clock.move(5 * minute + 1);
    t.deepEqual(await engine.deliverDue(), { delivered: 0, retried: 0, failed: 0, cancelled: 1 }, 'nor is a retry sent too late');
    t.is(transport.sent.length, 2);
  });

  test(`${name}: a suspended subscription is not probed with what has expired, but with what comes next`, async (t) => {
    const transport = scriptedTransport(() => failed('endpoint', 'HTTP 500', { status: 500 }));
    const health = { suspendAfterFailures: 1, suspendAfterMs: 0, probeEveryMs: 15 * minute, unsubscribeAfterMs: 1e9 };
    const { engine, clock } = await startByHand(t, make(t), {
      transports: [transport],
      health,
      retry: { scheduleMs: [60 * minute], jitter: 0 },
    });
    const { id } = await engine.subscriptions.create(wish);
    await engine.emit(topic, tagged);
    await engine.deliverDue();
    const suspended = await engine.subscriptions.get(account, id);
    t.is(suspended.health, 'suspended');
    for (let count = 0; count < 3; count += 1) await engine.emit(topic, { ...tagged, expiresAt: noon + minute });
    clock.move(1);
    await engine.emit(topic, { ...tagged, record: { ...mary, id: 9 } });
    clock.move(15 * minute);
    transport.result = () => delivered;
    t.deepEqual(await engine.deliverDue(), { delivered: 1, retried: 0, failed: 0, cancelled: 3 });
    t.is(transport.sent.length, 2);
    t.is(new URLSearchParams(transport.sent[1]?.body).get('data[id]'), '9');
    t.is((await engine.subscriptions.get(account, id)).health, 'healthy');
  });

  test(`${name}: an event is not sent before its time, and then it is, over a restart and once for one key`, async (t) => {
    const transport = scriptedTransport();
    const storage = make(t);
    const { engine, clock } = await startByHand(t, storage, { transports: [transport] });
    const { id } = await engine.subscriptions.create(wish);
    const deliverAt = new Date(noon + minute);
    const scheduled = await engine.emit(topic, { ...tagged, deliverAt, idempotencyKey: 'order 1' });
    const again = await engine.emit(topic, { ...tagged, deliverAt, idempotencyKey: 'order 1' });
    t.like(again, { id: scheduled.id, duplicate: true });
    await engine.emit(topic, { ...tagged, deliverAt: noon - minute });
    t.is((await engine.deliverDue()).delivered, 1, 'a time that is past is now');
    t.deepEqual(await engine.explain.event(account, scheduled.id, id), {
      state: 'scheduled',
      because: 'it is not to be sent before its time',
      next: 'it is sent then',
      at: noon + minute,
    });
    clock.move(minute - 1);
    t.is((await engine.deliverDue()).delivered, 0);
    clock.move(1);
    if (name === 'memory') {
      t.is((await engine.deliverDue()).delivered, 1);
    } else {
      await engine.stop();
      const after = await startByHand(t, storage, { transports: [transport], now: clock.now });
      t.is((await after.engine.deliverDue()).delivered, 1);
    }
    t.is(transport.sent.length, 2);
  });

  test(`${name}: an event is sent at its time although nobody polls`, async (t) => {
    t.timeout(10_000);
    const transport = scriptedTransport();
    const { engine } = await startForReal(t, make(t), { transports: [transport], pollEveryMs: 300_000 });
    await engine.subscriptions.create(wish);
    const { promise: done, resolve } = Promise.withResolvers<void>();
    engine.events.on('delivery:delivered', () => {
      if (transport.sent.length === 2) resolve();
    });
    const deliverAt = Date.now() + 300;
    await engine.emit(topic, { ...tagged, deliverAt });
    await engine.emit(topic, { ...tagged, deliverAt: deliverAt - 200 });
    await done;
    t.true(Date.now() >= deliverAt);
  });

  test(`${name}: what waits of an event is cancelled, and what is being sent or has ended is counted`, async (t) => {
    const { transport, answers, sent } = slowTransport();
    const quick = scriptedTransport(({ url }) => (url === 'quick:ok' ? delivered : failed('endpoint', 'HTTP 500')));
    const transports = [transport, { ...quick, schemes: ['quick:'] }];
    const { engine, clock } = await startByHand(t, make(t), { transports, retry });
    t.teardown(() => answers[0]?.(delivered));
    for (const url of ['quick:ok', 'quick:bad', 'quick:bad']) await engine.subscriptions.create({ ...wish, url });
    const { id } = await engine.emit(topic, tagged);
    const other = await engine.emit('sub_tag(4)', { ...tagged, accountId: 8 });
    await engine.deliverDue();
    await engine.subscriptions.create(wish);
    const second = await engine.emit(topic, tagged);
    const delivering = engine.deliverDue();
    await sent(1);
    await t.throwsAsync(engine.deliveries.cancelEvent(8, id), { code: 'not_found' });
    await t.throwsAsync(engine.deliveries.cancelEvent(account, other.id), { code: 'not_found' });
    t.deepEqual(await engine.deliveries.cancelEvent(account, id, 'a mistake'), { cancelled: 2, sending: 0, ended: 1 });
    t.deepEqual(await engine.deliveries.cancelEvent(account, id), { cancelled: 0, sending: 0, ended: 3 }, 'once');
    answers[0]?.(delivered);
    await delivering;
    const { rows } = await engine.deliveries.attempts(account, {
      where: { kind: 'compare', field: 'outcome', operator: '=', value: 'cancelled' },
    });
    t.deepEqual(
      rows.map(({ eventId, reason, number }) => ({ eventId, reason, number })),
      [
        { eventId: id, reason: 'a mistake', number: 0 },
        { eventId: id, reason: 'a mistake', number: 0 },
      ],
    );
    clock.move(60 * minute);
    await engine.deliverDue();
    t.is(quick.sent.filter(({ url }) => url === 'quick:bad').length, 2 + 2 + 2, 'the deliveries of the other event go on');
    t.deepEqual(await engine.deliveries.cancelEvent(account, second.id), { cancelled: 2, sending: 0, ended: 2 });
  });
}

test('an event with a time holds up nothing of an order', async (t) => {
  const transport = scriptedTransport();
  const { engine, clock } = await startByHand(t, sqlite.make(t), { transports: [transport] });
  await engine.subscriptions.create({ ...wish, ordering: 'subscription' });
  await engine.emit(topic, { ...tagged, deliverAt: noon + minute });
  await engine.emit(topic, tagged);
  t.is((await engine.deliverDue()).delivered, 1);
  clock.move(minute);
  t.is((await engine.deliverDue()).delivered, 1);
});

test('what is being sent of an event goes on when that is cancelled', async (t) => {
  const { transport, answers, sent } = slowTransport();
  const { engine } = await startByHand(t, sqlite.make(t), { transports: [transport] });
  t.teardown(() => answers[0]?.(delivered));
  await engine.subscriptions.create(wish);
  const { id } = await engine.emit(topic, tagged);
  const delivering = engine.deliverDue();
  await sent(1);
  t.deepEqual(await engine.deliveries.cancelEvent(account, id), { cancelled: 0, sending: 1, ended: 0 });
  answers[0]?.(delivered);
  t.is((await delivering).delivered, 1);
});

test('the record of an event that has expired is not loaded', async (t) => {
  const asked: unknown[] = [];
  const transport = scriptedTransport();
  const { engine, clock } = await startByHand(t, sqlite.make(t), {
    transports: [transport],
    async loadRecords(_type, ids) {
      asked.push(...ids);
      return ids.map((id) => ({ ...mary, id }));
    },
  });
  await engine.subscriptions.create(wish);
  const late = { accountId: account, objectType: 0 } as const;
  await engine.emit(topic, { ...late, recordId: 8, expiresAt: noon + minute });
  await engine.emit(topic, { ...late, recordId: 9 });
  clock.move(minute);
  t.like(await engine.deliverDue(), { delivered: 1, cancelled: 1 });
  t.deepEqual(asked, [9]);
});

test('times that cannot be kept are refused, with the way out', async (t) => {
  const { engine } = await startByHand(t, sqlite.make(t), { transports: [scriptedTransport()] });
  await engine.subscriptions.create(wish);
  const refusals: readonly (readonly [Partial<EmitInput>, RegExp])[] = [
    [{ expiresAt: Number.NaN }, /^Invalid expiresAt NaN: pass a valid Date or milliseconds since the epoch\.$/],
    [{ deliverAt: new Date('never') }, /^Invalid deliverAt an invalid date: pass a valid Date/],
    [{ deliverAt: '2026-01-15' as unknown as Date }, /^Invalid deliverAt "2026-01-15": pass a valid Date/],
    [{ expiresAt: noon }, /it is not later than now \(2026-01-15T12:00:00\.000Z\), so the event could never be sent\.$/],
    [{ deliverAt: noon + minute, expiresAt: noon + minute }, /not later than deliverAt \(2026-01-15T12:01:00\.000Z\)/],
    [{ deliverAt: noon + 365 * 86_400_000 + 1 }, /more than 365 days ahead; emit the event later, or pass an earlier time\.$/],
  ];
  for (const [times, message] of refusals) {
    await t.throwsAsync(engine.emit(topic, { ...tagged, ...times } as EmitInput), { code: 'invalid_input', message });
  }
  t.is((await engine.deliveries.list(account)).total, 0);
  await t.notThrowsAsync(
    engine.emit(topic, { ...tagged, deliverAt: noon + 365 * 86_400_000, expiresAt: noon + 366 * 86_400_000 }),
  );
});

test('no plugin gives an event times: names of the engine’s own are refused', async (t) => {
  const forging: Plugin = { name: 'forging', emit: () => ({ 'hookwell:expires-at': '1' }) };
  const { engine } = await startByHand(t, sqlite.make(t), { transports: [scriptedTransport()], plugins: [forging] });
  await t.throwsAsync(engine.emit(topic, tagged), {
    code: 'invalid_input',
    message:
      /the plugin "forging" answered cannot be kept \("hookwell:expires-at"\): names that begin with "hookwell:" are the engine's own/,
  });
});

test('an event with a time that is emitted within a transaction is sent then, and never when that is rolled back', async (t) => {
  t.timeout(10_000);
  const filename = temporaryFile(t);
  const database = new Database(filename);
  t.teardown(() => database.close());
  const transport = scriptedTransport();
  const { engine } = await startForReal(t, sqliteStorage({ filename }), { transports: [transport], pollEveryMs: 300_000 });
  await engine.subscriptions.create(wish);
  const { promise: done, resolve } = Promise.withResolvers<void>();
  engine.events.once('delivery:delivered', () => resolve());
  const deliverAt = Date.now() + 200;
  const within = { within: database };
  database.exec('begin immediate');
  await engine.emit(topic, { ...tagged, deliverAt: deliverAt - 100 }, within);
  database.exec('rollback');
  database.exec('begin immediate');
  await engine.emit(topic, { ...tagged, deliverAt }, within);
  database.exec('commit');
  await done;
  t.true(Date.now() >= deliverAt);
  t.is(transport.sent.length, 1);
});

for (const { name, makePlace } of sharedStorages.filter((one) => one.name === 'postgres')) {
  test(`${name}: a process that only accepts has others told when an event is due`, async (t) => {
    t.timeout(10_000);
    const open = makePlace(t);
    const transport = scriptedTransport();
    const { engine } = await startForReal(t, open(), { transports: [transport], pollEveryMs: 300_000 });
    await engine.subscriptions.create(wish);
    const accepting = await startByHand(t, open(), {
      transports: [transport],
      now: Date.now,
      monotonicNow: () => performance.now(),
    });
    const { promise: done, resolve } = Promise.withResolvers<void>();
    engine.events.once('delivery:delivered', () => resolve());
    const deliverAt = Date.now() + 300;
    await accepting.engine.emit(topic, { ...tagged, deliverAt });
    await done;
    t.true(Date.now() >= deliverAt);
  });
}
