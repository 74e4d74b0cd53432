import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { functionTransport } from '@hookwell/adapters/function';
import { httpTransport } from '@hookwell/adapters/http';
import { sqliteStorage } from '@hookwell/adapters/sqlite';
import { causality, type CauseKeeper, type Engine, type Plugin } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import express from 'express';
import {
  mary,
  sqlite,
  startByHand,
  startForReal,
  startReceiver,
  temporaryFile,
  toldAs,
  type EventName,
} from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const topic = 'sub_tag(3)';
const emission = { accountId: 7, objectType: 'Contact', record: mary } as const;
const ids = (count: number): string => Array.from({ length: count }, (_, index) => `made-up-${index}`).join(', ');

async function listen(t: ExecutionContext, handler: RequestListener): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A CRM that changes a contact, and so emits an event, with each webhook that it receives. */
async function startHost(t: ExecutionContext, causes: Plugin & CauseKeeper) {
  const running = await startForReal(t, sqlite.make(t), { plugins: [causes] });
  const received: string[] = [];
  const app = express()
    .use((request, _response, next) => causes.follow(request.headers, next))
    .use(express.urlencoded({ extended: true }))
    .post('/hooks', async (request, response) => {
      received.push(String(request.headers['webhook-cause']));
      const { data } = request.body as { readonly data: Readonly<Record<string, string>> };
      await running.engine.emit(topic, { ...emission, record: { ...mary, phone: `${data['phone']}+` } });
      response.sendStatus(204);
    });
  return { ...running, received, url: `${await listen(t, app)}/hooks` };
}

test('two systems that have subscribed to each other settle at the depth that is documented', async (t) => {
  const [first, second] = [await startHost(t, causality()), await startHost(t, causality())];
  await first.engine.subscriptions.create({ accountId: 7, url: second.url, topic });
  await second.engine.subscriptions.create({ accountId: 7, url: first.url, topic });
  const received = (): readonly string[] => [...first.received, ...second.received];
  const settled = new Promise<void>((resolve) => {
    for (const { engine } of [first, second]) {
      engine.events.on('event:cut', () => resolve());
      engine.events.on('delivery:delivered', () => void (received().length > 20 && resolve()));
    }
  });
  const { id } = await first.engine.emit(topic, emission);
  await settled;

  t.is(received().length, 9, 'the one that began it, and 8 that it has led to');
  t.deepEqual(
    received()
      .map((chain) => chain.split(', ').length)
      .toSorted((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  const [notice] = toldAs([...first.told, ...second.told], 'event:cut');
  t.like(notice, { depth: 9, maxDepth: 8, subscriptions: 1, within: false });
  t.deepEqual(
    notice?.causes,
    received()
      .toSorted((a, b) => b.length - a.length)[0]
      ?.split(', '),
  );
  for (const { told } of [first, second]) t.deepEqual(toldAs(told, 'error'), []);
  const cutBy = toldAs(second.told, 'event:cut').length > 0 ? second : first;
  const [{ id: subscription } = { id: 0 }] = (await cutBy.engine.subscriptions.list(7)).rows;
  t.like(await cutBy.engine.explain.event(7, notice?.event.id ?? '', subscription), {
    state: 'filtered',
    because: 'the plugin "causality" leaves it out',
  });
  t.is(toldAs(cutBy.told, 'event:cut').length, 1, 'who asks why is not told of it as if it had happened again');
  t.not(notice?.event.id, id);
  for (const { engine } of [first, second]) await engine.stop();
  t.is(received().length, 9, 'and nothing after that');
});

for (const { name, make } of storages) {
  test(`${name}: a chain is kept with the event, and each attempt of its deliveries carries it`, async (t) => {
    const receiver = await startReceiver(t, () => 500);
    const causes = causality();
    const { engine, clock } = await startByHand(t, make(t), { plugins: [causes] });
    await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic });
    await engine.emit(topic, emission);
    await causes.follow({ 'webhook-cause': 'a, b', 'webhook-id': 'b' }, async () => engine.emit(topic, emission));
    await engine.deliverDue();
    clock.move(60_000);
    await engine.deliverDue();
    const sent = receiver.arrived.map(({ headers }) => [headers['webhook-cause'], headers['webhook-id']]);
    t.is(sent.length, 4);
    for (const [cause, id] of sent) t.true(cause === id || cause === `a, b, ${String(id)}`, String(cause));
    t.is(sent.filter(([cause]) => String(cause).startsWith('a, b, ')).length, 2);
  });
}

test('an event of a chain that is too long is stored, fails no emit, and is told once; one of the longest chain is sent', async (t) => {
  const receiver = await startReceiver(t);
  const causes = causality({ maxDepth: 2 });
  const filename = temporaryFile(t);
  const { engine, told } = await startByHand(t, sqliteStorage({ filename }), { plugins: [causes] });
  await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic });
  const after = async (chain: string) =>
    causes.follow({ 'webhook-cause': chain }, async () => engine.emit(topic, { ...emission, idempotencyKey: chain }));
  t.like(await after(ids(2)), { deliveries: 1 });
  const { id } = await after(ids(3));
  t.like(await after(ids(3)), { id, deliveries: 0, duplicate: true });
  t.like(toldAs(told, 'event:cut'), [{ depth: 3, maxDepth: 2, subscriptions: 1, event: { id } }]);
  t.is(toldAs(told, 'event:cut').length, 1);
  t.deepEqual(causes.causesOf(toldAs(told, 'event:cut')[0]?.event ?? { metadata: {} }), ids(3).split(', '));

  t.like(await engine.emit('unsub_tag(3)', emission), { deliveries: 0 });
  t.like(await causes.follow({ 'webhook-cause': ids(9) }, async () => engine.emit('unsub_tag(3)', emission)), { deliveries: 0 });
  t.is(toldAs(told, 'event:cut').length, 1, 'what nobody has subscribed to is no loop');

  const database = new Database(filename);
  database.exec('begin');
  await causes.follow({ 'webhook-cause': ids(30) }, async () => engine.emit(topic, emission, { within: database }));
  database.exec('rollback');
  database.close();
  t.like(toldAs(told, 'event:cut')[1], { depth: 30, within: true });
  await engine.deliverDue();
  t.is(receiver.arrived.length, 1);
  t.deepEqual(toldAs(told, 'error'), []);
});

test('a chain that is made up reaches no further than its own request', async (t) => {
  const inherited: (string | null)[] = [];
  const causes = causality();
  let engine: Engine<EventName> | undefined;
  const receiver = await startReceiver(t);
  const transport = functionTransport({
    async send() {
      // As a host does that goes on with what it is sent, in the process that sends.
      inherited.push(causes.current());
      await engine?.emit('unsub_tag(3)', emission);
    },
  });
  const http = httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'] });
  const running = await startForReal(t, sqlite.make(t), { plugins: [causes], transports: [http, transport] });
  ({ engine } = running);
  engine.events.on('delivery:delivered', () => inherited.push(causes.current()));
  await engine.subscriptions.create({ accountId: 7, url: 'function:queue', topic });
  await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'unsub_tag(3)' });

  const atOnce = [causes.follow({ 'webhook-cause': ids(8) }, async () => running.engine.emit(topic, emission))];
  for (let more = 0; more < 5; more += 1) atOnce.push(engine.emit(topic, emission));
  t.deepEqual(
    (await Promise.all(atOnce)).map(({ deliveries }) => deliveries),
    [1, 1, 1, 1, 1, 1],
  );
  t.is(causes.current(), null);
  await receiver.until(() => receiver.arrived.length === 6);
  t.deepEqual(
    receiver.arrived.filter(({ headers }) => headers['webhook-cause'] !== headers['webhook-id']),
    [],
    'what the process does of its own accord has no cause',
  );
  t.deepEqual(new Set(inherited), new Set([null]));
});

test('a chain goes along with a job, and a later request replaces it', async (t) => {
  const causes = causality();
  const { engine, told } = await startByHand(t, sqlite.make(t), { plugins: [causes] });
  const job = causes.follow({ 'webhook-cause': 'a', 'webhook-id': 'b' }, () => causes.current());
  t.is(job, 'a, b');
  await causes.follow({ 'webhook-cause': job ?? '' }, async () => engine.emit(topic, emission));
  await causes.follow({ 'webhook-id': 'c' }, async () => {
    await new Promise(setImmediate);
    await engine.emit(topic, emission);
    await causes.follow({}, async () => engine.emit(topic, emission));
    t.is(causes.current(), 'c');
  });
  t.deepEqual(
    toldAs(told, 'event:stored').map(({ event }) => causes.causesOf(event)),
    [['a', 'b'], ['c'], []],
  );
  t.is(
    causes.follow({ 'webhook-id': 'x' }, () => 7),
    7,
  );
  t.throws(() => causes.follow({}, () => refuse()), { message: 'no' });
  t.throws(() => causes.follow(null as never, () => 7), { code: 'invalid_input', message: /given null/ });
  t.throws(() => causes.follow({}, 7 as never), { code: 'invalid_input', message: /given 7/ });
  for (const maxDepth of [0, 32, 1.5]) t.throws(() => causality({ maxDepth }), { code: 'invalid_option' });
});

function refuse(): never {
  throw new Error('no');
}
