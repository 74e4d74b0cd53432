import type { EmitInput, StorageAdapter } from '@hookwell/core';
import test from 'ava';
import { makeEngine, mary, noon, sqlite, startByHand, startReceiver, toldAs, type EventName } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

type Topic = `${EventName}(${number})`;
const contact: EmitInput = { accountId: 7, objectType: 0, record: mary };

const refused: readonly (readonly [what: string, topic: string, input: unknown, code: string, message: RegExp])[] = [
  ['an unknown event', 'sub_tga(3)', contact, 'unknown_event', /Unknown event "sub_tga". Did you mean "sub_tag"\?/],
  ['an event of the prototype', 'constructor(3)', contact, 'unknown_event', /Unknown event "constructor"/],
  ['no number', 'sub_tag', contact, 'invalid_topic', /write name\(number\)/],
  ['an empty number', 'sub_tag()', contact, 'invalid_topic', /write name\(number\)/],
  ['a number with leading zeros', 'sub_tag(03)', contact, 'invalid_topic', /Invalid event "sub_tag\(03\)"/],
  ['a negative number', 'sub_tag(-3)', contact, 'invalid_topic', /Invalid event/],
  ['a number beyond 2^53', 'sub_tag(9007199254740993)', contact, 'invalid_topic', /at most 9007199254740991/],
  ['text behind it', 'sub_tag(3) ', contact, 'invalid_topic', /Invalid event/],
  ['a line break behind it', 'sub_tag(3)\n', contact, 'invalid_topic', /Invalid event/],
  ['no topic', undefined as unknown as string, contact, 'invalid_topic', /Invalid event undefined/],
  ['no input', 'sub_tag(3)', undefined, 'invalid_input', /emit takes a topic and \{accountId, objectType, record\}/],
  ['no account', 'sub_tag(3)', { ...contact, accountId: undefined }, 'invalid_input', /Invalid accountId undefined/],
  ['an account with U+0000', 'sub_tag(3)', { ...contact, accountId: 'a\0b' }, 'invalid_input', /without U\+0000/],
  ['a key with half of a pair', 'sub_tag(3)', { ...contact, idempotencyKey: 'k\ud800' }, 'invalid_input', /without U\+0000/],
  ['an empty account', 'sub_tag(3)', { ...contact, accountId: '' }, 'invalid_input', /Invalid accountId ""/],
  ['a fraction for an account', 'sub_tag(3)', { ...contact, accountId: 1.5 }, 'invalid_input', /Invalid accountId 1.5/],
  ['an object for an account', 'sub_tag(3)', { ...contact, accountId: {} }, 'invalid_input', /Invalid accountId \{\}/],
  [
    'an account of 201 characters',
    'sub_tag(3)',
    { ...contact, accountId: 'a'.repeat(201) },
    'invalid_input',
    /Invalid accountId/,
  ],
  ['an unknown object type', 'sub_tag(3)', { ...contact, objectType: 99 }, 'unknown_object_type', /Unknown object type 99/],
  [
    'a misspelt object type',
    'sub_tag(3)',
    { ...contact, objectType: 'contact' },
    'unknown_object_type',
    /Known ones: "0 Contact"/,
  ],
  [
    'a record of another object',
    'object_create(10001)',
    contact,
    'invalid_record',
    /is about object type 10001, but the record is a Contact/,
  ],
  ['a bigint for an account', 'sub_tag(3)', { ...contact, accountId: 5n }, 'invalid_input', /Invalid accountId 5:/],
  ['a bigint for a topic', 5n as unknown as string, contact, 'invalid_topic', /Invalid event 5:/],
  ['an endless topic', 'sub_tag('.repeat(1_000_000), contact, 'invalid_topic', /^Invalid event .{80}: write.{1,300}$/],
  ['no record', 'sub_tag(3)', { ...contact, record: undefined }, 'invalid_record', /not an object of fields/],
  ['a record without an id', 'sub_tag(3)', { ...contact, record: { firstname: 'Mary' } }, 'invalid_record', /has no id/],
  [
    'a misspelt field',
    'sub_tag(3)',
    { ...contact, record: { id: 1, emial: '' } },
    'invalid_record',
    /"emial". Did you mean "email"\?/,
  ],
  [
    'a nested field',
    'sub_tag(3)',
    { ...contact, record: { id: 1, email: {} } },
    'invalid_record',
    /an object or array in "email"/,
  ],
  ['an invalid date', 'sub_tag(3)', { ...contact, occurredAt: new Date('?') }, 'invalid_input', /Invalid occurredAt/],
  ['a time before 1970', 'sub_tag(3)', { ...contact, occurredAt: -1 }, 'invalid_input', /Invalid occurredAt -1/],
  [
    'a text for a time',
    'sub_tag(3)',
    { ...contact, occurredAt: '2026-01-01' },
    'invalid_input',
    /Invalid occurredAt "2026-01-01"/,
  ],
  ['null for a time', 'sub_tag(3)', { ...contact, occurredAt: null }, 'invalid_input', /Invalid occurredAt null/],
  ['an empty key', 'sub_tag(3)', { ...contact, idempotencyKey: '' }, 'invalid_input', /Invalid idempotencyKey ""/],
  ['a number for a key', 'sub_tag(3)', { ...contact, idempotencyKey: 5 }, 'invalid_input', /Invalid idempotencyKey 5/],
];
for (const [what, topic, input, code, message] of refused) {
  test(`emit with ${what} is refused as ${code}, and nothing is stored`, async (t) => {
    let stored = 0;
    const storage = sqlite.make(t);
    const { engine, told } = await startByHand(t, {
      ...storage,
      async storeEvents(batch) {
        stored += 1;
        return storage.storeEvents(batch);
      },
    });
    await engine.subscriptions.create({ accountId: 7, url: 'http://127.0.0.1:1/', topic: 'sub_tag(3)' });
    const error = await t.throwsAsync(async () => engine.emit(topic as Topic, input as EmitInput), { code, message });
    t.is(error?.name, 'HookwellError');
    t.is(stored, 0);
    t.deepEqual(toldAs(told, 'event:stored'), []);
  });
}

test('an engine emits neither before it has started nor after it was stopped, and says so', async (t) => {
  const { engine } = makeEngine(t, sqlite.make(t));
  const message = (problem: string) => ({ code: 'not_running', message: `The engine ${problem}.` });
  const notStarted = message('has not been started; await engine.start() first');
  const stopped = message('has been stopped; create another one');
  await t.throwsAsync(async () => engine.emit('sub_tag(3)', contact), notStarted);
  await t.throwsAsync(async () => engine.deliverDue(), notStarted);
  const starting = engine.start({ deliver: false });
  await starting;
  await engine.emit('sub_tag(3)', contact);
  const stopping = engine.stop();
  await t.throwsAsync(async () => engine.start(), stopped);
  await stopping;
  await t.throwsAsync(async () => engine.emit('sub_tag(3)', contact), stopped);
  await t.throwsAsync(async () => engine.subscriptions.list(7), stopped);
  await t.throwsAsync(async () => engine.deliveries.list(7), stopped);
});

test('an engine that was stopped before it started says that it was stopped', async (t) => {
  const { engine } = makeEngine(t, sqlite.make(t));
  const stopping = engine.stop();
  const stopped = { code: 'not_running', message: 'The engine has been stopped; create another one.' };
  await t.throwsAsync(async () => engine.start(), stopped);
  await t.throwsAsync(async () => engine.emit('sub_tag(3)', contact), stopped);
  await stopping;
});

for (const { name, make } of storages) {
  test(`${name}: an event without subscribers is stored all the same`, async (t) => {
    const { engine, told } = await startByHand(t, make(t));
    const result = await engine.emit('sub_tag(3)', contact);
    t.like(result, { deliveries: 0, duplicate: false });
    t.like(toldAs(told, 'event:stored')[0], { deliveries: 0, event: { id: result.id, accountId: '7', topic: 'sub_tag(3)' } });
    const subscription = await engine.subscriptions.create({ accountId: 7, url: 'http://127.0.0.1:1/', topic: 'sub_tag(3)' });
    const [body] = await engine.deliveries.bodies(7, [{ subscription, eventId: result.id }]);
    t.regex(body ?? '', /data%5Bfirstname%5D=Mary/);
  });

  test(`${name}: an event happened when the host says, and else now`, async (t) => {
    const receiver = await startReceiver(t);
    const { engine, clock } = await startByHand(t, make(t), { concurrency: 1 });
    await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)', format: 'notify' });
    for (const occurredAt of [undefined, 0, 1_514_940_140_999, new Date(1_514_940_141_000)]) {
      clock.move(1_000);
      await engine.emit('sub_tag(3)', { ...contact, occurredAt });
      await engine.deliverDue();
    }
    t.deepEqual(
      receiver.arrived.map(({ body }) => new URLSearchParams(body).get('timestamp')),
      [String(noon / 1_000 + 1), '0', '1514940140', '1514940141'],
    );
  });

  test(`${name}: an event goes to the subscriptions of its own account and topic, and to no others`, async (t) => {
    const receiver = await startReceiver(t);
    const { engine } = await startByHand(t, make(t));
    const wanted = [
      [7, 'sub_tag(3)', '/mine'],
      ['7', 'sub_tag(3)', '/mine-too'],
      [8, 'sub_tag(3)', '/foreign'],
      [7, 'sub_tag(4)', '/other-tag'],
      [7, 'sub_tag(0)', '/no-wildcard'],
      [7, 'unsub_tag(3)', '/other-event'],
    ] as const;
    for (const [accountId, topic, path] of wanted) {
      await engine.subscriptions.create({ accountId, topic, url: receiver.url(path) });
    }
    t.like(await engine.emit('sub_tag(3)', contact), { deliveries: 2 });
    await engine.deliverDue();
    t.deepEqual(receiver.arrived.map(({ path }) => path).toSorted(), ['/mine', '/mine-too']);
  });

  test(`${name}: events that are emitted at once are stored in groups of at most 100, each with one question`, async (t) => {
    const storage = make(t);
    const calls: string[] = [];
    const counted: StorageAdapter = {
      ...storage,
      async findSubscriptions(keys) {
        calls.push(`find ${keys.length}`);
        return storage.findSubscriptions(keys);
      },
      async storeEvents(batch) {
        calls.push(`store ${batch.events.length} + ${batch.deliveries.length}`);
        return storage.storeEvents(batch);
      },
    };
    const { engine } = await startByHand(t, counted);
    await engine.subscriptions.create({ accountId: 7, url: 'http://127.0.0.1:1/', topic: 'sub_tag(3)' });
    const emitAll = async (count: number) =>
      Promise.all(Array.from({ length: count }, async () => engine.emit('sub_tag(3)', contact)));
    const results = await emitAll(100);
    t.deepEqual(calls, ['find 1', 'store 100 + 100']);
    t.is(new Set(results.map(({ id }) => id)).size, 100);
    t.is((await engine.deliveries.list(7)).total, 100);
    calls.length = 0;
    await emitAll(250);
    t.deepEqual(calls, ['find 1', 'store 100 + 100', 'find 1', 'store 100 + 100', 'find 1', 'store 50 + 50']);
  });
}
