import { randomBytes } from 'node:crypto';
import test from 'ava';
import Value from 'typebox/value';
import type {
  CreatedSubscriptionJson,
  NewSecretJson,
  SubscriptionJson,
  SubscriptionPageJson,
  TestResultJson,
} from '../src/manage/schemas.ts';
import { SubscriptionPageSchema, SubscriptionSchema } from '../src/manage/schemas.ts';
import { managedSecrets } from '@hookwell/core';
import { noon, versions, type Version } from './host.ts';
import { bad, everyRoute, problem, startManaged, storages, subscribed, tagged } from './manage-host.ts';

for (const version of Object.keys(versions) as Version[]) {
  for (const [kind, storage] of Object.entries(storages)) {
    test(`${version}, ${kind}: a subscription is made, seen, listed, paused, resumed, tested and ended`, async (t) => {
      const host = await startManaged(t, { version, engine: { storage: storage() } });
      const made = await host.api<SubscriptionJson>('POST', '/subscriptions', {
        json: { url: 'https://example.com/hook', topic: 'sub_tag(3)', format: 'lightweight', encoding: 'json' },
      });
      t.is(made.status, 201);
      t.is(made.headers['content-type'], 'application/json');
      t.is(made.headers['cache-control'], 'no-store');
      t.is(made.headers['x-content-type-options'], 'nosniff');
      const time = new Date(noon).toISOString();
      t.deepEqual(made.json, {
        id: made.json.id,
        url: 'https://example.com/hook',
        topic: 'sub_tag(3)',
        format: 'lightweight',
        encoding: 'json',
        ordering: 'none',
        coalesceMs: 0,
        createdAt: time,
        health: 'healthy',
        healthReason: '',
        healthSince: time,
        healthNext: '',
        consecutiveFailures: 0,
        failingSince: null,
        heldUntil: null,
        lastAttemptAt: null,
        lastStatus: 0,
        filter: null,
        hasSecret: false,
        headerNames: [],
      });
      t.true(Value.Check(SubscriptionSchema, made.json));
      const path = `/subscriptions/${made.json.id}`;
      t.deepEqual((await host.api('GET', path)).json, made.json as never);
      const list = await host.api<SubscriptionPageJson>('GET', '/subscriptions');
      t.deepEqual(list.json, { rows: [made.json], next: null, remaining: 1 });
      t.true(Value.Check(SubscriptionPageSchema, list.json));

      const paused = await host.api<SubscriptionJson>('POST', `${path}/pause`, { json: { reason: 'our server moves' } });
      t.like(paused.json, { health: 'paused', healthReason: 'our server moves', heldUntil: null });
      t.regex(paused.json.healthNext, /once it is resumed/);
      t.like((await host.api('POST', `${path}/resume`)).json, { health: 'healthy', healthReason: '' });

      const tested = await host.api<TestResultJson>('POST', `${path}/test`);
      t.is(tested.status, 200);
      t.like(tested.json, { outcome: 'delivered', status: 200, answer: 'thank you', reason: '' });

      const ended = await host.api<SubscriptionJson>('DELETE', path);
      t.is(ended.status, 200);
      t.like(ended.json, { health: 'unsubscribed', healthReason: 'unsubscribed by the account' });
      t.is((await host.api('DELETE', path)).status, 404);
      t.like((await host.api('GET', '/subscriptions')).json, { rows: [], remaining: 0 });
      t.deepEqual(host.errors, []);
    });
  }
}

test('an endpoint that fails is said to be failing, with what happens next, and until when it is left alone', async (t) => {
  const host = await startManaged(t);
  const { id } = await subscribed(host);
  host.answer = () => ({ ...bad(503), fault: 'busy', retryAfterMs: 90_000 }) as never;
  await tagged(host);
  await host.engine.deliverDue();
  const { json } = await host.api<SubscriptionJson>('GET', `/subscriptions/${id}`);
  t.like(json, { health: 'failing', consecutiveFailures: 1, lastStatus: 503 });
  t.regex(json.healthNext, /suspended after 10 failures/);
  t.is(json.heldUntil, new Date(noon + 90_000).toISOString());
  host.move(90_001);
  t.is((await host.api<SubscriptionJson>('GET', `/subscriptions/${id}`)).json.heldUntil, null);
});

test('what a client of the wire contract sees of a subscription made here is what it would have asked for', async (t) => {
  const host = await startManaged(t);
  await subscribed(host, { format: 'lightweight', encoding: 'json' });
  await subscribed(host, {});
  const answer = await host.call('GET', '/Webhooks');
  t.like(answer.json, { data: [{ data: '{"format":"lightweight","encoding":"json"}' }, { data: '' }] });
});

test('a subscription is changed in what is named, and what waits goes where it says now', async (t) => {
  const host = await startManaged(t);
  const before = await subscribed(host, { format: 'lightweight' });
  const path = `/subscriptions/${before.id}`;
  await host.api('POST', `${path}/pause`);
  await tagged(host);
  const changed = await host.api<SubscriptionJson>('PATCH', path, {
    json: { url: 'https://example.com/new', format: 'notify', encoding: 'json', ordering: 'record', coalesceMs: 5_000 },
  });
  t.is(changed.status, 200);
  t.like(changed.json, {
    ...before,
    url: 'https://example.com/new',
    format: 'notify',
    encoding: 'json',
    ordering: 'record',
    coalesceMs: 5_000,
    health: 'paused',
    healthReason: 'paused by its owner',
    healthNext: changed.json.healthNext,
  });
  t.like((await host.call('GET', '/Webhooks')).json, { data: [{ data: '{"format":"notify","encoding":"json"}' }] });
  t.like((await host.api('PATCH', path, { json: { topic: 'unsub_tag(4)' } })).json, { topic: 'unsub_tag(4)', format: 'notify' });
  await host.api('POST', `${path}/resume`);
  await host.engine.deliverDue();
  t.deepEqual(
    host.sent.map(({ url }) => url),
    ['https://example.com/new'],
  );
  t.deepEqual(JSON.parse(host.sent[0]?.body ?? '').data, { id: 8 });

  for (const [json, expected] of [
    [{}, problem('invalid_body', 400)],
    [{ id: 7 }, problem('invalid_body', 400, 'id')],
    [{ health: 'healthy' }, problem('invalid_body', 400, 'health')],
    [{ url: 'http://example.com' }, problem('invalid_url', 422)],
    [{ topic: 'sub_tag' }, problem('invalid_topic', 422)],
    [{ format: 'fulll' }, problem('unknown_format', 422)],
  ] as const) {
    t.like((await host.api('PATCH', path, { json })).json, expected as never, JSON.stringify(json));
  }
});

test('what has ended is seen and listed when it is asked for', async (t) => {
  const host = await startManaged(t);
  const active = await subscribed(host);
  const ended = await subscribed(host);
  await host.api('DELETE', `/subscriptions/${ended.id}`);
  const found = async (query: string): Promise<readonly number[]> =>
    (await host.api<SubscriptionPageJson>('GET', `/subscriptions${query}`)).json.rows.map(({ id }) => id);
  t.deepEqual(await found(''), [active.id]);
  t.deepEqual(await found('?which=active'), [active.id]);
  t.deepEqual(await found('?which=ended'), [ended.id]);
  t.deepEqual(await found('?which=all'), [ended.id, active.id]);
  t.deepEqual(await found('?which=all&health=unsubscribed'), [ended.id]);
  t.like((await host.api('GET', `/subscriptions/${ended.id}`)).json, { health: 'unsubscribed' });
  for (const [method, path] of [
    ['PATCH', ''],
    ['POST', '/pause'],
    ['POST', '/resume'],
    ['POST', '/test'],
    ['POST', '/rotate-secret'],
  ] as const) {
    const reply = await host.api(
      method,
      `/subscriptions/${ended.id}${path}`,
      method === 'PATCH' ? { json: { format: 'full' } } : {},
    );
    t.like(reply.json, problem('not_found', 404) as never, path);
  }
});

test('subscriptions are found by health, topic and text', async (t) => {
  const host = await startManaged(t);
  const first = await subscribed(host, { url: 'https://example.com/first' });
  const second = await subscribed(host, { url: 'https://example.com/second', topic: 'unsub_tag(7)' });
  await host.api('POST', `/subscriptions/${second.id}/pause`);
  const found = async (query: string): Promise<readonly number[]> =>
    (await host.api<SubscriptionPageJson>('GET', `/subscriptions?${query}`)).json.rows.map(({ id }) => id);
  t.deepEqual(await found(''), [second.id, first.id]);
  t.deepEqual(await found('health=paused'), [second.id]);
  t.deepEqual(await found('health=healthy,paused'), [second.id, first.id]);
  t.deepEqual(await found('health=suspended,failing'), []);
  t.deepEqual(await found('topic=sub_tag(3)'), [first.id]);
  t.deepEqual(await found('text=SECOND'), [second.id]);
  t.deepEqual(await found('text=sub_tag'), [second.id, first.id]);
});

test('pages of subscriptions neither skip nor repeat when others are made meanwhile', async (t) => {
  const host = await startManaged(t);
  const ids: number[] = [];
  for (let count = 0; count < 7; count += 1) ids.push((await subscribed(host)).id);
  const seen: number[] = [];
  let next: string | null = '';
  while (next !== null) {
    const cursor: string = next === '' ? '' : `&cursor=${next}`;
    const { json } = await host.api<SubscriptionPageJson>('GET', `/subscriptions?limit=3${cursor}`);
    seen.push(...json.rows.map(({ id }) => id));
    next = json.next;
    await subscribed(host);
  }
  t.deepEqual(seen, ids.toReversed());
});

for (const [what, fields, code, says] of [
  ['a URL that the transport does not take', { url: 'http://example.com' }, 'invalid_url', /it must begin with one of "https:"/],
  ['a topic without a number', { topic: 'sub_tag' }, 'invalid_topic', /write name\(number\)/],
  ['an event that there is not', { topic: 'sub_tga(3)' }, 'invalid_topic', /Did you mean "sub_tag"/],
  ['an object type that there is not', { topic: 'object_create(99)' }, 'invalid_topic', /Unknown object type 99/],
  ['a format that there is not', { format: 'ligthweight' }, 'unknown_format', /Did you mean "lightweight"/],
] as const) {
  test(`subscribing with ${what} is a problem`, async (t) => {
    const host = await startManaged(t);
    const reply = await host.api<{ readonly detail: string }>('POST', '/subscriptions', {
      json: { url: 'https://example.com/hook', topic: 'sub_tag(3)', ...fields },
    });
    t.is(reply.status, 422);
    t.is(reply.headers['content-type'], 'application/problem+json');
    t.like(reply.json, problem(code, 422) as never);
    t.regex(reply.json.detail, says);
  });
}

test('a secret is rotated where a keeper keeps them, and is seen that once', async (t) => {
  const secrets = managedSecrets({ keys: [{ id: 'a', key: Buffer.alloc(32, 1).toString('base64') }] });
  const host = await startManaged(t, { options: { secrets }, engine: { plugins: [secrets] } });
  const { id, hasSecret } = await subscribed(host);
  t.true(hasSecret);
  const rotated = await host.api<NewSecretJson>('POST', `/subscriptions/${id}/rotate-secret`);
  t.deepEqual(Object.keys(rotated.json), ['secret']);
  t.regex(rotated.json.secret, /^whsec_/);
  t.is(secrets.secretsOf(await host.engine.subscriptions.get(1, id))[0], rotated.json.secret);
  const seen = await host.api<SubscriptionJson>('GET', `/subscriptions/${id}`);
  t.true(seen.json.hasSecret);
  t.notRegex(seen.text, /whsec_|attributes/);
  t.like(
    (await host.api('POST', `/subscriptions/${id}/rotate-secret`, { as: 'app-2' })).json,
    problem('not_found', 404) as never,
  );
});

test('where nobody keeps secrets, there is none to rotate', async (t) => {
  const host = await startManaged(t);
  const { id } = await subscribed(host);
  const reply = await host.api('POST', `/subscriptions/${id}/rotate-secret`);
  t.like(reply.json, problem('no_secret', 409) as never);
});

test('a keeper that cannot open a secret is reported, and hides no subscription', async (t) => {
  const secretsOf = (): never => {
    throw new Error('no such key');
  };
  const host = await startManaged(t, { options: { secrets: { rotate: async () => ({ secret: '' }), secretsOf } } });
  const { hasSecret } = await subscribed(host);
  t.false(hasSecret);
  t.deepEqual(
    host.errors.map(({ message }) => message),
    ['no such key'],
  );
});

test('the first secret of a subscription is shown when it is made, and by no other answer', async (t) => {
  const secrets = managedSecrets({ keys: [{ id: 'a', key: randomBytes(32).toString('base64') }] });
  const host = await startManaged(t, { options: { secrets }, engine: { plugins: [secrets] } });
  const made = await subscribed(host);
  const { secret = '' } = made as CreatedSubscriptionJson;
  t.regex(secret, /^whsec_[A-Za-z0-9+/]{43}=$/);
  t.deepEqual(secrets.secretsOf(await host.engine.subscriptions.get(1, made.id)), [secret]);
  for (const { route, path, wish } of everyRoute({ subscription: made.id, delivery: 'none' })) {
    if (route.answer.contentType !== 'application/json' || route.method === 'DELETE') continue;
    t.false((await host.api(route.method, path, wish)).text.includes(secret), route.id);
  }
});
