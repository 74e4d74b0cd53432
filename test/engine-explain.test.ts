import test from 'ava';
import type { Explanation } from '@hookwell/core';
import { delivered, failed, mary, noon, scriptedTransport, startByHand, type Running } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const minute = 60_000;
const account = 7;
const health = {
  suspendAfterFailures: 2,
  suspendAfterMs: 5 * minute,
  probeEveryMs: 15 * minute,
  unsubscribeAfterMs: 60 * minute,
};
const retry = { scheduleMs: Array.from({ length: 20 }, () => 5 * minute), jitter: 0 };

async function begin(t: Parameters<typeof startByHand>[0], storage: Parameters<typeof startByHand>[1]) {
  const transport = scriptedTransport();
  const running = await startByHand(t, storage, { transports: [transport], health, retry });
  const { engine } = running;
  const { id: subscriptionId } = await engine.subscriptions.create({ accountId: account, url: 'script:x', topic: 'sub_tag(3)' });
  return { ...running, transport, subscriptionId };
}

/** Emits an event, and answers its id with that of its only delivery. */
async function emit({ engine }: Pick<Running, 'engine'>): Promise<{ readonly eventId: string; readonly deliveryId: string }> {
  const { id: eventId } = await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: mary });
  const where = { kind: 'compare', field: 'eventId', operator: '=', value: eventId } as const;
  const [delivery] = (await engine.deliveries.list(account, { where })).rows;
  return { eventId, deliveryId: delivery?.id ?? '' };
}

for (const { name, make } of storages) {
  test(`${name}: a delivery is explained from its first moment to its last, and so is its subscription`, async (t) => {
    const running = await begin(t, make(t));
    const { engine, clock, transport, subscriptionId } = running;
    const { eventId, deliveryId } = await emit(running);
    const said = async (): Promise<Explanation> => {
      const explanation = await engine.explain.delivery(account, deliveryId);
      t.deepEqual(await engine.explain.event(account, eventId, subscriptionId), explanation);
      return explanation;
    };
    t.like(await said(), { state: 'due', because: 'it was not tried yet' });
    t.like(await engine.explain.subscription(account, subscriptionId), { state: 'healthy', because: 'its endpoint answers' });

    transport.result = () => failed('endpoint', 'HTTP 503', { status: 503 });
    await engine.deliverDue();
    t.deepEqual(await said(), {
      state: 'retrying',
      because: 'attempt 1 failed: HTTP 503',
      next: 'attempt 2 follows',
      at: noon + 5 * minute,
    });
    t.like(await engine.explain.subscription(account, subscriptionId), { state: 'failing', because: 'its last attempt failed' });

    transport.result = () => failed('busy', 'HTTP 429', { status: 429, retryAfterMs: 10 * minute });
    clock.move(5 * minute);
    await engine.deliverDue();
    t.like(await said(), { state: 'suspended', because: 'too many errors: 2 in a row over 5 minutes', at: noon + 20 * minute });
    t.regex((await said()).next, /its events are kept; one delivery is tried every 15 minutes/);
    t.like(await engine.explain.subscription(account, subscriptionId), { state: 'suspended', at: noon + 20 * minute });

    await engine.subscriptions.pause(account, subscriptionId, 'moving house');
    t.like(await said(), { state: 'paused', because: 'moving house', at: null });
    await engine.subscriptions.resume(account, subscriptionId);
    t.is((await said()).state, 'retrying');

    transport.result = () => delivered;
    clock.move(60 * minute);
    await engine.deliverDue();
    t.deepEqual(await said(), { state: 'delivered', because: 'attempt 3 was answered HTTP 200', next: '', at: null });
  });

  test(`${name}: what waits because its endpoint asked for time, its address is forbidden or its subscription has ended is explained`, async (t) => {
    const running = await begin(t, make(t));
    const { engine, clock, transport, subscriptionId } = running;
    const { deliveryId } = await emit(running);
    transport.result = () => failed('policy', 'blocked address: 10.0.0.1 is not public');
    await engine.deliverDue();
    t.like(await engine.explain.delivery(account, deliveryId), {
      state: 'retrying',
      because: 'attempt 1 failed: blocked address: 10.0.0.1 is not public',
    });

    transport.result = () => failed('busy', 'HTTP 429', { status: 429, retryAfterMs: 30 * minute });
    const next = await emit(running);
    await engine.deliverDue();
    t.deepEqual(await engine.explain.delivery(account, next.deliveryId), {
      state: 'held',
      because: 'its endpoint has asked for time: 30 minutes more',
      next: 'what waits is sent then',
      at: noon + 30 * minute,
    });
    t.is((await engine.explain.subscription(account, subscriptionId)).state, 'held');

    await engine.subscriptions.remove(account, subscriptionId);
    t.like(await engine.explain.delivery(account, next.deliveryId), {
      state: 'ended',
      because: 'its subscription has ended: unsubscribed by the account',
    });
    clock.move(24 * 60 * minute);
    await engine.deliverDue();
    t.deepEqual(await engine.explain.delivery(account, next.deliveryId), {
      state: 'cancelled',
      because: 'unsubscribed by the account',
      next: '',
      at: null,
    });
    t.is((await engine.explain.subscription(account, subscriptionId)).state, 'ended');
  });

  test(`${name}: what has no delivery is explained: another topic, an earlier time, or the plugin that left it out`, async (t) => {
    let quiet = true;
    const { engine, clock } = await startByHand(t, make(t), {
      transports: [scriptedTransport()],
      plugins: [{ name: 'quiet-hours', match: (_event, subscriptions) => (quiet ? [] : subscriptions) }],
    });
    const subscribe = async (topic: string) => engine.subscriptions.create({ accountId: account, url: 'script:x', topic });
    const { id } = await subscribe('sub_tag(3)');
    const other = await subscribe('sub_tag(4)');
    const { id: eventId } = await engine.emit('sub_tag(3)', { accountId: account, objectType: 0, record: mary });
    clock.move(1);
    const later = await subscribe('sub_tag(3)');
    t.like(await engine.explain.event(account, eventId, other.id), {
      state: 'not_subscribed',
      because: 'it is subscribed to sub_tag(4), and the event is sub_tag(3)',
    });
    t.like(await engine.explain.event(account, eventId, later.id), {
      state: 'not_subscribed',
      because: 'it was subscribed after the event had happened',
    });
    t.like(await engine.explain.event(account, eventId, id), {
      state: 'filtered',
      because: 'the plugin "quiet-hours" leaves it out',
    });
    quiet = false;
    t.is((await engine.explain.event(account, eventId, id)).state, 'missing');
  });

  test(`${name}: nothing of another account is explained, nor what is not there`, async (t) => {
    const running = await begin(t, make(t));
    const { engine, subscriptionId } = running;
    const { eventId, deliveryId } = await emit(running);
    const refused = { code: 'not_found' };
    await t.throwsAsync(async () => engine.explain.delivery(8, deliveryId), refused);
    await t.throwsAsync(async () => engine.explain.delivery(account, 'no such'), refused);
    await t.throwsAsync(async () => engine.explain.subscription(8, subscriptionId), refused);
    await t.throwsAsync(async () => engine.explain.subscription(account, 1.5), refused);
    await t.throwsAsync(async () => engine.explain.event(8, eventId, subscriptionId), refused);
    await t.throwsAsync(async () => engine.explain.event(account, 'no such', subscriptionId), refused);
  });
}
