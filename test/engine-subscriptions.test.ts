import { functionTransport } from '@hookwell/adapters/function';
import { httpTransport } from '@hookwell/adapters/http';
import type { SubscriptionInput } from '@hookwell/core';
import test from 'ava';
import {
  failed,
  mary,
  noon,
  scriptedTransport,
  sqlite,
  startByHand,
  startForReal,
  startReceiver,
  toldAs,
} from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const wish: SubscriptionInput = { accountId: 7, url: 'http://127.0.0.1:1/hook', topic: 'sub_tag(3)' };

for (const { name, make } of storages) {
  test(`${name}: a subscription has what was asked for, and is healthy`, async (t) => {
    const { engine, told } = await startByHand(t, make(t));
    const made = await engine.subscriptions.create({
      ...wish,
      format: 'lightweight',
      encoding: 'json',
      data: '{"format":"lightweight","x":"ä"}',
    });
    t.deepEqual(made, {
      id: 1,
      accountId: '7',
      url: 'http://127.0.0.1:1/hook',
      topic: 'sub_tag(3)',
      format: 'lightweight',
      encoding: 'json',
      data: '{"format":"lightweight","x":"ä"}',
      attributes: {},
      ordering: 'none',
      coalesceMs: 0,
      createdAt: noon,
      health: 'healthy',
      healthReason: '',
      healthSince: noon,
      healthVersion: 0,
      consecutiveFailures: 0,
      failingSince: null,
      pausedUntil: null,
      reopenedAt: null,
      lastAttemptAt: null,
      lastStatus: 0,
      lastEventId: null,
    });
    t.deepEqual(await engine.subscriptions.get(7, 1), made);
    t.deepEqual(toldAs(told, 'subscription:created'), [{ subscription: made }]);
    t.is(engine.subscriptions.next(made), '');
    t.like(await engine.subscriptions.create(wish), { id: 2, format: 'full', encoding: 'form', data: '' });
  });

  test(`${name}: the same URL and topic twice are two subscriptions, and both are sent to`, async (t) => {
    const receiver = await startReceiver(t);
    const { engine } = await startByHand(t, make(t));
    for (let n = 0; n < 2; n += 1) await engine.subscriptions.create({ ...wish, url: receiver.url('/') });
    t.like(await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary }), { deliveries: 2 });
    await engine.deliverDue();
    t.is(new Set(receiver.bodies('/')).size, 2);
  });

  test(`${name}: an account sees and ends its own subscriptions only`, async (t) => {
    const { engine } = await startByHand(t, make(t));
    const { id } = await engine.subscriptions.create(wish);
    t.is((await engine.subscriptions.list(8)).total, 0);
    const missing = { code: 'not_found', message: 'No subscription 1 in this account; list them to see which there are.' };
    await t.throwsAsync(async () => engine.subscriptions.get(8, id), missing);
    await t.throwsAsync(async () => engine.subscriptions.remove(8, id), missing);
    t.is((await engine.subscriptions.list(7)).total, 1);
    for (const unknown of [2, 0, -1, 1.5, Number.NaN, '1' as never, undefined as never]) {
      await t.throwsAsync(async () => engine.subscriptions.get(7, unknown), { code: 'not_found' });
      await t.throwsAsync(async () => engine.subscriptions.remove(7, unknown), { code: 'not_found' });
    }
    await engine.subscriptions.remove('7', id);
    await t.throwsAsync(async () => engine.subscriptions.remove(7, id), missing);
    await t.throwsAsync(async () => engine.subscriptions.get(7, id), missing);
  });

  test(`${name}: lists are sorted, filtered and paged as asked for`, async (t) => {
    const { engine } = await startByHand(t, make(t));
    for (const topic of ['sub_tag(1)', 'sub_tag(2)', 'unsub_tag(1)', 'object_create(0)']) {
      await engine.subscriptions.create({ ...wish, topic });
    }
    const page = await engine.subscriptions.list(7, {
      where: { kind: 'compare', field: 'topic', operator: 'LIKE', value: '%tag%' },
      sort: { field: 'topic', direction: 'desc' },
      offset: 1,
      limit: 1,
    });
    t.is(page.total, 3);
    t.deepEqual(
      page.rows.map(({ topic }) => topic),
      ['sub_tag(2)'],
    );
  });

  test(`${name}: ending a subscription cancels what waits with the reason, and tells so`, async (t) => {
    const receiver = await startReceiver(t);
    const { engine, told } = await startByHand(t, make(t));
    const { id } = await engine.subscriptions.create({ ...wish, url: receiver.url('/') });
    await engine.subscriptions.create({ ...wish, url: receiver.url('/other') });
    for (let n = 0; n < 3; n += 1) await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    const ended = await engine.subscriptions.remove(7, id, { reason: 'the customer left' });
    t.like(ended, { id, health: 'unsubscribed', healthReason: 'the customer left' });
    t.like(toldAs(told, 'subscription:unsubscribed'), [{ reason: 'the customer left', subscription: { id } }]);
    t.deepEqual(await engine.deliverDue(), { delivered: 3, retried: 0, failed: 0, cancelled: 3 });
    t.deepEqual(receiver.bodies('/'), []);
    t.is(receiver.bodies('/other').length, 3);
    t.is((await engine.deliveries.list(7)).total, 0);
    const { rows } = await engine.deliveries.attempts(7, {
      where: { kind: 'compare', field: 'subscriptionId', operator: '=', value: id },
    });
    t.deepEqual(
      rows.map(({ outcome, reason, number }) => ({ outcome, reason, number })),
      Array.from({ length: 3 }, () => ({ outcome: 'cancelled', reason: 'the customer left', number: 0 })),
    );
  });

  test(`${name}: an engine that runs by itself cancels at once what waits for a subscription that ended`, async (t) => {
    const transport = scriptedTransport(() => failed('busy', 'HTTP 429', { status: 429, retryAfterMs: 3_600_000 }));
    const { engine, told } = await startForReal(t, make(t), {
      transports: [transport],
      laneConcurrency: 1,
      pollEveryMs: 300_000,
      retry: { scheduleMs: [0], jitter: 0 },
    });
    const { id } = await engine.subscriptions.create({ ...wish, url: 'script:x' });
    const paused = new Promise((resolve) => {
      engine.events.once('delivery:retrying', resolve);
    });
    for (let n = 0; n < 5; n += 1) await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    await paused;
    const cancelled = new Promise<void>((resolve) => {
      engine.events.on('delivery:cancelled', () => {
        if (toldAs(told, 'delivery:cancelled').length === 4) resolve();
      });
    });
    await engine.subscriptions.remove(7, id);
    await cancelled;
    t.is(transport.sent.length, 1);
  });
}

const refused: readonly (readonly [what: string, input: unknown, code: string, message: RegExp])[] = [
  ['nothing', undefined, 'invalid_input', /subscriptions.create takes \{accountId, url, topic\}, not undefined/],
  ['no account', { ...wish, accountId: undefined }, 'invalid_input', /Invalid accountId undefined/],
  ['no URL', { ...wish, url: undefined }, 'invalid_url', /Invalid url undefined: it is missing/],
  ['a number for a URL', { ...wish, url: 5 }, 'invalid_url', /Invalid url 5: it is a number/],
  ['an empty URL', { ...wish, url: '' }, 'invalid_url', /it must begin with one of "http:", "function:"/],
  [
    'a scheme that nobody sends to',
    { ...wish, url: 'ftp://x/' },
    'invalid_url',
    /it must begin with one of "http:", "function:"/,
  ],
  ['a scheme of the prototype', { ...wish, url: 'constructor:x' }, 'invalid_url', /it must begin with one of/],
  ['a URL that the transport refuses', { ...wish, url: 'http://u:p@127.0.0.1/' }, 'invalid_url', /user name or a password/],
  ['a URL of 2,049 bytes', { ...wish, url: `http://h/${'é'.repeat(1_020)}` }, 'invalid_url', /longer than 2048 bytes/],
  ['no topic', { ...wish, topic: undefined }, 'invalid_topic', /Invalid event undefined: write name\(number\)/],
  ['a malformed topic', { ...wish, topic: 'sub_tag(x)' }, 'invalid_topic', /Invalid event "sub_tag\(x\)"/],
  [
    'an unknown event',
    { ...wish, topic: 'sub_tags(3)' },
    'unknown_event',
    /Did you mean "sub_tag"\? Known events: "object_create"/,
  ],
  [
    'an unknown object type',
    { ...wish, topic: 'object_create(99)' },
    'unknown_object_type',
    /Unknown object type 99. Known ones: "0 Contact"/,
  ],
  ['an unknown format', { ...wish, format: 'lightwait' }, 'unknown_format', /Did you mean "lightweight"\?/],
  ['a format of the prototype', { ...wish, format: 'constructor' }, 'unknown_format', /Unknown format "constructor"/],
  ['an unknown encoding', { ...wish, encoding: 'xml' }, 'unknown_format', /Unknown encoding "xml". Encodings: "form", "json"/],
  ['data of 4,097 characters', { ...wish, data: 'x'.repeat(4_097) }, 'invalid_data', /at most 4096 characters/],
  ['data with U+0000', { ...wish, data: 'a\0' }, 'invalid_data', /U\+0000 or half/],
  ['data that is no text', { ...wish, data: { format: 'notify' } }, 'invalid_data', /it must be a text/],
];
for (const [what, input, code, message] of refused) {
  test(`a subscription with ${what} is refused as ${code}, and not stored`, async (t) => {
    const { engine, told } = await startByHand(t, sqlite.make(t), {
      transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'] }), functionTransport({ send: () => undefined })],
    });
    const error = await t.throwsAsync(async () => engine.subscriptions.create(input as SubscriptionInput), { code, message });
    t.is(error?.name, 'HookwellError');
    t.is((await engine.subscriptions.list(7)).total, 0);
    t.deepEqual(told, []);
  });
}

for (const { name, make } of storages) {
  test(`${name}: what is in flight when its subscription ends is ended and recorded; its next attempt is not made`, async (t) => {
    const answers: (() => void)[] = [];
    const transport = scriptedTransport(
      async () =>
        new Promise((resolve) => {
          answers.push(() =>
            resolve({
              ok: false,
              fault: 'endpoint',
              reason: 'HTTP 500',
              status: 500,
              answer: '',
              retryAfterMs: null,
              unsent: false,
            }),
          );
        }),
    );
    const { engine, clock, told } = await startByHand(t, make(t), { transports: [transport] });
    const { id } = await engine.subscriptions.create({ ...wish, url: 'script:x' });
    await engine.emit('sub_tag(3)', { accountId: 7, objectType: 0, record: mary });
    const delivering = engine.deliverDue();
    while (answers.length === 0) await new Promise(setImmediate);
    await engine.subscriptions.remove(7, id);
    answers[0]?.();
    t.like(await delivering, { retried: 1 });
    clock.move(5_000);
    t.like(await engine.deliverDue(), { cancelled: 1 });
    t.is(transport.sent.length, 1);
    t.is(toldAs(told, 'delivery:cancelled')[0]?.outcome.reason, 'unsubscribed by the account');
  });
}
