import { memoryStorage } from '@hookwell/adapters/memory';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import type { StorageAdapter } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { startByHand, startForReal, startReceiver, temporaryFile, toldAs } from './engine-fixture.ts';

/** A contact of account 7. */
const mary = { accountId: 7, objectType: 0, record: { id: 8, firstname: 'Mary' } } as const;

/** A CRM's own database with an engine that keeps its tables there, on the same handle or on one of its own. */
async function startBeside(t: ExecutionContext, handle: 'shared' | 'own') {
  const filename = temporaryFile(t);
  const database = new Database(filename);
  database.exec('create table contacts (id integer primary key)');
  t.teardown(() => database.close());
  const receiver = await startReceiver(t);
  const storage = sqliteStorage(handle === 'shared' ? { database } : { filename });
  // What is seen soon was not seen by the poll.
  const running = await startForReal(t, storage, { pollEveryMs: 300_000 });
  return { database, receiver, ...running };
}

for (const handle of ['shared', 'own'] as const) {
  test(`${handle} handle: an event emitted within a transaction is sent once that commits, soon and without a poll`, async (t) => {
    const { database, receiver, engine, told } = await startBeside(t, handle);
    await engine.subscriptions.create({ accountId: 7, url: receiver.url('/a'), topic: 'object_create(0)', format: 'notify' });
    database.exec('begin immediate; insert into contacts (id) values (8)');
    const { deliveries } = await engine.emit('object_create(0)', mary, { within: database });
    t.is(deliveries, 1);
    t.is(receiver.arrived.length, 0, 'not before the commit');
    database.exec('commit');
    const committedAt = performance.now();
    await receiver.until(() => receiver.arrived.length === 1);
    t.true(performance.now() - committedAt < 3_000);
    t.deepEqual(toldAs(told, 'event:stored'), [], 'nobody could know whether it would commit');
  });

  test(`${handle} handle: an event and a subscription of a transaction that is rolled back never were`, async (t) => {
    const { database, receiver, engine } = await startBeside(t, handle);
    const { id } = await engine.subscriptions.create({ accountId: 7, url: receiver.url('/a'), topic: 'object_create(0)' });
    database.exec('begin immediate; insert into contacts (id) values (8)');
    const input = { accountId: 7, url: receiver.url('/b'), topic: 'object_create(0)' } as const;
    const made = await engine.subscriptions.create(input, { within: database });
    await engine.subscriptions.remove(7, id, { within: database });
    const { id: eventId, deliveries } = await engine.emit(
      'object_create(0)',
      { ...mary, idempotencyKey: 'k' },
      { within: database },
    );
    t.is(deliveries, 1, 'the subscription of the transaction, and not the one that it ended');
    database.exec('rollback');
    t.is(database.prepare('select count(*) from contacts').pluck().get(), 0);
    const again = await engine.emit('object_create(0)', { ...mary, idempotencyKey: 'k' });
    t.false(again.duplicate);
    await receiver.until(() => receiver.arrived.length > 0);
    t.deepEqual(
      receiver.arrived.map(({ path }) => path),
      ['/a'],
    );
    t.not(again.id, eventId);
    await t.throwsAsync(async () => engine.subscriptions.get(7, made.id), { code: 'not_found' });
  });
}

test('a subscription made within a transaction gets what is emitted in it', async (t) => {
  const { database, receiver, engine } = await startBeside(t, 'shared');
  database.exec('begin immediate');
  const input = { accountId: 7, url: receiver.url('/a'), topic: 'sub_tag(3)', format: 'notify' } as const;
  const { id } = await engine.subscriptions.create(input, { within: database });
  await engine.emit('sub_tag(3)', mary, { within: database });
  database.exec('commit');
  await receiver.until(() => receiver.arrived.length === 1);
  t.regex(receiver.arrived[0]?.body ?? '', new RegExp(`^webhook_id=${id}&`));
});

test('what is emitted at the same time within a transaction is written together, and nobody else gets a turn', async (t) => {
  const filename = temporaryFile(t);
  const database = new Database(filename);
  t.teardown(() => database.close());
  const storage = sqliteStorage({ database });
  const batches: number[] = [];
  const counting: StorageAdapter = {
    ...storage,
    async join(transaction) {
      const joined = await storage.join(transaction);
      const storeEvents: typeof joined.storeEvents = async (batch) => {
        batches.push(batch.events.length);
        return joined.storeEvents(batch);
      };
      return { ...joined, storeEvents };
    },
  };
  const { engine } = await startForReal(t, counting, { groupSize: 20 });
  let turns = 0;
  database.exec('begin immediate');
  setImmediate(() => (turns += 1));
  const emitted = await Promise.all(
    Array.from({ length: 50 }, async (_, id) =>
      engine.emit('object_create(0)', { ...mary, record: { id } }, { within: database }),
    ),
  );
  t.is(turns, 0);
  database.exec('commit');
  t.deepEqual(batches, [20, 20, 10]);
  t.is(new Set(emitted.map(({ id }) => id)).size, 50);
  t.is(database.prepare('select count(*) from hookwell_events').pluck().get(), 50);
});

test('a transaction that has ended, another database, or something else is refused, and nothing is stored', async (t) => {
  const { database, engine } = await startBeside(t, 'shared');
  const other = new Database(':memory:');
  t.teardown(() => other.close());
  other.exec('begin');
  for (const [within, message] of [
    [database, /No transaction is open on the database/],
    [other, /the storage is in/],
    [{ begin: true }, /no better-sqlite3 database/],
  ] as const) {
    const error = await t.throwsAsync(async () => engine.emit('object_create(0)', mary, { within }), { code: 'invalid_input' });
    t.regex(error?.message ?? '', message);
  }
  t.is(database.prepare('select count(*) from hookwell_events').pluck().get(), 0);
});

test('a plugin that refuses an event within a transaction leaves the rest of the transaction alone', async (t) => {
  const filename = temporaryFile(t);
  const database = new Database(filename);
  t.teardown(() => database.close());
  const refuse = {
    name: 'refuse',
    emit() {
      throw new Error('not today');
    },
  };
  const { engine } = await startByHand(t, sqliteStorage({ database }), { plugins: [refuse] });
  database.exec('create table contacts (id integer primary key); begin; insert into contacts (id) values (8)');
  await t.throwsAsync(async () => engine.emit('object_create(0)', mary, { within: database }), { message: 'not today' });
  database.exec('commit');
  t.is(database.prepare('select count(*) from contacts').pluck().get(), 1);
  t.is(database.prepare('select count(*) from hookwell_events').pluck().get(), 0);
});

test('storage in memory has no transactions, and says so', async (t) => {
  const { engine } = await startByHand(t, memoryStorage());
  await t.throwsAsync(async () => engine.emit('object_create(0)', mary, { within: {} }), {
    code: 'invalid_input',
    message: /The memory storage has no transactions/,
  });
});
