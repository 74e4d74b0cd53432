import type { ReplayInput, StorageAdapter, Subscription, TransportRequest, TransportResult } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import {
  delivered,
  failed,
  mary,
  scriptedTransport,
  startByHand,
  startForReal,
  stayAwake,
  toldAs,
  type StorageKind,
} from './engine-fixture.ts';
import { sharedStorages, storages } from './engine-storages.ts';

const emission = { accountId: 7, objectType: 0, record: mary } as const;
const wish = { accountId: 7, url: 'script:x', topic: 'sub_tag(3)' } as const;

/** An engine with one subscription, so many of whose deliveries have failed, and whose endpoint is well by now. */
async function failures(
  t: ExecutionContext,
  { make }: StorageKind,
  count: number,
  options: Parameters<typeof startByHand>[2] = {},
) {
  let answer: (request: TransportRequest) => TransportResult = () => failed('endpoint', 'HTTP 500');
  const transport = scriptedTransport((request) => answer(request));
  const running = await startByHand(t, make(t), {
    transports: [transport],
    retry: { scheduleMs: [1_000], jitter: 0 },
    health: { suspendAfterFailures: 1_000_000 },
    ...options,
  });
  const { engine, clock } = running;
  const subscription = await engine.subscriptions.create(wish);
  for (let id = 1; id <= count; id += 1) await engine.emit('sub_tag(3)', { ...emission, record: { ...mary, id } });
  await engine.deliverDue();
  clock.move(1_000);
  await engine.deliverDue();
  const sent = transport.sent as TransportRequest[];
  sent.splice(0);
  clock.move(60_000);
  return {
    ...running,
    subscription,
    sent,
    reply: (next: typeof answer): void => {
      answer = next;
    },
  };
}

/** Delivers and lets time pass until a replay has ended; answers it. */
async function finish({ engine, clock }: Awaited<ReturnType<typeof failures>>, id: string, accountId = 7) {
  for (let round = 0; round < 500; round += 1) {
    await engine.deliverDue();
    const replay = await engine.replays.get(accountId, id);
    if (replay.state !== 'running') return replay;
    clock.move(250);
  }
  throw new Error('the replay does not come to an end');
}

for (const kind of storages) {
  test(`${kind.name}: a replay sends what has failed again, each once under its old id, and tells how it ended`, async (t) => {
    const host = await failures(t, kind, 60);
    const { engine, sent, reply } = host;
    const { rows } = await engine.deliveries.attempts(7, { limit: 1_000 });
    const ids = [...new Set(rows.map(({ deliveryId }) => deliveryId))].toSorted();
    t.is(ids.length, 60);
    reply(() => delivered);
    const preview = await engine.replays.preview(7, {});
    t.deepEqual([preview.count, preview.complete, preview.examples.length], [60, true, 5]);
    t.is(sent.length, 0);
    const { id, state } = await engine.replays.create(7, {});
    t.is(state, 'running');
    const { matched, queued, waiting, ...ended } = await finish(host, id);
    t.deepEqual([matched, queued, waiting], [60, 60, 0]);
    t.deepEqual([ended.state, ended.delivered, ended.failed, ended.cancelled], ['done', 60, 0, 0]);
    t.deepEqual(sent.map(({ deliveryId }) => deliveryId).toSorted(), ids);
    t.is((await engine.replays.preview(7, {})).count, 0, 'what was delivered since has not failed');
  });

  test(`${kind.name}: what fails in a replay has its whole retry schedule, and is counted once it has ended`, async (t) => {
    const host = await failures(t, kind, 4);
    const { engine, sent } = host;
    const { id } = await engine.replays.create(7, { outcomes: ['failed'] });
    const { state, failed: ended, queued } = await finish(host, id);
    t.deepEqual([state, queued, ended], ['done', 4, 4]);
    t.is(sent.length, 8, 'each was tried, and tried again after a second');
  });

  test(`${kind.name}: a replay goes by its filter, and by nothing of another account`, async (t) => {
    const host = await failures(t, kind, 3);
    const { engine, sent, reply, subscription } = host;
    await engine.subscriptions.create({ ...wish, accountId: 8 });
    await engine.emit('sub_tag(3)', { ...emission, accountId: 8 });
    await finishAll(host);
    sent.splice(0);
    reply(() => delivered);
    const count = async (filter: ReplayInput, accountId = 7) => (await engine.replays.preview(accountId, filter)).count;
    t.is(await count({ subscriptionId: subscription.id }), 3);
    t.is(await count({ topic: 'sub_tag(4)' }), 0);
    t.is(await count({ outcomes: ['delivered', 'cancelled'] }), 0);
    t.is(await count({ until: new Date(host.clock.now() - 3_600_000) }), 0);
    t.is(await count({ objectType: 'Contact', recordId: 2 }), 1);
    t.is(await count({ objectType: 10_001, recordId: 2 }), 0);
    t.is(await count({}, 8), 1);
    const { id } = await engine.replays.create(7, { objectType: 0, recordId: '2' });
    const { queued } = await finish(host, id);
    t.is(queued, 1);
    t.deepEqual(
      sent.map(({ body }) => /"id":"?2"?[,}]|id%5D=2|\bid=2\b/.test(body)),
      [true],
    );
    await t.throwsAsync(engine.replays.get(8, id), { code: 'not_found' });
    await t.throwsAsync(engine.replays.cancel(8, id), { code: 'not_found' });
    t.deepEqual((await engine.replays.list(8)).rows, []);
  });

  test(`${kind.name}: what a subscription is missing is sent, as the match hooks have it`, async (t) => {
    const host = await failures(t, kind, 0, {
      plugins: [{ name: 'odd ones', match: (event, given) => (Number(event.record['id']) % 2 === 1 ? given : []) }],
    });
    const { engine, sent, reply } = host;
    reply(() => delivered);
    for (let id = 1; id <= 6; id += 1) await engine.emit('sub_tag(3)', { ...emission, record: { ...mary, id } });
    await finishAll(host);
    t.is(sent.length, 3);
    host.clock.move(1_000);
    const late = await engine.subscriptions.create({ ...wish, url: 'script:late' });
    sent.splice(0);
    const preview = await engine.replays.preview(7, { missing: true });
    t.deepEqual([preview.count, preview.examples[0]?.deliveryId], [3, null]);
    const { id } = await engine.replays.create(7, { subscriptionId: late.id, missing: true });
    t.like(await finish(host, id), { state: 'done', matched: 3, queued: 3, delivered: 3 });
    t.deepEqual(
      sent.map(({ url }) => url),
      ['script:late', 'script:late', 'script:late'],
    );
    const again = await engine.replays.create(7, { missing: true });
    t.like(await finish(host, again.id), { state: 'done', matched: 0 });
  });

  test(`${kind.name}: a replay keeps its pace, and leaves no more unfinished than it may`, async (t) => {
    const host = await failures(t, kind, 60, { replay: { maxUnfinished: 7 } });
    const { engine, clock, sent, reply } = host;
    reply(() => delivered);
    const { id } = await engine.replays.create(7, {}, { pacePerSecond: 8 });
    await engine.deliverDue();
    t.is(sent.length, 2, 'a quarter of a second’s worth at once');
    clock.move(100);
    await engine.deliverDue();
    t.is(sent.length, 2, 'and no more before its time');
    clock.move(150);
    await engine.deliverDue();
    t.is(sent.length, 4);
    await engine.subscriptions.pause(7, host.subscription.id);
    for (let round = 0; round < 50; round += 1) {
      clock.move(1_000);
      await engine.deliverDue();
      t.true((await engine.deliveries.list(7, { limit: 0 })).total <= 7);
    }
    t.like(await engine.replays.get(7, id), { state: 'running', waiting: 7 });
    await engine.subscriptions.resume(7, host.subscription.id);
    t.like(await finish(host, id), { state: 'done', queued: 60, delivered: 60 });
  });

  test(`${kind.name}: a replay that is cancelled makes nothing more due`, async (t) => {
    const host = await failures(t, kind, 60);
    const { engine, clock, sent, reply } = host;
    reply(() => delivered);
    const { id } = await engine.replays.create(7, {}, { pacePerSecond: 40 });
    await engine.deliverDue();
    t.is(sent.length, 10);
    t.like(await engine.replays.cancel(7, id), { state: 'cancelled', reason: 'cancelled by the account', queued: 10 });
    for (let round = 0; round < 10; round += 1) {
      clock.move(10_000);
      await engine.deliverDue();
    }
    t.is(sent.length, 10);
    await t.throwsAsync(engine.replays.cancel(7, id), { code: 'wrong_state', message: /it is cancelled/ });
  });

  test(`${kind.name}: a replay that takes too long is given up, with its reason`, async (t) => {
    const host = await failures(t, kind, 20, { replay: { giveUpAfterMs: 10_000, maxUnfinished: 3 } });
    await host.engine.subscriptions.pause(7, host.subscription.id);
    const { id } = await host.engine.replays.create(7, {});
    const { state, reason, queued } = await finish(host, id);
    t.deepEqual([state, queued], ['failed', 3]);
    t.is(reason, 'it had not looked at everything after 10 seconds');
  });

  test(`${kind.name}: a match hook that throws ends a replay, which says so`, async (t) => {
    let isBroken = false;
    const match = (_: unknown, given: readonly Subscription[]): readonly Subscription[] => {
      if (isBroken) throw new Error('no connection');
      return given;
    };
    const host = await failures(t, kind, 0, { plugins: [{ name: 'breaking', match }] });
    const { engine } = host;
    await engine.emit('sub_tag(3)', emission);
    await finishAll(host);
    await engine.subscriptions.create({ ...wish, url: 'script:late' });
    isBroken = true;
    await t.throwsAsync(engine.replays.preview(7, { missing: true }), { code: 'plugin_failed', message: /no connection/ });
    const { id } = await engine.replays.create(7, { missing: true });
    const { state, reason } = await finish(host, id);
    t.is(state, 'failed');
    t.regex(reason, /^A match hook failed for the event ".+", which is missing: no connection/);
  });
}

/** Delivers and lets time pass until nothing waits. */
async function finishAll({ engine, clock }: Awaited<ReturnType<typeof failures>>): Promise<void> {
  for (let round = 0; round < 5; round += 1) {
    await engine.deliverDue();
    clock.move(1_000);
  }
}

test('what cannot be asked for is refused with what can', async (t) => {
  const { engine } = await failures(t, storages[1]!, 0);
  const refused = async (filter: unknown, message: RegExp, code = 'invalid_input') =>
    t.throwsAsync(engine.replays.create(7, filter as ReplayInput), { code, message });
  await refused(null, /Invalid filter null of a replay/);
  await refused({ outcome: ['failed'] }, /A replay goes by no "outcome"\. Did you mean "outcomes"\?/);
  await refused({ outcomes: ['retry'] }, /Invalid outcomes \["retry"\] of a replay: pass a list of some of/);
  await refused({ outcomes: [] }, /or ask for what is missing with {missing: true}/);
  await refused({ from: 'yesterday' }, /Invalid from "yesterday" of a replay/);
  await refused({ from: 2_000, until: 1_000 }, /Invalid until 1000 of a replay: pass a time after "from"/);
  await refused({ recordId: 7 }, /named by both its "objectType" and its "recordId"/);
  await refused({ objectType: 'Boat', recordId: 7 }, /Boat/, 'unknown_object_type');
  await refused({ subscriptionId: 99 }, /No subscription 99 in this account/, 'not_found');
  await refused({ missing: 1 }, /Invalid missing 1/);
  await t.throwsAsync(engine.replays.create(7, {}, { pacePerSecond: 0 }), { code: 'invalid_input', message: /1 to 10000/ });
  await t.throwsAsync(engine.replays.get(7, 'nobody'), { code: 'not_found', message: /No replay "nobody" in this account/ });
  for (let made = 0; made < 10; made += 1) await engine.replays.create(7, {});
  await refused({}, /10 replays of this account run already/, 'wrong_state');
});

for (const { name, makePlace } of sharedStorages) {
  test(`${name}: a replay whose process is gone is taken over, and sends each once`, async (t) => {
    stayAwake(t);
    const open = makePlace(t);
    const first = scriptedTransport(() => failed('endpoint', 'HTTP 500'));
    const options = { retry: { scheduleMs: [] }, leaseMs: 2_600, health: { suspendAfterFailures: 1_000_000 } };
    const dying = await startForReal(t, dyingAfter(open(), 3), { transports: [first], ...options });
    await dying.engine.subscriptions.create(wish);
    for (let id = 1; id <= 40; id += 1) await dying.engine.emit('sub_tag(3)', { ...emission, record: { ...mary, id } });
    while ((await dying.engine.deliveries.attempts(7, { limit: 0 })).total < 40) await new Promise(setImmediate);
    const second = scriptedTransport(() => delivered);
    const { id } = await dying.engine.replays.create(7, {}, { pacePerSecond: 40 });
    while (toldAs(dying.told, 'error').length === 0) await new Promise(setImmediate);
    const next = await startForReal(t, open(), { transports: [second], ...options });
    while ((await next.engine.replays.get(7, id)).state === 'running') await new Promise((resolve) => setTimeout(resolve, 20));
    t.like(await next.engine.replays.get(7, id), { state: 'done', matched: 40, queued: 40 });
    const { rows } = await next.engine.deliveries.attempts(7, { limit: 1_000 });
    const times = new Map<string, number>();
    for (const { deliveryId } of rows) times.set(deliveryId, (times.get(deliveryId) ?? 0) + 1);
    t.deepEqual([...new Set(times.values())], [2]);
  });
}

for (const { name, makePlace } of sharedStorages) {
  test(`${name}: of several processes one tells how a replay ended, with its counts, and one that it was cancelled`, async (t) => {
    const open = makePlace(t);
    const hosts = [
      await startByHand(t, open(), { transports: [scriptedTransport()] }),
      await startByHand(t, open(), { transports: [scriptedTransport()] }),
    ] as const;
    const [{ engine }, other] = hosts;
    await engine.subscriptions.create(wish);
    for (let id = 1; id <= 30; id += 1) await engine.emit('sub_tag(3)', { ...emission, record: { ...mary, id } });
    await engine.deliverDue();
    const { id } = await engine.replays.create(7, { outcomes: ['delivered'] });
    const { id: unwanted } = await engine.replays.create(7, { outcomes: ['delivered'], topic: 'sub_tag(4)' });
    await other.engine.replays.cancel(7, unwanted);
    for (let round = 0; round < 40; round += 1) {
      await Promise.all(hosts.map(async (host) => host.engine.deliverDue()));
      for (const { clock } of hosts) clock.move(250);
    }
    const told = hosts.flatMap((host) => host.told);
    const ended = toldAs(told, 'replay:completed').map(({ replay }) => replay);
    t.is(ended.length, 1);
    t.like(ended[0], { id, state: 'done', matched: 30, queued: 30, waiting: 0, delivered: 30 });
    t.deepEqual(ended[0], await engine.replays.get(7, id));
    t.deepEqual(
      toldAs(told, 'replay:cancelled').map(({ replay }) => [replay.id, replay.reason]),
      [[unwanted, 'cancelled by the account']],
    );
    t.deepEqual(toldAs(told, 'replay:failed'), []);
  });
}

/** A storage that takes no step of a replay any more after so many, as if the process had died in the middle of one. */
function dyingAfter(storage: StorageAdapter, steps: number): StorageAdapter {
  let made = 0;
  return {
    ...storage,
    async advanceReplays(given) {
      made += 1;
      if (made > steps) throw new Error('the process is gone');
      return storage.advanceReplays(given);
    },
  };
}
