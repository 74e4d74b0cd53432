import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  createEngine,
  defineCatalog,
  operationalCatalog,
  operationalWebhooks,
  standardWebhooks,
  type Engine,
  type OperationalNotifier,
  type OperationalWebhooksOptions,
  type Plugin,
  type StorageAdapter,
} from '@hookwell/core';
import { verifySignature } from '@hookwell/core/verify';
import { memoryStorage } from '@hookwell/adapters/memory';
import test, { type ExecutionContext } from 'ava';
import {
  catalog as hostCatalog,
  mary,
  noon,
  scriptedTransport,
  sqlite,
  startByHand,
  startReceiver,
  toldAs,
  type Receiver,
  type Running,
} from './engine-fixture.ts';
import { sharedStorages, storages } from './engine-storages.ts';

const minute = 60_000;
const health = { suspendAfterFailures: 4, suspendAfterMs: 0, probeEveryMs: 15 * minute, unsubscribeAfterMs: 60 * minute };
const retry = { scheduleMs: Array.from({ length: 100 }, () => minute), jitter: 0 };
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** The catalog of the other tests, with what notices need. */
const catalog = defineCatalog({
  objectTypes: [...hostCatalog.definition.objectTypes, ...operationalCatalog.definition.objectTypes],
  events: { ...hostCatalog.definition.events, ...operationalCatalog.definition.events },
});
const subscriptionNotices = 'webhook_notice(9001)';
const replayNotices = 'webhook_notice(9002)';

interface Host extends Running {
  readonly notifier: Plugin & OperationalNotifier;
}

async function start(
  t: ExecutionContext,
  storage: StorageAdapter,
  options: OperationalWebhooksOptions = { accountId: 'operations' },
  more: Parameters<typeof startByHand>[2] = {},
): Promise<Host> {
  const notifier = operationalWebhooks(options);
  const plugins = [notifier, ...(more.plugins ?? [])];
  const running = await startByHand(t, storage, { catalog: catalog as never, health, retry, ...more, plugins });
  return { ...running, notifier };
}

/** Subscribes an account of the host's, whose endpoint is at `/customer/…`, and gives it an event. */
async function subscribe({ engine }: Running, receiver: Receiver, accountId: string | number = 7): Promise<number> {
  const url = `${receiver.url('/customer/very-secret')}?token=1`;
  const { id } = await engine.subscriptions.create({ accountId, url, topic: 'sub_tag(3)' });
  await engine.emit('sub_tag(3)', { accountId, objectType: 0, record: mary });
  return id;
}

async function watch(
  { engine }: { readonly engine: Engine<never> | Running['engine'] },
  receiver: Receiver,
  {
    accountId = 'operations',
    path = '/operations',
    topic = subscriptionNotices,
  }: { readonly accountId?: string | number; readonly path?: string; readonly topic?: string } = {},
): Promise<number> {
  const wish = { accountId, url: receiver.url(path), topic, encoding: 'json' } as const;
  return (await engine.subscriptions.create(wish)).id;
}

/** Lets so much time pass, minute by minute, and delivers what is due in each. */
async function pass({ engine, clock }: Running, minutes: number): Promise<void> {
  for (let passed = 0; passed <= minutes; passed += 1) {
    if (passed > 0) clock.move(minute);
    await engine.deliverDue();
    await engine.deliverDue();
  }
}

/** Customers’ endpoints answer as a test says, all others 200. */
const customersAnswer =
  (status: () => number): Receiver['answer'] =>
  ({ path }) =>
    path.startsWith('/customer') ? status() : 200;

const noticesAt = (receiver: Receiver, path = '/operations') =>
  receiver.bodies(path).map((body) => (JSON.parse(body) as { readonly data: Readonly<Record<string, unknown>> }).data);
const namesAt = (receiver: Receiver, path?: string) => noticesAt(receiver, path).map(({ notice }) => notice);

for (const { name, make } of storages) {
  test(`${name}: operators are told of every step of an endpoint’s trouble, and of its end, each once and signed`, async (t) => {
    let status = 500;
    const receiver = await startReceiver(
      t,
      customersAnswer(() => status),
    );
    const host = await start(t, make(t), undefined, { plugins: [standardWebhooks({ secret })] });
    const id = await subscribe(host, receiver);
    await watch(host, receiver);
    await pass(host, 3);
    t.deepEqual(namesAt(receiver), ['warning', 'suspended']);
    const [warning, suspended] = noticesAt(receiver);
    t.like(warning, { id, stage: 'half-way', health: 'failing', consecutive_failures: 2 });
    t.deepEqual(suspended, {
      id,
      notice: 'suspended',
      account_id: '7',
      topic: 'sub_tag(3)',
      url_host: new URL(receiver.url('/')).host,
      health: 'suspended',
      stage: '',
      reason: 'too many errors: 4 in a row over 3 minutes',
      next: host.engine.subscriptions.next(await host.engine.subscriptions.get(7, id)),
      consecutive_failures: 4,
      cancelled: '',
      at: (noon + 3 * minute) / 1_000,
    });
    t.false(receiver.bodies('/operations').join('').includes('secret'), 'no more of a URL than its host');
    const last = receiver.arrived.findLast(({ path }) => path === '/operations');
    t.true(
      verifySignature({ secrets: secret, headers: last?.headers ?? {}, body: last?.raw ?? '', now: () => host.clock.now() }).ok,
    );
    status = 200;
    await pass(host, 15);
    t.like(noticesAt(receiver)[2], { notice: 'recovered', health: 'healthy', reason: '', next: '', consecutive_failures: 0 });
    await host.engine.subscriptions.pause(7, id, 'a holiday');
    await host.engine.subscriptions.resume(7, id);
    await host.engine.subscriptions.remove(7, id);
    await pass(host, 0);
    t.deepEqual(new Set(namesAt(receiver).slice(3)), new Set(['paused', 'resumed', 'unsubscribed']));
    t.is(noticesAt(receiver).find(({ notice }) => notice === 'paused')?.['reason'], 'a holiday');
    t.deepEqual(toldAs(host.told, 'error'), []);
  });

  test(`${name}: a notice is a delivery like any other: stored, tried again under its id, and in the log`, async (t) => {
    let answer = 500;
    const receiver = await startReceiver(t, ({ path }) => (path === '/operations' ? answer : 500));
    const host = await start(t, make(t), { accountId: 'operations', notices: ['suspended'] });
    await subscribe(host, receiver);
    await watch(host, receiver);
    await pass(host, 4);
    answer = 200;
    await pass(host, 1);
    const { rows } = await host.engine.deliveries.attempts('operations');
    t.deepEqual(
      rows.map(({ outcome }) => outcome),
      ['delivered', 'retry', 'retry'],
    );
    t.is(new Set(rows.map(({ deliveryId }) => deliveryId)).size, 1);
  });

  test(`${name}: what a closed lane was cut by is told with the number`, async (t) => {
    const receiver = await startReceiver(t);
    const host = await start(t, make(t), undefined, { held: { maxPerLane: 2 } });
    const id = await subscribe(host, receiver);
    await watch(host, receiver);
    await host.engine.subscriptions.pause(7, id);
    for (let count = 0; count < 4; count += 1) {
      host.clock.move(1);
      await host.engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    }
    host.clock.move(2 * minute);
    await pass(host, 0);
    t.like(
      noticesAt(receiver).find(({ notice }) => notice === 'cut'),
      { id, cancelled: 3, health: 'paused', next: 'what was cancelled can be sent again by a replay, as long as the log has it' },
    );
  });

  test(`${name}: how a replay ended is told once, with its counts`, async (t) => {
    const receiver = await startReceiver(t);
    const host = await start(t, make(t));
    const id = await subscribe(host, receiver);
    await watch(host, receiver, { topic: replayNotices });
    await pass(host, 0);
    const first = await host.engine.replays.create(7, { subscriptionId: id, outcomes: ['delivered'] });
    await pass(host, 1);
    const second = await host.engine.replays.create(7, { outcomes: ['delivered'] });
    await host.engine.replays.cancel(7, second.id, 'not needed');
    await pass(host, 1);
    const counts = { matched: 1, queued: 1, waiting: 0, delivered: 1, failed: 0, cancelled: 0 };
    t.like(noticesAt(receiver)[0], { id: first.id, notice: 'replay_completed', account_id: '7', subscription_id: id, ...counts });
    t.like(noticesAt(receiver)[1], { id: second.id, notice: 'replay_cancelled', reason: 'not needed', subscription_id: '' });
    t.is(noticesAt(receiver).length, 2);
    t.is(toldAs(host.told, 'replay:completed').length, 1);
    t.is(toldAs(host.told, 'replay:cancelled').length, 1);
  });
}

for (const { name, makePlace } of sharedStorages) {
  test(`${name}: one of several processes tells, and what both tell of is sent once`, async (t) => {
    const receiver = await startReceiver(
      t,
      customersAnswer(() => 500),
    );
    const open = makePlace(t);
    const hosts = [await start(t, open()), await start(t, open())] as const;
    const id = await subscribe(hosts[0], receiver);
    await watch(hosts[0], receiver);
    for (let minutes = 0; minutes < 5; minutes += 1) {
      await Promise.all(hosts.map(async (host) => pass(host, 0)));
      for (const { clock } of hosts) clock.move(minute);
    }
    t.deepEqual(namesAt(receiver), ['warning', 'suspended']);
    const subscription = await hosts[1].engine.subscriptions.get(7, id);
    const notice = { subscription, reason: subscription.healthReason, next: hosts[1].engine.subscriptions.next(subscription) };
    for (const { engine, clock } of hosts) {
      clock.move(-2 * minute);
      engine.events.emit('subscription:suspended', notice);
    }
    await Promise.all(hosts.map(async (host) => pass(host, 0)));
    t.deepEqual(namesAt(receiver), ['warning', 'suspended']);
    t.deepEqual([...toldAs(hosts[0].told, 'error'), ...toldAs(hosts[1].told, 'error')], []);
  });
}

test('nothing is sent about subscriptions to notices, so that notices lead to none', async (t) => {
  const receiver = await startReceiver(t, ({ path }) => (path === '/operations' ? 500 : 200));
  const host = await start(t, sqlite.make(t), { accountId: 'operations', notices: ['failing', 'suspended', 'paused'] });
  const id = await subscribe(host, receiver);
  const operations = await watch(host, receiver);
  await watch(host, receiver, { path: '/second' });
  await host.engine.subscriptions.pause(7, id);
  await pass(host, 10);
  t.is((await host.engine.subscriptions.get('operations', operations)).health, 'suspended');
  t.true(toldAs(host.told, 'subscription:failing').length > 0, 'the engine tells it on `events`');
  t.deepEqual(namesAt(receiver, '/second'), ['paused']);
});

test('owners are told of what is theirs, where that is switched on, and of nothing of others', async (t) => {
  const receiver = await startReceiver(
    t,
    customersAnswer(() => 500),
  );
  const host = await start(t, sqlite.make(t), { accountId: 'operations', owners: true, notices: ['suspended'] });
  const ids = [await subscribe(host, receiver, 7), await subscribe(host, receiver, 8)];
  await watch(host, receiver);
  await watch(host, receiver, { accountId: 7, path: '/owner' });
  await pass(host, 4);
  t.deepEqual(
    noticesAt(receiver, '/owner').map(({ id }) => id),
    [ids[0]],
  );
  t.deepEqual(
    noticesAt(receiver).map(({ id }) => id),
    ids,
  );
});

test('nobody but the operators may subscribe to notices, unless that is switched on', async (t) => {
  const receiver = await startReceiver(t);
  const host = await start(t, memoryStorage());
  await t.throwsAsync(watch(host, receiver, { accountId: 7 }), { code: 'not_permitted', message: /for the operators alone/ });
  await t.notThrowsAsync(watch(host, receiver));
});

test('a first failure, and the answer after it, are told where that is switched on alone', async (t) => {
  let status = 500;
  const receiver = await startReceiver(
    t,
    customersAnswer(() => status),
  );
  const quiet = await start(t, sqlite.make(t));
  const all = await start(t, sqlite.make(t), { accountId: 'operations', notices: ['failing', 'recovered'] });
  for (const [host, path] of [
    [quiet, '/quiet'],
    [all, '/all'],
  ] as const) {
    status = 500;
    await subscribe(host, receiver);
    await watch(host, receiver, { path });
    await pass(host, 0);
    status = 200;
    await pass(host, 1);
  }
  t.deepEqual(namesAt(receiver, '/quiet'), []);
  t.deepEqual(namesAt(receiver, '/all'), ['failing', 'recovered']);
});

test('what is told while the engine stops is stored before it has stopped', async (t) => {
  const receiver = await startReceiver(t);
  const storage = memoryStorage();
  const release: (() => void)[] = [];
  receiver.answer = async ({ path }) =>
    path.startsWith('/customer') ? new Promise((resolve) => void release.push(() => resolve(410))) : 200;
  const first = await start(t, { ...storage, stop: async () => undefined });
  await subscribe(first, receiver);
  await watch(first, receiver);
  const delivering = first.engine.deliverDue();
  await receiver.until(() => receiver.arrived.length > 0);
  const stopping = first.engine.stop();
  await nextTurn();
  for (const go of release) go();
  await Promise.all([delivering, stopping]);
  const second = await start(t, storage);
  await pass(second, 0);
  t.deepEqual(namesAt(receiver), ['unsubscribed']);
  t.deepEqual(toldAs(first.told, 'error'), []);
});

test('after a crash, what no notice was sent of is sent, and nothing a second time', async (t) => {
  const receiver = await startReceiver(
    t,
    customersAnswer(() => 500),
  );
  const storage = sqlite.make(t);
  // Without the plugin, nobody tells: as if the process had died between the change and its notice.
  const dead = await startByHand(t, { ...storage, stop: async () => undefined }, { catalog: catalog as never, health, retry });
  const id = await subscribe(dead, receiver);
  await pass(dead, 4);
  await dead.engine.subscriptions.pause(7, id);
  await dead.engine.subscriptions.resume(7, id);
  await pass(dead, 1);
  t.is((await dead.engine.subscriptions.get(7, id)).health, 'suspended');
  const host = await start(t, storage);
  host.clock.move(10 * minute);
  await watch(host, receiver);
  t.is(await host.notifier.catchUp(host.engine, [7, 8], { maxAgeMs: minute }), 0, 'it is older than that');
  t.is(await host.notifier.catchUp(host.engine, [7, 8]), 1);
  t.is(await host.notifier.catchUp(host.engine, [7, 8]), 0);
  await pass(host, 0);
  t.deepEqual(namesAt(receiver), ['suspended']);
  t.deepEqual(toldAs(host.told, 'error'), []);
});

test('a notice that cannot be stored is reported, and holds nothing up', async (t) => {
  const receiver = await startReceiver(t);
  const storage = memoryStorage();
  let full = false;
  const host = await start(t, {
    ...storage,
    storeEvents: async (batch) => (full ? Promise.reject(new Error('disk full')) : storage.storeEvents(batch)),
  });
  const id = await subscribe(host, receiver);
  full = true;
  await host.engine.subscriptions.pause(7, id);
  await host.engine.deliverDue();
  t.deepEqual(
    toldAs(host.told, 'error').map(({ message }) => message),
    [
      `operationalWebhooks: the notice "paused" of subscription ${id} could not be stored for account "operations": The memory storage failed in storeEvents: disk full`,
    ],
  );
});

test('options and catalogs that cannot do are refused with the way out', async (t) => {
  t.throws(() => operationalWebhooks({}), { code: 'invalid_option', message: /"accountId" or "owners" must be given/ });
  t.throws(() => operationalWebhooks({ accountId: '' }), { code: 'invalid_option', message: /Invalid accountId ""/ });
  t.throws(() => operationalWebhooks({ accountId: 1, notices: ['broken' as 'cut'] }), { code: 'invalid_option' });
  const startWith = async (given: unknown): Promise<unknown> =>
    createEngine({
      storage: memoryStorage(),
      transports: [scriptedTransport()],
      catalog: given as typeof hostCatalog,
      plugins: [operationalWebhooks({ accountId: 1 })],
    }).start();
  await t.throwsAsync(startWith(hostCatalog), {
    code: 'invalid_option',
    message: /no event "webhook_notice".*operationalCatalog/,
  });
  const { objectTypes } = hostCatalog.definition;
  const { events } = operationalCatalog.definition;
  await t.throwsAsync(startWith(defineCatalog({ objectTypes, events })), { message: /no object type "Webhook subscription"/ });
  const [first, second] = operationalCatalog.definition.objectTypes;
  const renumbered = [
    { ...first!, id: 20_000 },
    { ...second!, id: 20_001 },
  ];
  await t.notThrowsAsync(startWith(defineCatalog({ objectTypes: renumbered, events })));
});
