import { filters, type Filter, type StorageAdapter, type SubscriptionInput } from '@hookwell/core';
import test from 'ava';
import { sqlite, startByHand, startReceiver, toldAs } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const car = { id: 5, make: 'Volvo', year: '1974', price: 900 };
const input: SubscriptionInput = { accountId: 7, url: 'http://127.0.0.1:1/', topic: 'object_create(10001)' };
const withFilter = (filter: Filter) => ({ attributes: { filter: JSON.stringify(filter) } });
const emission = (record: Readonly<Record<string, string | number>>) => ({ accountId: 7, objectType: 'Car', record }) as const;

for (const { name, make } of storages) {
  test(`${name}: a subscription with a filter gets the events that it lets through, and others get all`, async (t) => {
    const receiver = await startReceiver(t);
    const { engine, told } = await startByHand(t, make(t), { plugins: [filters()] });
    const subscribe = async (path: string, filter?: Filter) =>
      engine.subscriptions.create({ ...input, url: receiver.url(path), ...(filter && withFilter(filter)) });
    await subscribe('/all');
    await subscribe('/old', { lt: { 'data.year': 1980 } });
    const { id } = await subscribe('/dear', { gte: { 'data.price': 1_000 } });
    t.like(await engine.emit('object_create(10001)', emission(car)), { deliveries: 2 });
    t.like(await engine.emit('object_create(10001)', emission({ ...car, id: 6, year: 1_999 })), { deliveries: 1 });
    await engine.deliverDue();
    const ids = (path: string) => receiver.bodies(path).map((body) => new URLSearchParams(body).get('data[id]'));
    t.deepEqual([ids('/all'), ids('/old'), ids('/dear')], [['5', '6'], ['5'], []]);

    await engine.subscriptions.update(7, id, withFilter({ gte: { 'data.price': 100 } }));
    await engine.emit('object_create(10001)', emission({ ...car, id: 7 }));
    await engine.subscriptions.update(7, id, { attributes: { filter: null } });
    await engine.emit('object_create(10001)', emission({ ...car, id: 8, price: 0 }));
    await engine.deliverDue();
    t.deepEqual(ids('/dear'), ['7', '8'], 'a filter that was changed counts from the next event on');
    t.deepEqual(toldAs(told, 'error'), []);
  });

  test(`${name}: a filter that cannot be read lets nothing through to its subscription, and is reported once`, async (t) => {
    const receiver = await startReceiver(t);
    const storage = make(t);
    const { engine, told } = await startByHand(t, storage, { plugins: [filters()] });
    await engine.subscriptions.create({ ...input, url: receiver.url('/good') });
    const broken = ['{"exact":', '{"matches":{"data.make":"V"}}', 'null', '', '{"exact":{"data.__proto__":1}}'];
    for (const filter of broken) {
      const { id } = await engine.subscriptions.create({ ...input, url: receiver.url('/bad') });
      // Past the engine, as somebody with a database client would.
      await storage.updateSubscription('7', id, { attributes: { filter } });
    }
    for (const id of [1, 2]) t.like(await engine.emit('object_create(10001)', emission({ ...car, id })), { deliveries: 1 });
    await engine.deliverDue();
    t.deepEqual(
      receiver.arrived.map(({ path }) => path),
      ['/good', '/good'],
    );
    const errors = toldAs(told, 'error').map(({ message }) => message);
    t.is(errors.length, broken.length);
    for (const message of errors)
      t.regex(message, /^The filter of subscription \d+ cannot be read, so that nothing is sent to it: Inv/);
  });
}

test('a filter is checked when a subscription is made, and when its filter or its topic is changed', async (t) => {
  const { engine } = await startByHand(t, sqlite.make(t), { plugins: [filters()] });
  const { create, update, get } = engine.subscriptions;
  const refused = async (filter: string, message: RegExp, topic = input.topic) =>
    t.throwsAsync(async () => create({ ...input, topic, attributes: { filter } }), { code: 'invalid_input', message });
  await refused('{"exact":', /^Invalid filter: "\{\\"exact\\":" is no JSON; pass JSON\.stringify\(filter\)\.$/);
  await refused(
    '{"exact":{"data.makr":"V"}}',
    /^Invalid filter at exact: no record of "object_create\(10001\)" has the field "makr"\. Did you mean "make"\? N/,
  );
  await refused('{"exact":{"data.email":"V"}}', /no record of "object_create\(10001\)" has the field "email"/);
  await refused(
    '{"exact":{"data.emial":"V"}}',
    /no record of "sub_tag\(3\)" has the field "emial"\. Did you mean "email"\?/,
    'sub_tag(3)',
  );
  await refused(
    `{"exact":{"data.make":"${'x'.repeat(4_000)}"}}`,
    /^Invalid filter: its JSON has 40\d\d characters, and at most 2000/,
  );

  const { id } = await create({ ...input, ...withFilter({ exact: { 'data.make': 'Volvo' } }) });
  const wrong = { code: 'invalid_input', message: /^Invalid filter/ };
  await t.throwsAsync(async () => update(7, id, { attributes: { filter: '{}' } }), wrong);
  await t.throwsAsync(async () => update(7, id, { topic: 'object_create(0)' }), wrong, 'contacts have no make');
  t.is((await get(7, id)).attributes['filter'], '{"exact":{"data.make":"Volvo"}}');
  t.like(await update(7, id, { topic: 'sub_tag(3)' }), { topic: 'sub_tag(3)' }, 'a car may be tagged');
});

test('no filter may name a field that is hidden, and one that does so already lets nothing through', async (t) => {
  const storage = sqlite.make(t);
  const keeper = filters({ hiddenFields: ['price'] });
  const { engine, told } = await startByHand(t, storage, { plugins: [keeper] });
  const hidden: Filter = { not: { gt: { 'data.price': 5 } } };
  const wrong = {
    code: 'invalid_input',
    message: 'Invalid filter at not.gt: the field "price" is not shown here; name another one.',
  };
  await t.throwsAsync(async () => engine.subscriptions.create({ ...input, ...withFilter(hidden) }), wrong);
  await t.throwsAsync(async () => keeper.preview(engine, { accountId: 7, topic: input.topic, filter: hidden }), wrong);
  const { id } = await engine.subscriptions.create(input);
  const subscription = await storage.updateSubscription('7', id, withFilter(hidden));
  t.like(await engine.emit('object_create(10001)', emission({ ...car, price: 1 })), { deliveries: 0 });
  t.is(toldAs(told, 'error').length, 1);
  t.throws(() => keeper.filterOf(subscription ?? { attributes: {} }), wrong);
});

test('the filter of a subscription can be asked for, and whether it lets an event through', async (t) => {
  const keeper = filters();
  const { engine, told } = await startByHand(t, sqlite.make(t), { plugins: [keeper] });
  const filter: Filter = { exact: { 'data.make': 'Volvo' } };
  const [without, one] = [
    await engine.subscriptions.create(input),
    await engine.subscriptions.create({ ...input, ...withFilter(filter) }),
  ];
  t.deepEqual([keeper.filterOf(without), keeper.filterOf(one)], [null, filter]);
  await engine.emit('object_create(10001)', emission(car));
  await engine.emit('object_create(10001)', emission({ ...car, make: 'Saab' }));
  t.deepEqual(
    toldAs(told, 'event:stored').map(({ event }) => [keeper.passes(without, event), keeper.passes(one, event)]),
    [
      [true, true],
      [true, false],
    ],
  );
});

test('a preview tells which of the last events of a topic a filter lets through, each once, and sends nothing', async (t) => {
  const receiver = await startReceiver(t, ({ body }) => (body.includes('data%5Bid%5D=3&') ? 500 : 200));
  const keeper = filters();
  const { engine, clock } = await startByHand(t, sqlite.make(t), { plugins: [keeper] });
  for (const accountId of [7, 7, 8]) await engine.subscriptions.create({ ...input, accountId, url: receiver.url('/') });
  await engine.subscriptions.create({ ...input, topic: 'sub_tag(3)', url: receiver.url('/') });
  const emitted: string[] = [];
  for (const id of [1, 2, 3, 4, 5]) {
    emitted.unshift((await engine.emit('object_create(10001)', emission({ ...car, id }))).id);
    await engine.deliverDue();
    clock.move(5_000);
  }
  await engine.emit('sub_tag(3)', emission({ ...car, id: 6 }));
  await engine.emit('object_create(10001)', { ...emission({ ...car, id: 7 }), accountId: 8 });
  await engine.deliverDue();
  const arrived = receiver.arrived.length;
  const filter: Filter = { gte: { 'data.id': 4 } };
  const asked = { accountId: 7, topic: input.topic, filter };
  const all = await keeper.preview(engine, asked);
  t.is(all.matched, 2);
  t.deepEqual(
    all.events.map(({ id, matches }) => [id, matches]),
    emitted.map((id, index) => [id, index < 2]),
  );
  t.is((await keeper.preview(engine, { ...asked, limit: 2 })).events.length, 2);
  t.deepEqual(await keeper.preview(engine, { ...asked, accountId: 9 }), { events: [], matched: 0 });
  t.is(receiver.arrived.length, arrived);
  for (const limit of [0, 101, 1.5]) {
    await t.throwsAsync(async () => keeper.preview(engine, { ...asked, limit }), {
      code: 'invalid_input',
      message: /^Invalid limit/,
    });
  }
  await t.throwsAsync(async () => keeper.preview(engine, { ...asked, filter: { exact: {} } }), { code: 'invalid_input' });
});

for (const { name, make } of storages) {
  test(`${name}: a preview, and the list of events, have what nobody got, the newest first`, async (t) => {
    const keeper = filters();
    const { engine, clock } = await startByHand(t, make(t), { plugins: [keeper] });
    const emitted: string[] = [];
    for (const id of [1, 2, 3]) {
      clock.move(1_000);
      emitted.unshift((await engine.emit('object_create(10001)', emission({ ...car, id }))).id);
      await engine.emit('object_create(10001)', { ...emission(car), accountId: 8 });
    }
    await engine.emit('sub_tag(3)', emission(car));
    const { events, matched } = await keeper.preview(engine, { ...input, filter: { lte: { 'data.id': 2 } } });
    t.deepEqual(
      events.map(({ id, matches }) => [id, matches]),
      emitted.map((id, index) => [id, index > 0]),
    );
    t.is(matched, 2);
    const listed = await engine.deliveries.events(7, { topic: input.topic, limit: 2 });
    t.deepEqual([listed.events.map(({ id }) => id), listed.complete], [emitted.slice(0, 2), false]);
    t.like(await engine.deliveries.events(7), { complete: true, events: { length: 4 } });
    await t.throwsAsync(engine.deliveries.events(7, { limit: 0 }), { code: 'invalid_input', message: /^Invalid limit 0/ });
  });
}

test('a preview goes on with what the log has where others have stored too much since', async (t) => {
  const receiver = await startReceiver(t);
  const keeper = filters();
  const storage = sqlite.make(t);
  let looks = 0;
  const crowded: StorageAdapter = {
    ...storage,
    async listEvents(_accountId, search) {
      looks += search.looks;
      return { events: [], after: 'further' };
    },
  };
  const { engine } = await startByHand(t, crowded, { plugins: [keeper] });
  await engine.subscriptions.create({ ...input, url: receiver.url('/') });
  const { id } = await engine.emit('object_create(10001)', emission(car));
  await engine.deliverDue();
  const { events } = await keeper.preview(engine, { ...input, filter: { exact: { 'data.id': 5 } } });
  t.like(events, [{ id, matches: true }] as never);
  t.is(looks, 20_000, 'and it looks no further than that');
});
