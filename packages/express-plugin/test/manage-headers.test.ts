import { randomBytes } from 'node:crypto';
import { managedHeaders, managedSecrets } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import type { SubscriptionJson } from '../src/manage/schemas.ts';
import { problem, startManaged, storages, subscribed, tagged, type ManagedHost } from './manage-host.ts';

const keys = [{ id: 'a', key: randomBytes(32).toString('base64') }];
const token = 'tok_0123456789abcdefWXYZ';
const canary = 'canary-5d1c0a7e99f2';

async function start(t: ExecutionContext, storage: keyof typeof storages = 'memory'): Promise<ManagedHost> {
  const headers = managedHeaders({ keys });
  const plugins = [managedSecrets({ keys }), headers];
  return startManaged(t, { options: { headers }, engine: { plugins, storage: (storages[storage] as () => never)() } });
}

/** What the last request of a subscription has carried of its own. */
async function carried(host: ManagedHost): Promise<Readonly<Record<string, string>>> {
  await tagged(host);
  await host.engine.deliverDue();
  const flat = host.sent.at(-1)?.headers ?? [];
  const names = flat.filter((_, index) => index % 2 === 0);
  const own = names.map((name, index) => [name.toLowerCase(), flat[index * 2 + 1] ?? ''] as const);
  return Object.fromEntries(own.filter(([name]) => name === 'authorization' || name.startsWith('x-')));
}

const patch = async (host: ManagedHost, id: number, json: unknown) =>
  host.api<SubscriptionJson>('PATCH', `/subscriptions/${id}`, { json: json as never });

for (const storage of Object.keys(storages)) {
  test(`${storage}: headers are chosen when a subscription is made, changed one by one, and taken away; no answer has their values`, async (t) => {
    const host = await start(t, storage);
    const made = await host.api<SubscriptionJson>('POST', '/subscriptions', {
      json: {
        url: 'https://example.com/hook',
        topic: 'sub_tag(3)',
        auth: { type: 'bearer', token },
        headers: [{ name: 'X-Tenant', value: canary }],
      },
    });
    t.is(made.status, 201);
    t.deepEqual(made.json.headerNames, ['authorization', 'X-Tenant']);
    t.deepEqual(await carried(host), { authorization: `Bearer ${token}`, 'x-tenant': canary }, 'with its first request');
    const { id } = made.json;

    const steps: readonly (readonly [json: unknown, names: readonly string[], carried: Readonly<Record<string, string>>])[] = [
      [{ format: 'notify' }, ['authorization', 'X-Tenant'], { authorization: `Bearer ${token}`, 'x-tenant': canary }],
      [
        { headers: [{ name: 'x-a', value: 'one' }] },
        ['authorization', 'x-a'],
        { authorization: `Bearer ${token}`, 'x-a': 'one' },
      ],
      [
        { auth: { type: 'basic', username: 'u', password: 'p' } },
        ['authorization', 'x-a'],
        { authorization: 'Basic dTpw', 'x-a': 'one' },
      ],
      [{ headers: [{ name: 'Authorization', value: 'Token 7' }] }, ['Authorization'], { authorization: 'Token 7' }],
      [{ headers: [] }, ['Authorization'], { authorization: 'Token 7' }],
      [{ auth: { type: 'none' } }, [], {}],
      [{ headers: [{ name: 'x-b', value: 'two' }], auth: { type: 'none' } }, ['x-b'], { 'x-b': 'two' }],
      [{ headers: [] }, [], {}],
    ];
    for (const [json, names, own] of steps) {
      const changed = await patch(host, id, json);
      t.deepEqual([changed.status, changed.json.headerNames], [200, names], JSON.stringify(json));
      t.deepEqual(await carried(host), own, JSON.stringify(json));
    }
  });
}

test('nothing that is answered, told or kept has a value in it', async (t) => {
  const host = await start(t);
  const told: unknown[] = [];
  for (const name of ['subscription:created', 'subscription:updated', 'delivery:delivered'] as const) {
    host.engine.events.on(name, (notice: unknown) => told.push(notice));
  }
  const auth = { type: 'basic', username: 'u', password: canary };
  const headers = [{ name: 'x-own', value: canary }];
  const { id } = (
    await host.api<SubscriptionJson>('POST', '/subscriptions', {
      json: { url: 'https://example.com/hook', topic: 'sub_tag(3)', auth, headers },
    })
  ).json;
  await patch(host, id, { auth, headers });
  await carried(host);
  const [attempt] = (await host.engine.deliveries.attempts(1)).rows;
  const texts = [JSON.stringify(told), JSON.stringify(await host.engine.subscriptions.list(1))];
  for (const path of ['/subscriptions', `/subscriptions/${id}`, `/deliveries/${attempt?.deliveryId}`, '/attempts', '/catalog']) {
    const { status, text } = await host.api('GET', path);
    t.is(status, 200, path);
    texts.push(text);
  }
  for (const part of [
    ['POST', `/subscriptions/${id}/pause`],
    ['POST', `/subscriptions/${id}/resume`],
    ['DELETE', `/subscriptions/${id}`],
  ] as const) {
    texts.push((await host.api(part[0], part[1])).text);
  }
  const spellings = [canary, Buffer.from(canary).toString('base64').slice(0, -2), Buffer.from(`u:${canary}`).toString('base64')];
  for (const text of texts) for (const spelling of spellings) t.false(text.includes(spelling), text);
});

const wrongs: readonly (readonly [json: unknown, says: RegExp])[] = [
  ...[
    'Host',
    'content-type',
    'X-Forwarded-For',
    'webhook-id',
    'webhook-signature',
    'Connection',
    'user-agent',
    'Proxy-Authorization',
  ].map((name) => [{ headers: [{ name, value: canary }] }, /is not an owner's to send/] as const),
  [{ headers: [{ name: 'a b', value: canary }] }, /is no name of a header/],
  [{ headers: [{ name: 'x', value: `${canary}\r\ny: z` }] }, /the value of "x" cannot be sent/],
  [
    {
      headers: [
        { name: 'x', value: canary },
        { name: 'X', value: canary },
      ],
    },
    /is there twice/,
  ],
  [{ headers: [{ name: 'x', value: canary, more: canary }] }, /^The member "headers" cannot be used\./],
  [{ headers: [{ name: 'x', value: 7 }] }, /^The member "headers" cannot be used\./],
  [{ headers: [{ value: canary }] }, /^The member "headers" cannot be used\./],
  [{ headers: { x: canary } }, /^The member "headers" cannot be used\./],
  [{ headers: canary }, /^The member "headers" cannot be used\./],
  [{ headers: [canary] }, /^The member "headers" cannot be used\./],
  [
    { headers: Array.from({ length: 21 }, (_, n) => ({ name: `x-${n}`, value: canary })) },
    /^The member "headers" cannot be used\./,
  ],
  [{ headers: Array.from({ length: 2 }, (_, n) => ({ name: `x-${n}`, value: canary.repeat(70) })) }, /at most 2400 are kept/],
  [{ auth: { type: 'bearer', token: `${canary} x` } }, /the auth can be neither Basic nor Bearer/],
  [{ auth: { type: 'basic', username: 'a:b', password: canary } }, /the auth can be neither Basic nor Bearer/],
  [{ auth: { type: 'basic', username: 'a', password: `${canary}\n` } }, /the auth can be neither Basic nor Bearer/],
  [{ auth: { type: 'digest', token: canary } }, /^The member "auth" cannot be used\./],
  [{ auth: { type: 'bearer', token: canary, password: canary } }, /^The member "auth" cannot be used\./],
  [{ auth: `Bearer ${canary}` }, /^The member "auth" cannot be used\./],
  [{ auth: { type: 'bearer', token: canary }, headers: [{ name: 'authorization', value: canary }] }, /is there twice/],
];

test('headers that cannot be sent are refused, at create and at update alike, change nothing, and are in no message', async (t) => {
  const host = await start(t);
  const { id } = await subscribed(host);
  const before = JSON.stringify(await host.engine.subscriptions.list(1));
  for (const [json, says] of wrongs) {
    const replies = [
      await patch(host, id, json),
      await host.api('POST', '/subscriptions', {
        json: { url: 'https://example.com/hook', topic: 'sub_tag(3)', ...(json as object) },
      }),
    ];
    for (const reply of replies) {
      t.like(reply.json, problem('invalid_body', 400) as never, JSON.stringify(json));
      t.regex((reply.json as unknown as { detail: string }).detail, says);
      t.false(reply.text.includes(canary), reply.text);
    }
  }
  t.is(JSON.stringify(await host.engine.subscriptions.list(1)), before);
});

test('what was chosen for one host is not sent to another: to move a subscription is to choose it again', async (t) => {
  const host = await start(t);
  const json = {
    url: 'https://example.com/hook',
    topic: 'sub_tag(3)',
    auth: { type: 'bearer', token },
    headers: [{ name: 'x-a', value: 'b' }],
  };
  const { id } = (await host.api<SubscriptionJson>('POST', '/subscriptions', { json: json })).json;
  t.is((await patch(host, id, { url: 'https://example.com/other?x=1' })).status, 200, 'on the same host they stay');
  for (const url of ['https://evil.example.net/hook', 'https://example.com:8443/hook', 'https://example.com.evil.net/hook']) {
    t.like((await patch(host, id, { url })).json, problem('invalid_body', 400, 'auth') as never, url);
    t.like((await patch(host, id, { url, auth: { type: 'none' } })).json, problem('invalid_body', 400, 'headers') as never);
    t.like((await patch(host, id, { url, headers: [] })).json, problem('invalid_body', 400, 'auth') as never);
  }
  t.deepEqual(await carried(host), { authorization: `Bearer ${token}`, 'x-a': 'b' });
  t.true(host.sent.every(({ url }) => url.startsWith('https://example.com/')));
  const moved = await patch(host, id, {
    url: 'https://other.example.net/',
    auth: { type: 'bearer', token: 'theirs' },
    headers: [],
  });
  t.deepEqual([moved.status, moved.json.url, moved.json.headerNames], [200, 'https://other.example.net/', ['authorization']]);
  t.deepEqual(await carried(host), { authorization: 'Bearer theirs' });
});

test('the headers of another account are neither seen nor changed', async (t) => {
  const host = await start(t);
  const { id } = await subscribed(host);
  const missing = await host.api('PATCH', '/subscriptions/999', { as: 'app-2', json: { auth: { type: 'none' } } });
  const foreign = await host.api('PATCH', `/subscriptions/${id}`, {
    as: 'app-2',
    json: { auth: { type: 'bearer', token } },
  });
  t.deepEqual([foreign.status, foreign.text], [missing.status, missing.text.replaceAll('999', String(id))]);
  t.deepEqual(await carried(host), {});
});

test('where nobody keeps headers, there are none to choose', async (t) => {
  const host = await startManaged(t);
  const { id, headerNames } = await subscribed(host);
  t.deepEqual(headerNames, []);
  t.like((await patch(host, id, { headers: [] })).json, problem('no_headers', 409) as never);
  t.like((await patch(host, id, { auth: { type: 'bearer', token: canary } })).json, problem('no_headers', 409) as never);
  t.like(
    (
      await host.api('POST', '/subscriptions', {
        json: { url: 'https://example.com/', topic: 'sub_tag(3)', headers: [] },
      })
    ).json,
    problem('no_headers', 409) as never,
  );
});

test('a keeper that cannot open headers is reported, and hides no subscription; they can be chosen anew', async (t) => {
  const storage = storages['memory']?.() as never;
  const old = managedHeaders({ keys });
  const other = managedHeaders({ keys: [{ id: 'b', key: randomBytes(32).toString('base64') }] });
  const host = await startManaged(t, { options: { headers: other }, engine: { plugins: [other], storage } });
  const { id } = await subscribed(host);
  await old.set(host.engine, 1, id, { auth: { type: 'bearer', token } });
  const seen = await host.api<SubscriptionJson>('GET', `/subscriptions/${id}`);
  t.deepEqual([seen.status, seen.json.headerNames], [200, []]);
  t.true(host.errors.length > 0);
  t.is((await patch(host, id, { headers: [{ name: 'x-a', value: 'b' }] })).status, 500, 'what it has cannot be kept');
  t.is((await patch(host, id, { url: 'https://other.example.com/' })).status, 500, 'nor is it known what would move with it');
  t.is((await patch(host, id, { headers: [{ name: 'x-a', value: 'b' }], auth: { type: 'none' } })).status, 200);
  t.deepEqual(await carried(host), { 'x-a': 'b' });
});
