import type { LoadRecords, Plugin, Subscription } from '@hookwell/core';
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
  startReceiver,
  temporaryFile,
  toldAs,
} from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const topic = 'sub_tag(3)';
const contact = { accountId: 7, objectType: 'Contact' } as const;
const subscribe = { accountId: 7, url: 'script://a', topic } as const;

/** A CRM's table of contacts, and what was asked of it. */
function contacts(...rows: readonly Readonly<Record<string, string | number>>[]) {
  const table = new Map<string, Readonly<Record<string, string | number>>>(rows.map((row) => [String(row['id']), row]));
  const asked: { readonly accountId: string; readonly objectType: string; readonly ids: readonly (string | number)[] }[] = [];
  const loadRecords: LoadRecords = async ({ name }, ids, { accountId }) => {
    asked.push({ accountId, objectType: name, ids });
    return ids.map((id) => table.get(String(id))).filter((row) => row !== undefined);
  };
  return { table, asked, loadRecords };
}

const dataOf = (body: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    [...new URLSearchParams(body)].flatMap(([name, value]) => {
      const field = /^data\[(.*)\]$/.exec(name)?.[1];
      return field === undefined ? [] : [[field, value]];
    }),
  );

for (const { name, make } of storages) {
  test(`${name}: an event with an id only is sent with its record as it is then, loaded once for all subscriptions and events`, async (t) => {
    const receiver = await startReceiver(t);
    const { table, asked, loadRecords } = contacts(mary, { id: 9, firstname: 'John' });
    const { engine, told } = await startByHand(t, make(t), { loadRecords });
    for (let more = 0; more < 5; more += 1) await engine.subscriptions.create({ ...subscribe, url: receiver.url('/') });
    await engine.subscriptions.create({ ...subscribe, accountId: 8, url: receiver.url('/8') });
    await Promise.all([
      engine.emit(topic, { ...contact, recordId: 8 }),
      engine.emit(topic, { ...contact, recordId: '9' }),
      engine.emit(topic, { ...contact, recordId: 8n }),
      engine.emit(topic, { ...contact, accountId: 8, recordId: 8 }),
    ]);
    t.deepEqual(asked, [], 'nothing is loaded by emit');
    table.set('8', { ...mary, firstname: 'Maria' });
    await engine.deliverDue();
    t.deepEqual(toldAs(told, 'error'), []);
    t.deepEqual(asked.map(({ accountId, objectType, ids }) => `${accountId} ${objectType} ${ids.join()}`).toSorted(), [
      '7 Contact 8,9',
      '8 Contact 8',
    ]);
    const sent = receiver.bodies('/').map(dataOf);
    t.is(sent.length, 15);
    t.is(sent.filter(({ firstname }) => firstname === 'Maria').length, 10);
    t.deepEqual(
      sent.find(({ id }) => id === '9'),
      { id: '9', firstname: 'John', lastname: '', email: '', phone: '' },
      'what was not loaded is sent empty',
    );
    t.deepEqual(receiver.bodies('/8').map(dataOf), [{ ...mary, id: '8', firstname: 'Maria', phone: '' }]);
  });

  test(`${name}: a subscription never gets a field that it may not see, in any format, beside one that may`, async (t) => {
    const receiver = await startReceiver(t);
    const { loadRecords } = contacts({ ...mary, phone: 'secret' });
    const seen: unknown[] = [];
    const plugins: readonly Plugin[] = [
      {
        name: 'policy',
        fields: ({ url }) => (url.includes('/all') ? undefined : ['firstname', ...(url.includes('/email') ? ['email'] : [])]),
        request: ({ subscription, event }) => {
          if (!subscription.url.includes('/all')) seen.push(event.record);
          return ['x-phone', String(event.record['phone'])];
        },
      },
      {
        name: 'own',
        formats: ['own'],
        compose: (_payload, { event, format }) =>
          format === 'own' ? { contentType: 'text/plain', body: JSON.stringify(event.record) } : undefined,
      },
    ];
    const { engine } = await startByHand(t, make(t), { loadRecords, plugins });
    const formats = ['full', 'lightweight', 'notify', 'own'] as const;
    // The one that may see everything first, so that what is composed for it is there to be shared.
    for (const who of ['all', 'some', 'email', 'some-more']) {
      for (const format of formats) {
        for (const encoding of ['form', 'json'] as const) {
          await engine.subscriptions.create({
            ...subscribe,
            url: receiver.url(`/${who}/${format}/${encoding}`),
            format,
            encoding,
          });
        }
      }
    }
    await engine.emit(topic, { ...contact, recordId: 8 });
    await engine.emit(topic, { ...contact, record: { ...mary, phone: 'secret' } });
    await engine.deliverDue();
    t.is(receiver.arrived.length, 64);
    for (const { path, body, headers } of receiver.arrived) {
      const whole = path.startsWith('/all');
      const shows = (text: string): boolean => `${body} ${String(headers['x-phone'])}`.includes(text);
      t.is(shows('secret'), whole, path);
      t.is(shows('Jones'), whole && !path.includes('/notify'), path);
      t.is(shows('mary'), (whole || path.startsWith('/email')) && !path.includes('/notify'), path);
      t.is(shows('Mary'), !path.includes('/notify'), path);
      t.true(shows('8'), path);
    }
    t.deepEqual(dataOf(receiver.bodies('/some/full/form')[0] ?? ''), {
      id: '8',
      firstname: 'Mary',
      lastname: '',
      email: '',
      phone: '',
    });
    for (const record of seen) t.like(record, { id: 8, phone: null, lastname: null });
    // What the log shows is composed anew.
    const { rows } = await engine.deliveries.attempts(7);
    const subscriptions = new Map((await engine.subscriptions.list(7, { limit: 50 })).rows.map((row) => [row.id, row]));
    for (const { deliveryId, subscriptionId, eventId } of rows) {
      const subscription = subscriptions.get(subscriptionId) as Subscription;
      const whole =
        subscription.url.includes('/all') && subscription.format !== 'notify' && subscription.format !== 'lightweight';
      const [body = ''] = await engine.deliveries.bodies(7, [{ subscription, eventId }]);
      t.is(body.includes('secret'), whole);
      t.is((await engine.deliveries.get(7, deliveryId)).request?.body, body);
    }
  });

  test(`${name}: what cannot be loaded is tried again, and says so in the log; what is gone is looked for once more and cancelled`, async (t) => {
    const { table, asked, loadRecords } = contacts(mary);
    let trouble: Error | null = new Error('password "geheim" is wrong');
    const transport = scriptedTransport();
    const { engine, clock, told } = await startByHand(t, make(t), {
      transports: [transport],
      loadRecords: async (...given) => {
        if (trouble) throw trouble;
        return loadRecords(...given);
      },
    });
    await engine.subscriptions.create(subscribe);
    await engine.emit(topic, { ...contact, recordId: 8 });
    t.like(await engine.deliverDue(), { retried: 1 });
    const [line] = (await engine.deliveries.attempts(7)).rows;
    t.like(line, { outcome: 'retry', number: 1, reason: 'its record could not be loaded: loadRecords failed' });
    t.regex(String(toldAs(told, 'error')[0]?.message), /could not be loaded: password/);
    t.like(await engine.explain.delivery(7, line?.deliveryId ?? ''), {
      state: 'retrying',
      because: 'attempt 1 failed: its record could not be loaded: loadRecords failed',
    });
    t.is((await engine.deliveries.get(7, line?.deliveryId ?? '')).request, null);
    t.is((await engine.subscriptions.get(7, 1))?.health, 'healthy', 'it is not held against the endpoint');
    trouble = null;
    clock.move(60_000);
    t.like(await engine.deliverDue(), { delivered: 1 });
    t.is(transport.sent.length, 1);

    await engine.emit(topic, { ...contact, recordId: 404 });
    await engine.deliverDue();
    clock.move(30_000);
    t.like(await engine.deliverDue(), { cancelled: 1 });
    const [last, before] = (await engine.deliveries.attempts(7, { limit: 2 })).rows;
    t.like(before, { outcome: 'retry', reason: 'its record is gone: there is no Contact 404 (looked for once more)' });
    t.like(last, { outcome: 'cancelled', number: 0, reason: 'its record is gone: there is no Contact 404' });

    // One that comes back is sent again when its owner asks for it.
    table.set('404', { ...mary, id: 404 });
    await engine.deliveries.replay(7, last?.deliveryId ?? '');
    t.like(await engine.deliverDue(), { delivered: 1 });
    t.is(dataOf(transport.sent.at(-1)?.body ?? '')['id'], '404');
    t.is(asked.at(-1)?.ids.length, 1);
  });
}

test('what came into memory together is loaded together, in batches of a bounded size', async (t) => {
  const lanes = 24;
  const { table, asked, loadRecords } = contacts();
  for (let id = 1; id <= 4 * lanes; id += 1) table.set(String(id), { id });
  const transport = scriptedTransport();
  const { engine } = await startForReal(t, sqlite.make(t), { transports: [transport], loadRecords, loadBatchSize: 40 });
  for (let tag = 0; tag < lanes; tag += 1) await engine.subscriptions.create({ ...subscribe, topic: `sub_tag(${tag})` });
  const all = new Promise<void>((resolve) => {
    engine.events.on('delivery:delivered', () => void (transport.sent.length === 4 * lanes && resolve()));
  });
  const emits = Array.from({ length: 4 * lanes }, async (_, index) =>
    engine.emit(`sub_tag(${index % lanes})`, { ...contact, recordId: index + 1 }),
  );
  await Promise.all(emits);
  await all;
  t.deepEqual(
    asked.map(({ ids }) => ids.length),
    [40, 40, 16],
    'though each lane begins with two at a time',
  );
});

test('a load that hangs is given up, one that answers nonsense is none, and what concerns one record fails that one', async (t) => {
  const transport = scriptedTransport();
  let answer: () => unknown = () => new Promise(() => undefined);
  const { engine, told } = await startForReal(t, sqlite.make(t), {
    transports: [transport],
    hookTimeoutMs: 20,
    loadRecords: () => answer() as never,
  });
  await engine.subscriptions.create(subscribe);
  const reasonOf = async (recordId: number): Promise<string> => {
    const logged = new Promise<string>((resolve) => {
      const note = ({ outcome }: { readonly outcome: { readonly eventId: string; readonly reason: string } }) =>
        resolve(outcome.reason);
      engine.events.once('delivery:retrying', note);
      engine.events.once('delivery:delivered', () => resolve('delivered'));
    });
    await engine.emit(topic, { ...contact, recordId });
    const reason = await logged;
    engine.events.removeAllListeners('delivery:retrying').removeAllListeners('delivery:delivered');
    return reason;
  };
  t.is(await reasonOf(1), 'its record could not be loaded: loadRecords has not answered within 20 ms');
  for (const nonsense of [undefined, null, 7, 'text', {}]) {
    answer = () => nonsense;
    t.regex(await reasonOf(2), /^its record could not be loaded: loadRecords answered neither a Map/);
  }
  answer = () => new Map([[3, { id: 4 }]]);
  t.is(await reasonOf(3), 'its record could not be loaded: loadRecords answered the Contact 4 for it');
  answer = () => new Map([[3, { id: 3, shoe_size: 43 }]]);
  t.is(await reasonOf(3), 'its record could not be loaded: loadRecords failed');
  answer = () => new Map([[3n, { firstname: 'no id of its own' }]]);
  t.is(await reasonOf(3), 'delivered');
  t.true(toldAs(told, 'error').length >= 8);
  t.is(transport.sent.length, 1);
});

test('what is loaded beyond the time of a lease is handed back unsent', async (t) => {
  const { transport, answers } = slowTransport();
  const loads: (() => void)[] = [];
  const { engine, clock } = await startByHand(t, sqlite.make(t), {
    transports: [transport],
    leaseMs: 10_000,
    loadRecords: async () => {
      await new Promise<void>((resolve) => loads.push(resolve));
      return [mary];
    },
  });
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise(setImmediate);
  };
  await engine.subscriptions.create(subscribe);
  await engine.emit(topic, { ...contact, recordId: 8 });
  const round = engine.deliverDue();
  await until(() => loads.length === 1);
  clock.move(7_000);
  loads[0]?.();
  // It is claimed again, and loaded again.
  await until(() => loads.length === 2 || answers.length === 1);
  const sentLate = answers.length;
  loads[1]?.();
  await until(() => answers.length === 1);
  answers[0]?.(delivered);
  t.like(await round, { delivered: 1 });
  t.is(sentLate, 0, 'its lease may end in the middle of a request');
});

test('an event with an id is part of a transaction, and is loaded once that has committed', async (t) => {
  const filename = temporaryFile(t);
  const { asked, loadRecords } = contacts(mary);
  const transport = scriptedTransport();
  const { engine } = await startByHand(t, sqliteStorage({ filename }), { transports: [transport], loadRecords });
  await engine.subscriptions.create(subscribe);
  const database = new Database(filename);
  for (const end of ['rollback', 'commit']) {
    database.exec('begin');
    await engine.emit(topic, { ...contact, recordId: 8 }, { within: database });
    database.exec(end);
    await engine.deliverDue();
  }
  database.close();
  t.is(asked.length, 1);
  t.is(transport.sent.length, 1);
});

test('emit takes a record or the id of one, and an id only where records can be loaded', async (t) => {
  const { loadRecords } = contacts(mary);
  const { engine, told } = await startByHand(t, sqlite.make(t), { loadRecords });
  const both = { ...contact, record: mary, recordId: 8 } as never;
  await t.throwsAsync(engine.emit(topic, both), { code: 'invalid_input', message: /got both/ });
  for (const recordId of ['', Number.NaN, true as never, {} as never]) {
    await t.throwsAsync(engine.emit(topic, { ...contact, recordId }), { code: 'invalid_record' });
  }
  await t.throwsAsync(engine.emit(topic, contact as never), { code: 'invalid_record' });
  await engine.emit(topic, { ...contact, recordId: 8 });
  t.like(toldAs(told, 'event:stored')[0]?.event, { record: { id: 8 }, occurredAt: noon });
  const without = await startByHand(t, sqlite.make(t));
  await t.throwsAsync(without.engine.emit(topic, { ...contact, recordId: 8 }), {
    code: 'invalid_input',
    message: /needs the option "loadRecords"/,
  });
});

test('a policy of fields that answers nonsense sends nothing', async (t) => {
  const transport = scriptedTransport(() => failed('endpoint', 'never asked'));
  const answers: unknown[] = [null, 'email', { email: true }, Promise.resolve(['email'])];
  for (const answer of answers) {
    const { engine } = await startByHand(t, sqlite.make(t), {
      transports: [transport],
      plugins: [{ name: 'policy', fields: () => answer as never }],
    });
    await engine.subscriptions.create(subscribe);
    await engine.emit(topic, { ...contact, record: mary });
    t.like(await engine.deliverDue(), { retried: 1 });
    t.regex(
      (await engine.deliveries.attempts(7)).rows[0]?.reason ?? '',
      /^internal_error: the fields hook of the plugin "policy"/,
    );
  }
  t.is(transport.sent.length, 0);
});
