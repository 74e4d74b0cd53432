import test from 'ava';
import Value from 'typebox/value';
import {
  AttemptPageSchema,
  DeliveryDetailsSchema,
  DeliveryPageSchema,
  type AttemptPageJson,
  type DeliveryDetailsJson,
  type DeliveryPageJson,
} from '../src/manage/schemas.ts';
import { noon } from './host.ts';
import { bad, good, problem, startManaged, storages, subscribed, tagged, type ManagedHost } from './manage-host.ts';

const iso = (ms: number): string => new Date(noon + ms).toISOString();

/** The only delivery that waits. */
async function waiting(host: ManagedHost): Promise<string> {
  const { json } = await host.api<DeliveryPageJson>('GET', '/deliveries');
  return json.rows[0]?.id ?? '';
}

/** The delivery of the newest line of the log. */
async function newest(host: ManagedHost): Promise<string> {
  const { json } = await host.api<AttemptPageJson>('GET', '/attempts?limit=1');
  return json.rows[0]?.deliveryId ?? '';
}

for (const [kind, storage] of Object.entries(storages)) {
  test(`${kind}: a delivery from its first failure to its success, and sent again`, async (t) => {
    const host = await startManaged(t, { engine: { storage: storage() } });
    const subscription = await subscribed(host, { format: 'lightweight' });
    host.answer = () => bad(500, 'out of order');
    await tagged(host);
    await host.engine.deliverDue();

    const list = await host.api<DeliveryPageJson>('GET', '/deliveries');
    t.true(Value.Check(DeliveryPageSchema, list.json));
    const [row] = list.json.rows;
    t.like(row, {
      subscriptionId: subscription.id,
      state: 'waiting',
      attempts: 1,
      failures: 1,
      createdAt: iso(0),
      dueAt: iso(5_000),
    });
    const id = row?.id ?? '';

    const failing = await host.api<DeliveryDetailsJson>('GET', `/deliveries/${id}`);
    t.is(failing.status, 200);
    t.true(Value.Check(DeliveryDetailsSchema, failing.json), JSON.stringify(Value.Errors(DeliveryDetailsSchema, failing.json)));
    t.like(failing.json, {
      id,
      state: 'waiting',
      next: `Attempt 2 is made at ${iso(5_000)}.`,
      topic: 'sub_tag(3)',
      canReplay: false,
      canCancel: true,
      subscription: { id: subscription.id, health: 'failing' },
      event: { topic: 'sub_tag(3)', objectTypeId: 0, occurredAt: iso(0), record: { id: 8, firstname: 'Mary', lastname: null } },
    });
    t.is(failing.json.request?.body, host.sent[0]?.body);
    t.like(failing.json.request, { method: 'POST', url: 'https://example.com/hook', rebuilt: true });
    t.regex(failing.json.request?.note ?? '', /composed again/);
    const [attempt] = failing.json.attempts;
    t.like(attempt, {
      number: 1,
      outcome: 'retry',
      status: 500,
      answer: 'out of order',
      startedAt: iso(0),
      nextAttemptAt: iso(5_000),
    });
    const [first] = host.sent;
    for (const { name, value } of attempt?.headers ?? []) {
      const at = first?.headers.indexOf(name) ?? -1;
      t.is(first?.headers[at + 1], value, name);
    }
    t.is(attempt?.headers.length, 4);

    host.answer = () => good;
    host.move(5_000);
    t.like((await host.api('GET', `/deliveries/${id}`)).json, { next: 'Attempt 2 is made as soon as there is room for it.' });
    await host.engine.deliverDue();
    const done = await host.api<DeliveryDetailsJson>('GET', `/deliveries/${id}`);
    t.like(done.json, {
      state: 'delivered',
      next: 'It was delivered; nothing more happens, unless you send it again.',
      createdAt: null,
      dueAt: null,
      canReplay: true,
      canCancel: false,
    });
    t.deepEqual(
      done.json.attempts.map(({ number, outcome, answer }) => ({ number, outcome, answer })),
      [
        { number: 2, outcome: 'delivered', answer: 'thank you' },
        { number: 1, outcome: 'retry', answer: 'out of order' },
      ],
    );

    const again = await host.api<DeliveryDetailsJson>('POST', `/deliveries/${id}/replay`);
    t.is(again.status, 200);
    t.like(again.json, { state: 'waiting', canReplay: false, canCancel: true });
    await host.engine.deliverDue();
    t.is((await host.api<DeliveryDetailsJson>('GET', `/deliveries/${id}`)).json.attempts.length, 3);
    t.deepEqual(host.errors, []);
  });
}

test('a delivery that waits is cancelled with a reason, and cannot be a second time', async (t) => {
  const host = await startManaged(t);
  const { id: subscriptionId } = await subscribed(host);
  await host.api('POST', `/subscriptions/${subscriptionId}/pause`);
  await tagged(host);
  const id = await waiting(host);
  t.like((await host.api('GET', `/deliveries/${id}`)).json, { next: 'It waits until its subscription is resumed.' });
  const cancelled = await host.api<DeliveryDetailsJson>('POST', `/deliveries/${id}/cancel`, { json: { reason: 'sent by hand' } });
  t.like(cancelled.json, { state: 'cancelled', canReplay: true, canCancel: false });
  t.like(cancelled.json.attempts[0], { number: 0, outcome: 'cancelled', reason: 'sent by hand', headers: [], answer: '' });
  t.like((await host.api('POST', `/deliveries/${id}/cancel`)).json, problem('wrong_state', 409) as never);
});

test('all that waits of an event is cancelled, and counted', async (t) => {
  const host = await startManaged(t);
  for (let count = 0; count < 2; count += 1) await subscribed(host);
  await tagged(host);
  const [waits] = (await host.engine.deliveries.list(1)).rows;
  const cancel = async () => host.api('POST', `/events/${waits?.eventId}/cancel`, { json: { reason: 'sent by mistake' } });
  t.deepEqual((await cancel()).json, { cancelled: 2, sending: 0, ended: 0 } as never);
  t.deepEqual((await cancel()).json, { cancelled: 0, sending: 0, ended: 2 } as never);
  const { rows } = await host.engine.deliveries.attempts(1);
  t.deepEqual(new Set(rows.map(({ reason }) => reason)), new Set(['sent by mistake']));
});

test('a delivery that waits cannot be sent again, and one without its subscription neither', async (t) => {
  const host = await startManaged(t);
  const { id: subscriptionId } = await subscribed(host);
  await tagged(host);
  const id = await waiting(host);
  t.like((await host.api('POST', `/deliveries/${id}/replay`)).json, problem('wrong_state', 409) as never);
  await host.engine.deliverDue();
  await host.api('DELETE', `/subscriptions/${subscriptionId}`);
  t.like((await host.api('GET', `/deliveries/${id}`)).json, {
    state: 'delivered',
    next: 'It was delivered; it cannot be sent again, because its subscription has ended.',
    canReplay: false,
  });
  t.like((await host.api('POST', `/deliveries/${id}/replay`)).json, problem('wrong_state', 409) as never);
});

test('what is being sent right now is said to be', async (t) => {
  const host = await startManaged(t);
  await subscribed(host);
  let answer = (): void => undefined;
  host.answer = async () =>
    new Promise((resolve) => {
      answer = () => resolve(good);
    });
  await tagged(host);
  const round = host.engine.deliverDue();
  while (host.sent.length === 0) await new Promise(setImmediate);
  const id = await waiting(host);
  t.like((await host.api('GET', '/deliveries')).json, { rows: [{ state: 'sending', dueAt: null }] });
  t.like((await host.api('GET', `/deliveries/${id}`)).json, {
    state: 'sending',
    next: 'It is being sent right now.',
    dueAt: null,
    canCancel: false,
  });
  t.like((await host.api('POST', `/deliveries/${id}/cancel`)).json, problem('wrong_state', 409) as never);
  answer();
  await round;
});

test('deliveries that wait are listed oldest first, by page and by subscription', async (t) => {
  const host = await startManaged(t);
  const first = await subscribed(host);
  const second = await subscribed(host);
  for (const { id } of [first, second]) await host.api('POST', `/subscriptions/${id}/pause`);
  for (let id = 1; id <= 4; id += 1) await tagged(host, 1, id);
  const all = (await host.api<DeliveryPageJson>('GET', '/deliveries')).json;
  t.is(all.remaining, 8);
  const page = (await host.api<DeliveryPageJson>('GET', '/deliveries?limit=5')).json;
  await tagged(host, 1, 9);
  const rest = (await host.api<DeliveryPageJson>('GET', `/deliveries?limit=50&cursor=${page.next}`)).json;
  t.deepEqual(
    [...page.rows, ...rest.rows].map(({ id }) => id).slice(0, 8),
    all.rows.map(({ id }) => id),
  );
  t.is(rest.rows.length, 5);
  const own = (await host.api<DeliveryPageJson>('GET', `/deliveries?subscriptionId=${second.id}`)).json;
  t.true(own.rows.length === 5 && own.rows.every(({ subscriptionId }) => subscriptionId === second.id));
});

test('the log is found by outcome, topic, subscription, delivery, time and text, the newest first', async (t) => {
  const host = await startManaged(t);
  const mine = await subscribed(host, { url: 'https://example.com/good' });
  const other = await subscribed(host, { url: 'https://example.com/bad', topic: 'unsub_tag(7)' });
  host.answer = (url) => (url.endsWith('/bad') ? bad(404, 'who is that?') : good);
  await tagged(host, 1, 8, 'Mary');
  await host.engine.deliverDue();
  host.move(60_000);
  await host.engine.emit('unsub_tag(7)', { accountId: 1, objectType: 0, record: { id: 9, firstname: 'Zacharias' } });
  await host.engine.deliverDue();

  const all = await host.api<AttemptPageJson>('GET', '/attempts');
  t.true(Value.Check(AttemptPageSchema, all.json));
  t.like(all.json.rows[0], {
    subscriptionId: other.id,
    topic: 'unsub_tag(7)',
    outcome: 'retry',
    status: 404,
    startedAt: iso(60_000),
  });
  t.like(all.json.rows[1], { subscriptionId: mine.id, outcome: 'delivered', nextAttemptAt: null });
  const [newer, older] = all.json.rows.map(({ id }) => id);
  const found = async (query: Readonly<Record<string, string>>): Promise<readonly number[]> => {
    const { json } = await host.api<AttemptPageJson>('GET', `/attempts?${new URLSearchParams(query).toString()}`);
    return json.rows.map(({ id }) => id);
  };
  t.deepEqual(await found({ outcome: 'retry,failed' }), [newer]);
  t.deepEqual(await found({ outcome: 'delivered,retry' }), [newer, older]);
  t.deepEqual(await found({ topic: 'sub_tag(3)' }), [older]);
  t.deepEqual(await found({ subscriptionId: String(other.id) }), [newer]);
  t.deepEqual(await found({ deliveryId: await newest(host) }), [newer]);
  t.deepEqual(await found({ from: iso(60_000) }), [newer]);
  t.deepEqual(await found({ until: iso(60_000) }), [older]);
  t.deepEqual(await found({ from: '2026-01-15T13:00:00+01:00', until: iso(1) }), [older]);
  t.deepEqual(await found({ text: 'http 404' }), [newer]);
  t.deepEqual(await found({ text: (await newest(host)).slice(4, 30) }), [newer]);
  t.deepEqual(await found({ text: 'who is THAT' }), [newer]);
  t.deepEqual(await found({ text: 'zacharias' }), [newer]);
  t.deepEqual(await found({ text: 'Mary', outcome: 'delivered' }), [older]);
  t.deepEqual(await found({ text: 'Zach%rias' }), [newer]);
  t.deepEqual(await found({ text: 'Zach%ias' }), []);
  t.deepEqual(await found({ text: '%' }), [newer, older]);
  t.deepEqual(await found({ text: 'nothing of the kind' }), []);
});

test('pages of the log neither skip nor repeat while lines are added', async (t) => {
  const host = await startManaged(t, { engine: { storage: storages['sqlite']?.() as never } });
  await subscribed(host);
  for (let id = 1; id <= 10; id += 1) await tagged(host, 1, id);
  await host.engine.deliverDue();
  const all = (await host.api<AttemptPageJson>('GET', '/attempts')).json.rows.map(({ id }) => id);
  t.is(all.length, 10);
  const seen: number[] = [];
  let cursor = '';
  do {
    const { json } = await host.api<AttemptPageJson>('GET', `/attempts?limit=3${cursor}`);
    seen.push(...json.rows.map(({ id }) => id));
    cursor = json.next === null ? '' : `&cursor=${json.next}`;
    await tagged(host);
    await host.engine.deliverDue();
  } while (cursor !== '');
  t.deepEqual(seen, all);
});
