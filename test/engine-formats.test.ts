import type { Payload, Plugin } from '@hookwell/core';
import test from 'ava';
import { mary, noon, sqlite, startByHand, startReceiver } from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const emission = { accountId: 7, objectType: 0, record: mary, occurredAt: 1_514_940_140_000 } as const;

/** Writes the whole body itself. */
const cloudEvents: Plugin = {
  name: 'cloud-events',
  formats: ['cloudevents'],
  compose(payload, { event, eventType, objectType, format }) {
    if (format !== 'cloudevents') return undefined;
    const body = {
      specversion: '1.0',
      id: event.id,
      type: `${objectType.name}.${eventType.name}`,
      source: 'crm',
      data: payload['data'],
    };
    return { contentType: 'application/cloudevents+json', body: JSON.stringify(body) };
  },
};

/** Changes the payload and leaves its encoding to the engine. */
const redact: Plugin = {
  name: 'redact',
  compose(payload) {
    const data: Payload = { ...(payload['data'] as Payload), email: '…' };
    return { ...payload, data };
  },
};

for (const { name, make } of storages) {
  test(`${name}: a format that a plugin adds is accepted, composed by it and received as it is`, async (t) => {
    const receiver = await startReceiver(t);
    const { engine } = await startByHand(t, make(t), { plugins: [cloudEvents] });
    const made = await engine.subscriptions.create({
      accountId: 7,
      url: receiver.url('/cloud'),
      topic: 'sub_tag(3)',
      format: 'cloudevents',
    });
    t.is(made.format, 'cloudevents');
    await engine.subscriptions.create({ accountId: 7, url: receiver.url('/plain'), topic: 'sub_tag(3)', format: 'notify' });
    const { id } = await engine.emit('sub_tag(3)', emission);
    await engine.deliverDue();
    const cloud = receiver.arrived.find(({ path }) => path === '/cloud');
    t.is(cloud?.headers['content-type'], 'application/cloudevents+json');
    t.deepEqual(JSON.parse(cloud?.body ?? ''), {
      specversion: '1.0',
      id,
      type: 'Contact.sub_tag',
      source: 'crm',
      data: { id: 8, firstname: 'Mary', lastname: 'Jones', email: 'mary@example.com', phone: null },
    });
    t.regex(receiver.bodies('/plain')[0] ?? '', /^webhook_id=2&.*data%5Bid%5D=8&timestamp=/);
  });

  test(`${name}: what one compose hook answers the next one gets, and a body of its own ends the row`, async (t) => {
    const receiver = await startReceiver(t);
    let asked = 0;
    const last: Plugin = {
      name: 'last',
      compose() {
        asked += 1;
        return undefined;
      },
    };
    const { engine } = await startByHand(t, make(t), { plugins: [redact, cloudEvents, last] });
    for (const [path, format] of [
      ['/cloud', 'cloudevents'],
      ['/full', 'full'],
    ] as const) {
      await engine.subscriptions.create({ accountId: 7, url: receiver.url(path), topic: 'sub_tag(3)', format });
    }
    await engine.emit('sub_tag(3)', emission);
    await engine.deliverDue();
    t.like(JSON.parse(receiver.bodies('/cloud')[0] ?? ''), { data: { email: '…' } });
    t.is(new URLSearchParams(receiver.bodies('/full')[0]).get('data[email]'), '…');
    t.is(asked, 1);
  });
}

test('a format that no plugin has is refused, with the nearest one', async (t) => {
  const { engine } = await startByHand(t, sqlite.make(t), { plugins: [cloudEvents] });
  await t.throwsAsync(
    async () =>
      engine.subscriptions.create({ accountId: 7, url: 'http://127.0.0.1:1/', topic: 'sub_tag(3)', format: 'cloudevent' }),
    {
      code: 'unknown_format',
      message:
        'Unknown format "cloudevent". Did you mean "cloudevents"? Formats: "full", "lightweight", "notify", "cloudevents".',
    },
  );
});

test('the same event, format and encoding is composed once, however many subscriptions there are', async (t) => {
  const receiver = await startReceiver(t);
  const composed: string[] = [];
  const { engine } = await startByHand(t, sqlite.make(t), {
    plugins: [{ name: 'count', compose: (_payload, { format }) => void composed.push(format) }],
  });
  for (let n = 0; n < 20; n += 1) {
    await engine.subscriptions.create({
      accountId: 7,
      url: receiver.url('/'),
      topic: 'sub_tag(3)',
      format: n % 2 ? 'full' : 'notify',
      encoding: n % 4 < 2 ? 'form' : 'json',
    });
  }
  await engine.emit('sub_tag(3)', emission);
  t.like(await engine.deliverDue(), { delivered: 20 });
  t.deepEqual(composed.toSorted(), ['full', 'full', 'notify', 'notify']);
  t.is(new Set(receiver.arrived.map(({ body }) => body)).size, 20, 'each with the number of its subscription');
});

test('headers that plugins add arrive beside those of the engine', async (t) => {
  const receiver = await startReceiver(t);
  const { engine } = await startByHand(t, sqlite.make(t), {
    plugins: [
      { name: 'plan', request: () => ['x-plan', 'pro'] },
      {
        name: 'about',
        request: ({ subscription, deliveryId, startedAt, body }) => [
          'x-about',
          `${subscription.id} ${deliveryId} ${startedAt} ${body.length}`,
          'x-empty',
          '',
        ],
      },
    ],
  });
  await engine.subscriptions.create({ accountId: 7, url: receiver.url('/'), topic: 'sub_tag(3)', encoding: 'json' });
  await engine.emit('sub_tag(3)', emission);
  await engine.deliverDue();
  t.like(receiver.arrived[0]?.headers, {
    'user-agent': 'Hookwell',
    'webhook-timestamp': String(noon / 1_000),
    'x-plan': 'pro',
    'x-about': `1 ${String(receiver.arrived[0]?.headers['webhook-id'])} ${noon} ${receiver.arrived[0]?.body.length}`,
    'x-empty': '',
  });
});
