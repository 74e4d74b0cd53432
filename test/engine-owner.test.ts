import test from 'ava';
import {
  mary,
  noon,
  slowTransport,
  startByHand,
  startForReal,
  startReceiver,
  toldAs,
  delivered as accepted,
} from './engine-fixture.ts';
import { storages } from './engine-storages.ts';

const minute = 60_000;
const account = 7;
const health = { suspendAfterFailures: 2, suspendAfterMs: 0, probeEveryMs: 15 * minute, unsubscribeAfterMs: 24 * 60 * minute };
const retry = { scheduleMs: [5 * minute, 5 * minute, 5 * minute], jitter: 0 };
const event = { accountId: account, objectType: 0, record: mary } as const;

for (const { name, make } of storages) {
  test(`${name}: nothing is sent while its owner has paused it, and all of it once it is resumed`, async (t) => {
    const receiver = await startReceiver(t);
    const { engine, clock, told } = await startByHand(t, make(t));
    const { id } = await engine.subscriptions.create({ accountId: account, url: receiver.url('/'), topic: 'sub_tag(3)' });
    clock.move(minute);
    const paused = await engine.subscriptions.pause(account, id, 'moving house');
    t.like(paused, { health: 'paused', healthReason: 'moving house', healthSince: noon + minute, healthVersion: 1 });
    t.is(engine.subscriptions.next(paused), 'its events are kept, and flow once it is resumed; nothing is sent until then');
    t.deepEqual(toldAs(told, 'subscription:paused'), [
      { subscription: paused, reason: 'moving house', next: engine.subscriptions.next(paused) },
    ]);
    t.deepEqual(await engine.subscriptions.pause(account, id), paused, 'a second time changes nothing');

    for (const n of [1, 2]) await engine.emit('sub_tag(3)', { ...event, record: { ...mary, id: n } });
    clock.move(365 * 24 * 60 * minute);
    await engine.deliverDue();
    t.deepEqual(receiver.arrived, []);
    t.is((await engine.deliveries.list(account)).total, 2);

    const resumed = await engine.subscriptions.resume(account, id);
    t.like(resumed, { health: 'healthy', healthReason: '', pausedUntil: null });
    t.like(toldAs(told, 'subscription:resumed'), [{ reason: '', next: '' }]);
    await engine.deliverDue();
    t.is(receiver.arrived.length, 2);
    t.deepEqual(await engine.subscriptions.resume(account, id), await engine.subscriptions.get(account, id), 'nor does this');
    t.is(toldAs(told, 'subscription:resumed').length, 1);
  });

  test(`${name}: a suspended one that its owner resumes flows at once, and is suspended again at its next failure`, async (t) => {
    const receiver = await startReceiver(t, () => 500);
    const { engine, clock } = await startByHand(t, make(t), { health, retry });
    const { id } = await engine.subscriptions.create({ accountId: account, url: receiver.url('/'), topic: 'sub_tag(3)' });
    await engine.emit('sub_tag(3)', event);
    await engine.deliverDue();
    clock.move(5 * minute);
    await engine.deliverDue();
    t.is((await engine.subscriptions.get(account, id)).health, 'suspended');

    t.like(await engine.subscriptions.resume(account, id), {
      health: 'failing',
      healthReason: 'resumed by its owner after 2 failures in a row',
      pausedUntil: null,
    });
    clock.move(5 * minute);
    await engine.deliverDue();
    t.is(receiver.arrived.length, 3);
    t.like(await engine.subscriptions.get(account, id), {
      health: 'suspended',
      healthReason: 'too many errors: 3 in a row over 10 minutes',
    });

    receiver.answer = () => 200;
    await engine.subscriptions.resume(account, id);
    clock.move(15 * minute);
    await engine.deliverDue();
    t.like(await engine.subscriptions.get(account, id), { health: 'healthy', consecutiveFailures: 0 });
  });

  test(`${name}: what was on its way when it was paused ends as it would have, and resumes nothing`, async (t) => {
    const { transport, answers, sent } = slowTransport();
    const { engine } = await startByHand(t, make(t), { transports: [transport], health });
    const { id } = await engine.subscriptions.create({ accountId: account, url: 'script:1', topic: 'sub_tag(3)' });
    await engine.emit('sub_tag(3)', event);
    const round = engine.deliverDue();
    await sent(1);
    await engine.subscriptions.pause(account, id);
    answers[0]?.(accepted);
    t.like(await round, { delivered: 1 });
    t.is((await engine.subscriptions.get(account, id)).health, 'paused');
  });

  test(`${name}: pause and resume are about the account's own subscriptions that have not ended`, async (t) => {
    const { engine } = await startByHand(t, make(t));
    const { id } = await engine.subscriptions.create({ accountId: account, url: 'http://127.0.0.1:1/', topic: 'sub_tag(3)' });
    for (const call of ['pause', 'resume'] as const) {
      await t.throwsAsync(async () => engine.subscriptions[call](8, id), { code: 'not_found' });
      await t.throwsAsync(async () => engine.subscriptions[call](account, 99), { code: 'not_found' });
    }
    await engine.subscriptions.pause(account, id);
    t.is((await engine.subscriptions.remove(account, id)).health, 'unsubscribed');
    await t.throwsAsync(async () => engine.subscriptions.resume(account, id), { code: 'not_found' });
    await t.throwsAsync(async () => engine.subscriptions.pause(account, id, 'x'.repeat(501)), { code: 'invalid_input' });
  });

  test(`${name}: a test is sent at once and once, is logged, and answers what the endpoint answered`, async (t) => {
    const receiver = await startReceiver(t, () => ({ status: 202, body: 'thanks' }));
    const { engine, told } = await startByHand(t, make(t));
    const { id } = await engine.subscriptions.create({
      accountId: account,
      url: receiver.url('/t'),
      topic: 'sub_tag(3)',
      format: 'lightweight',
      encoding: 'json',
    });
    const result = await engine.deliveries.test(account, id);
    t.like(result, { outcome: 'delivered', reason: '', status: 202, answer: 'thanks' });
    t.deepEqual(JSON.parse(receiver.bodies('/t')[0] ?? ''), {
      webhook_id: id,
      object_type_id: 0,
      event: { type: 'sub_tag', tag_id: 3 },
      data: { id: 0, firstname: 'Test firstname', lastname: 'Test lastname', email: 'test@example.com' },
      timestamp: noon / 1_000,
    });
    t.is(receiver.arrived[0]?.headers['webhook-id'], result.deliveryId);
    const { rows } = await engine.deliveries.attempts(account);
    t.like(rows, [{ deliveryId: result.deliveryId, eventId: result.eventId, outcome: 'delivered', number: 1 }]);
    t.is(toldAs(told, 'delivery:delivered').length, 1);
    t.is((await engine.deliveries.list(account)).total, 0);
  });

  test(`${name}: a test that fails is not tried again and not held against the endpoint, whatever it answered`, async (t) => {
    const receiver = await startReceiver(t);
    const { engine, clock } = await startByHand(t, make(t), { health: { ...health, suspendAfterFailures: 1 } });
    const { id } = await engine.subscriptions.create({
      accountId: account,
      url: receiver.url('/'),
      topic: 'object_create(10001)',
    });
    for (const [status, reason] of [
      [500, 'HTTP 500'],
      [503, 'HTTP 503'],
      [410, 'HTTP 410'],
    ] as const) {
      receiver.answer = () => ({ status, body: 'no' });
      t.like(await engine.deliveries.test(account, id), { outcome: 'failed', reason, status, answer: 'no' });
    }
    t.like(await engine.subscriptions.get(account, id), { health: 'healthy', consecutiveFailures: 0, pausedUntil: null });
    clock.move(24 * 60 * minute);
    await engine.deliverDue();
    t.is(receiver.arrived.length, 3);
  });

  test(`${name}: a test goes past a pause and leaves it, and ends a suspension when it is answered well`, async (t) => {
    const receiver = await startReceiver(t, () => 500);
    const { engine, clock } = await startByHand(t, make(t), { health, retry });
    const { id } = await engine.subscriptions.create({ accountId: account, url: receiver.url('/'), topic: 'sub_tag(3)' });
    await engine.emit('sub_tag(3)', event);
    await engine.deliverDue();
    clock.move(5 * minute);
    await engine.deliverDue();
    t.like(await engine.deliveries.test(account, id), { outcome: 'failed', reason: 'HTTP 500' });
    t.is((await engine.subscriptions.get(account, id)).health, 'suspended');
    receiver.answer = () => 200;
    t.like(await engine.deliveries.test(account, id), { outcome: 'delivered' });
    t.is((await engine.subscriptions.get(account, id)).health, 'healthy');
    clock.move(5 * minute);
    t.like(await engine.deliverDue(), { delivered: 1 }, 'what was held flows');

    await engine.subscriptions.pause(account, id);
    t.like(await engine.deliveries.test(account, id), { outcome: 'delivered' });
    t.is((await engine.subscriptions.get(account, id)).health, 'paused');
  });

  test(`${name}: tests are bounded, are about the account's own, and are waited for by stop`, async (t) => {
    const { transport, answers, sent } = slowTransport();
    const { engine } = await startByHand(t, make(t), { transports: [transport] });
    const { id } = await engine.subscriptions.create({ accountId: account, url: 'script:1', topic: 'sub_tag(3)' });
    await t.throwsAsync(async () => engine.deliveries.test(8, id), { code: 'not_found' });
    const tests = Array.from({ length: 10 }, async () => engine.deliveries.test(account, id));
    await sent(10);
    await t.throwsAsync(async () => engine.deliveries.test(account, id), { code: 'overloaded' });
    const stopped = engine.stop();
    for (const answer of answers) answer(accepted);
    await stopped;
    for (const result of await Promise.all(tests)) t.is(result.outcome, 'delivered');
  });

  test(`${name}: a delivery is found with its attempts, subscription, event and request, and by its own account only`, async (t) => {
    const receiver = await startReceiver(t, () => ({ status: 500, body: 'oops' }));
    const { engine, clock } = await startByHand(t, make(t), { retry });
    const subscription = await engine.subscriptions.create({
      accountId: account,
      url: receiver.url('/'),
      topic: 'sub_tag(3)',
      format: 'notify',
    });
    const { id: eventId } = await engine.emit('sub_tag(3)', event);
    const [waiting] = (await engine.deliveries.list(account)).rows;
    const id = waiting?.id ?? '';
    const body = `webhook_id=${subscription.id}&object_type_id=0&event%5Btype%5D=sub_tag&event%5Btag_id%5D=3&data%5Bid%5D=8&timestamp=${noon / 1_000}`;
    const fresh = await engine.deliveries.get(account, id);
    t.deepEqual(fresh.attempts, []);
    t.deepEqual(fresh.delivery, waiting);
    t.deepEqual(fresh.subscription, subscription);
    t.like(fresh.event, { id: eventId, topic: 'sub_tag(3)' });
    t.deepEqual(fresh.request, { url: receiver.url('/'), contentType: 'application/x-www-form-urlencoded', body });

    await engine.deliverDue();
    receiver.answer = () => 200;
    clock.move(5 * minute);
    await engine.deliverDue();
    const finished = await engine.deliveries.get(account, id);
    t.is(finished.delivery, null);
    t.like(finished.attempts, [
      { number: 1, outcome: 'retry', reason: 'HTTP 500', answer: 'oops' },
      { number: 2, outcome: 'delivered' },
    ]);
    t.deepEqual(receiver.bodies('/'), [body, body]);
    for (const [accountId, wrong] of [
      [8, id],
      [account, 'nothing'],
      [account, ''],
    ] as const) {
      await t.throwsAsync(async () => engine.deliveries.get(accountId, wrong), { code: 'not_found' });
    }
  });

  test(`${name}: an engine that delivers by itself hands back what is paused, and goes on when it is resumed`, async (t) => {
    const receiver = await startReceiver(t);
    const { engine } = await startForReal(t, make(t));
    const { id } = await engine.subscriptions.create({ accountId: account, url: receiver.url('/'), topic: 'sub_tag(3)' });
    await engine.subscriptions.pause(account, id);
    await engine.emit('sub_tag(3)', event);
    t.like(await engine.deliveries.list(account), { total: 1, rows: [{ attempts: 0, fence: null }] });
    await engine.subscriptions.resume(account, id);
    await receiver.until(() => receiver.arrived.length === 1);
    await engine.emit('sub_tag(3)', event);
    await receiver.until(() => receiver.arrived.length === 2);
    t.pass();
  });

  test(`${name}: what an owner changes is what is sent from then on, also of what waits`, async (t) => {
    const receiver = await startReceiver(t);
    const { engine, told } = await startByHand(t, make(t));
    const made = await engine.subscriptions.create({ accountId: account, url: receiver.url('/old'), topic: 'sub_tag(3)' });
    await engine.emit('sub_tag(3)', event);
    const changed = await engine.subscriptions.update(account, made.id, {
      url: receiver.url('/new'),
      topic: 'sub_tag(4)',
      format: 'notify',
      encoding: 'json',
    });
    t.deepEqual(changed, {
      ...made,
      url: receiver.url('/new'),
      topic: 'sub_tag(4)',
      format: 'notify',
      encoding: 'json',
      data: '{"format":"notify","encoding":"json"}',
    });
    t.deepEqual(await engine.subscriptions.get(account, made.id), changed);
    t.deepEqual(toldAs(told, 'subscription:updated'), [{ subscription: changed }]);
    await engine.emit('sub_tag(3)', event);
    await engine.emit('sub_tag(4)', event);
    await engine.deliverDue();
    t.deepEqual(receiver.bodies('/old'), []);
    t.deepEqual(
      receiver.bodies('/new').map((body) => (JSON.parse(body) as { event: object }).event),
      [
        { type: 'sub_tag', tag_id: 3 },
        { type: 'sub_tag', tag_id: 4 },
      ],
    );
    t.like(await engine.subscriptions.update(account, made.id, { format: 'full', encoding: 'form' }), { data: '' });
    t.like(await engine.subscriptions.update(account, made.id, { format: 'notify', data: '{"x":1}' }), { data: '{"x":1}' });
    t.like(await engine.subscriptions.update(account, made.id, { encoding: 'json' }), {
      data: '{"format":"notify","encoding":"json","x":1}',
    });
    t.like(await engine.subscriptions.update(account, made.id, {}), { format: 'notify' });
  });

  test(`${name}: a change is checked as a new subscription is, and changes nothing when it is refused`, async (t) => {
    const { engine } = await startByHand(t, make(t), {
      plugins: [
        {
          name: 'policy',
          subscribe({ topic }) {
            if (topic === 'sub_tag(9)') throw new Error('tag 9 is ours');
            return { first: 'kept' };
          },
        },
      ],
    });
    const made = await engine.subscriptions.create({ accountId: account, url: 'http://127.0.0.1:1/', topic: 'sub_tag(3)' });
    for (const [changes, code] of [
      [{ url: 'nowhere' }, 'invalid_url'],
      [{ topic: 'sub_tag' }, 'invalid_topic'],
      [{ topic: 'sub_tags(3)' }, 'unknown_event'],
      [{ topic: 'object_create(77)' }, 'unknown_object_type'],
      [{ format: 'fulll' }, 'unknown_format'],
      [{ encoding: 'xml' as 'form' }, 'unknown_format'],
      [{ data: 'x'.repeat(5_000) }, 'invalid_data'],
      [{ attributes: { long: 'x'.repeat(5_000) } }, 'invalid_input'],
      [{ ulr: 'http://127.0.0.1:1/' } as object, 'invalid_input'],
      [null as unknown as object, 'invalid_input'],
    ] as const) {
      await t.throwsAsync(engine.subscriptions.update(account, made.id, changes), { code }, JSON.stringify(changes));
    }
    await t.throwsAsync(engine.subscriptions.update(account, made.id, { topic: 'sub_tag(9)' }), { message: 'tag 9 is ours' });
    await t.throwsAsync(engine.subscriptions.update(8, made.id, { format: 'notify' }), { code: 'not_found' });
    t.deepEqual(await engine.subscriptions.get(account, made.id), made);

    const changed = await engine.subscriptions.update(account, made.id, { attributes: { first: null, second: 'x' } });
    t.deepEqual(changed.attributes, { second: 'x' });
    await engine.subscriptions.remove(account, made.id);
    await t.throwsAsync(engine.subscriptions.update(account, made.id, { format: 'notify' }), { code: 'not_found' });
    t.like(await engine.subscriptions.get(account, made.id, { which: 'all' }), { health: 'unsubscribed', format: 'full' });
  });

  test(`${name}: an account's attempts are counted by span, outcome and duration, and its backlog by subscription`, async (t) => {
    const { engine, clock } = await startByHand(t, make(t), { retry });
    const receiver = await startReceiver(t);
    const [first, second] = [
      await engine.subscriptions.create({ accountId: account, url: receiver.url('/1'), topic: 'sub_tag(3)' }),
      await engine.subscriptions.create({ accountId: account, url: receiver.url('/2'), topic: 'sub_tag(3)' }),
    ];
    await engine.subscriptions.create({ accountId: 8, url: receiver.url('/8'), topic: 'sub_tag(3)' });
    receiver.answer = ({ path }) => (path === '/2' ? 500 : 200);
    for (const accountId of [account, 8]) await engine.emit('sub_tag(3)', { ...event, accountId });
    await engine.deliverDue();
    clock.move(minute);
    await engine.emit('sub_tag(3)', event);
    t.deepEqual(await engine.deliveries.backlog(account), [
      { subscriptionId: first.id, waiting: 1, oldestCreatedAt: noon + minute },
      { subscriptionId: second.id, waiting: 2, oldestCreatedAt: noon },
    ]);
    await engine.deliverDue();
    const span = { from: noon, until: noon + 2 * minute, everyMs: minute };
    t.deepEqual(
      (await engine.deliveries.counts(account, span)).map(({ at, outcome, count }) => ({ at, outcome, count })),
      [
        { at: noon, outcome: 'delivered', count: 1 },
        { at: noon, outcome: 'retry', count: 1 },
        { at: noon + minute, outcome: 'delivered', count: 1 },
        { at: noon + minute, outcome: 'retry', count: 1 },
      ],
    );
    t.is((await engine.deliveries.counts(account, { ...span, subscriptionId: second.id })).length, 2);
    await t.throwsAsync(async () => engine.deliveries.counts(account, { ...span, everyMs: 0 }), { code: 'invalid_query' });
  });
}
