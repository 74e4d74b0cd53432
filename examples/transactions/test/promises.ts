import type { Engine } from '@hookwell/core';
import type { ExecutionContext } from 'ava';
import type { EventName, Receiver } from '../../../test/engine-fixture.ts';
import type { Host } from '../src/host.ts';

/** Where a promise is put to the test: a host beside an engine that runs, and a receiver. */
export interface Ground {
  readonly host: Host;
  readonly engine: Engine<EventName>;
  readonly receiver: Receiver;
  /** How many rows these tables have at one moment. A delivery is in `deliveries` until it is in `attempts`. */
  readonly count: (...tables: readonly ('events' | 'deliveries' | 'attempts' | 'subscriptions')[]) => Promise<number>;
  /** How many contacts have that name. */
  readonly contacts: (firstname: string) => Promise<number>;
}

type Promised = (t: ExecutionContext, ground: Ground) => Promise<void>;

/** What is thrown to have a transaction rolled back. */
const changedItsMind = new Error('the host has changed its mind');

/** What arrived at a path of the receiver: the data of each payload. */
function dataAt({ receiver }: Ground, path: string): readonly { readonly id: string; readonly firstname: string }[] {
  return receiver.bodies(path).map((body) => {
    const { id, firstname } = (JSON.parse(body) as { data: { id: string | number; firstname: string } }).data;
    return { id: String(id), firstname };
  });
}

function wanting({ receiver }: Ground, path: string) {
  return { accountId: 1, url: receiver.url(path), topic: 'object_create(0)', encoding: 'json' } as const;
}

/** Adds a contact in a transaction of its own, and waits until its event has arrived at that path. */
async function addAndAwait(ground: Ground, path: string, firstname: string): Promise<string> {
  const { host, engine, receiver } = ground;
  let id = 0;
  await host.transaction(async (trx) => {
    id = await host.addContact(trx, engine, firstname);
  });
  await receiver.until(() => dataAt(ground, path).some((data) => data.firstname === firstname));
  return String(id);
}

/** What must hold on every library; the engine does not poll, so what arrives was sent because of the commit. */
export const promises: Readonly<Record<string, Promised>> = {
  async 'what is committed is received at once, with the record'(t, ground) {
    const { engine, contacts } = ground;
    await engine.subscriptions.create(wanting(ground, '/a'));
    const id = await addAndAwait(ground, '/a', 'Mary');
    t.deepEqual(dataAt(ground, '/a'), [{ id, firstname: 'Mary' }]);
    t.is(await contacts('Mary'), 1);
  },

  async 'what is rolled back is neither received nor stored'(t, ground) {
    const { host, engine, count, contacts } = ground;
    await engine.subscriptions.create(wanting(ground, '/a'));
    const rolledBack = host.transaction(async (trx) => {
      await host.addContact(trx, engine, 'Mary');
      throw changedItsMind;
    });
    t.is(await t.throwsAsync(rolledBack), changedItsMind);
    const id = await addAndAwait(ground, '/a', 'Susan');
    t.deepEqual(dataAt(ground, '/a'), [{ id, firstname: 'Susan' }], 'the lane is in order: Mary would have come first');
    t.deepEqual([await contacts('Mary'), await contacts('Susan')], [0, 1]);
    t.deepEqual([await count('events'), await count('deliveries', 'attempts')], [1, 1]);
  },

  async 'what is undone with a part of a transaction never was, and the rest is received'(t, ground) {
    const { host, engine, count, contacts } = ground;
    await engine.subscriptions.create(wanting(ground, '/a'));
    await host.transaction(async (trx) => {
      await host.addContact(trx, engine, 'Mary');
      const undone = host.savepoint(trx, async (part) => {
        await host.addContact(part, engine, 'Susan');
        throw changedItsMind;
      });
      t.is(await t.throwsAsync(undone), changedItsMind);
      await host.savepoint(trx, async (part) => void (await host.addContact(part, engine, 'Ann')));
    });
    await addAndAwait(ground, '/a', 'Jane');
    t.deepEqual(
      dataAt(ground, '/a').map(({ firstname }) => firstname),
      ['Mary', 'Ann', 'Jane'],
    );
    t.deepEqual([await contacts('Mary'), await contacts('Susan'), await contacts('Ann'), await count('events')], [1, 0, 1, 3]);
  },

  async 'a transaction that is repeated because nobody knows whether it was committed emits once'(t, ground) {
    const { host, engine, count } = ground;
    await engine.subscriptions.create(wanting(ground, '/a'));
    const emitIn = async (trx: unknown, firstname: string) => {
      const mary = { accountId: 1, objectType: 'Contact', record: { id: 8, firstname }, idempotencyKey: 'request 7' } as const;
      return engine.emit('object_create(0)', mary, { within: await host.within(trx) });
    };
    const answers: boolean[] = [];
    for (let run = 0; run < 2; run += 1) {
      await host.transaction(async (trx) => void answers.push((await emitIn(trx, 'Mary')).duplicate));
    }
    t.deepEqual(answers, [false, true]);
    const other = host.transaction(async (trx) => void (await emitIn(trx, 'Susan')));
    await t.throwsAsync(other, { code: 'idempotency_conflict' });
    await addAndAwait(ground, '/a', 'Ann');
    t.deepEqual(
      dataAt(ground, '/a').map(({ firstname }) => firstname),
      ['Mary', 'Ann'],
    );
    t.is(await count('events'), 2);
  },

  async 'an event that is refused leaves the transaction to the host'(t, ground) {
    const { host, engine, count, contacts } = ground;
    await engine.subscriptions.create(wanting(ground, '/a'));
    const wrong = { accountId: 1, objectType: 'Contact', record: { shoeSize: 43 } } as const;
    await host.transaction(async (trx) => {
      await t.throwsAsync(engine.emit('object_create(0)', wrong, { within: await host.within(trx) }), {
        code: 'invalid_record',
      });
      await host.addContact(trx, engine, 'Mary');
    });
    const ended = host.transaction(async (trx) => {
      await host.addContact(trx, engine, 'Susan');
      await engine.emit('object_create(0)', wrong, { within: await host.within(trx) });
    });
    await t.throwsAsync(ended, { code: 'invalid_record' });
    await addAndAwait(ground, '/a', 'Ann');
    t.deepEqual(
      dataAt(ground, '/a').map(({ firstname }) => firstname),
      ['Mary', 'Ann'],
    );
    t.deepEqual([await contacts('Mary'), await contacts('Susan'), await count('events')], [1, 0, 2]);
  },

  async 'a subscription that is made in the transaction gets what is emitted in it'(t, ground) {
    const { host, engine, receiver } = ground;
    const { id } = await engine.subscriptions.create(wanting(ground, '/a'));
    await host.transaction(async (trx) => {
      const within = await host.within(trx);
      await engine.subscriptions.create(wanting(ground, '/b'), { within });
      await engine.subscriptions.remove(1, id, { within });
      await host.addContact(trx, engine, 'Mary');
    });
    await receiver.until(() => dataAt(ground, '/b').length === 1);
    t.is(dataAt(ground, '/b')[0]?.firstname, 'Mary');
    t.deepEqual(dataAt(ground, '/a'), [], 'it had been ended before');
  },

  async 'a subscription of a transaction that is rolled back was never made, nor one ended'(t, ground) {
    const { host, engine, count } = ground;
    const { id } = await engine.subscriptions.create(wanting(ground, '/a'));
    const rolledBack = host.transaction(async (trx) => {
      const within = await host.within(trx);
      await engine.subscriptions.create(wanting(ground, '/b'), { within });
      await engine.subscriptions.remove(1, id, { within });
      throw changedItsMind;
    });
    t.is(await t.throwsAsync(rolledBack), changedItsMind);
    await addAndAwait(ground, '/a', 'Mary');
    t.deepEqual(dataAt(ground, '/b'), []);
    t.is(await count('subscriptions'), 1);
  },

  async 'what runs outside of a transaction is refused, and nothing is stored'(t, ground) {
    const { host, engine, count } = ground;
    await engine.subscriptions.create(wanting(ground, '/a'));
    const mary = { accountId: 1, objectType: 'Contact', record: { id: 8, firstname: 'Mary' } } as const;
    await t.throwsAsync(engine.emit('object_create(0)', mary, { within: await host.outside() }), { code: 'invalid_input' });
    t.is(await count('events', 'deliveries', 'attempts'), 0);
  },
};
