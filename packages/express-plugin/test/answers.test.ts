import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { httpTransport } from '@hookwell/adapters/http';
import { contactPlans, defineCatalog, ontraportCatalog, type Plan, type Plugin } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import { noon, query, startHost, subscribe, type Host, type HostOptions } from './host.ts';

type Row = Readonly<Record<string, string | null>>;

const second = Math.floor(noon / 1_000);
const mary = { id: 8, firstname: 'Mary', lastname: 'Jones', email: 'mary@example.com' };
const catalog = defineCatalog({
  objectTypes: [
    { id: 0, name: 'Contact', fields: ['id', 'firstname', 'lastname', 'email', 'phone'] },
    { id: 10_001, name: 'Car', fields: ['id', 'make', 'model', 'year', 'colour'] },
  ],
  events: { ...ontraportCatalog.definition.events, purchase_product: { parameter: 'product_id' } },
});

async function rows(host: Host, path: string, as = 'app-1'): Promise<readonly Row[]> {
  return (await host.call('GET', path, { as })).json.data;
}

/** A receiver on loopback whose status a test decides, and a host that sends there. */
async function startWithReceiver(t: ExecutionContext, given: HostOptions = {}) {
  const state = { status: 200, bodies: [] as string[] };
  const receiver = createServer((request, response) => {
    let body = '';
    request.on('data', (part: Buffer) => (body += part.toString()));
    request.on('end', () => {
      state.bodies.push(body);
      response.writeHead(state.status).end(`answered ${state.status} <b>`);
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  t.teardown(() => receiver.close());
  const host = await startHost(t, {
    ...given,
    engine: { transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'] })], catalog, ...given.engine },
  });
  return { host, state, url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook` };
}

test('the answer to subscribe, byte for byte', async (t) => {
  const host = await startHost(t);
  const plain = await host.call('POST', '/Webhook/subscribe', {
    form: 'url=https%3A%2F%2Fexample.com%2Fhook&event=object_create(0)',
  });
  t.is(
    plain.text,
    '{"code":0,"data":{"url":"https://example.com/hook","event":"object_create(0)","id":1,"owner":"1"},"account_id":1}',
  );
  const data = encodeURIComponent('{ "format": "notify" }');
  const withData = await host.call('POST', '/Webhook/subscribe', {
    as: 'app-2',
    form: `url=https%3A%2F%2Fexample.com%2Fhook&event=sub_tag(0)&data=${data}`,
  });
  t.is(
    withData.text,
    '{"code":0,"data":{"url":"https://example.com/hook","event":"sub_tag(0)","id":2,"owner":"7","data":"{ \\"format\\": \\"notify\\" }"},"account_id":2}',
  );
  t.like(withData.headers, {
    'content-type': 'application/json;charset=UTF-8',
    'content-length': String(Buffer.byteLength(withData.text)),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
});

test('an account id that is no whole number goes out as it is', async (t) => {
  const host = await startHost(t);
  t.is((await host.call('GET', '/Webhooks', { as: 'app-acme' })).text, '{"code":0,"data":[],"account_id":"acme","misc":[]}');
  for (const [accountId, shown] of [
    [0, 0],
    ['42', 42],
    ['007', '007'],
    ['9007199254740993', '9007199254740993'],
    ['1.5', '1.5'],
    [-3, -3],
  ] as const) {
    const own = await startHost(t, { options: { authenticate: () => ({ accountId }) } });
    t.is((await own.call('GET', '/Webhooks')).json.account_id, shown);
  }
});

test('a subscription before anything was sent, alone and in the list, byte for byte', async (t) => {
  const host = await startHost(t);
  await subscribe(host, { event: 'object_create(0)' });
  host.move(5_000);
  const row =
    '{"id":"1","event":"object_create(0)","data":"","url":"https://example.com/hook","last_hook":null,"last_code":"0","last_payload":"",' +
    `"health":"healthy","health_reason":"","health_since":"${second}","health_next":""}`;
  t.is((await host.call('GET', '/Webhook?id=1')).text, `{"code":0,"data":${row},"account_id":1}`);
  t.is((await host.call('GET', '/Webhooks')).text, `{"code":0,"data":[${row}],"account_id":1,"misc":[]}`);
});

test('duplicate subscriptions are two, each with its own id', async (t) => {
  const host = await startHost(t);
  t.deepEqual([await subscribe(host), await subscribe(host)], [1, 2]);
  t.is((await rows(host, '/Webhooks')).length, 2);
});

test('what was sent last: when, with which status, and the form text of it, for JSON subscriptions too', async (t) => {
  const { host, state, url } = await startWithReceiver(t);
  await subscribe(host, { url, event: 'sub_tag(4)', data: '{"format":"lightweight"}' });
  await subscribe(host, { url, event: 'sub_tag(4)', data: '{"format":"lightweight","encoding":"json"}' });
  host.move(2_999);
  await host.engine.emit('sub_tag(4)', { accountId: 1, objectType: 0, record: mary });
  await host.engine.deliverDue();
  const form = (id: number): string =>
    `webhook_id=${id}&object_type_id=0&event%5Btype%5D=sub_tag&event%5Btag_id%5D=4&data%5Bid%5D=8&data%5Bfirstname%5D=Mary` +
    `&data%5Blastname%5D=Jones&data%5Bemail%5D=mary%40example.com&timestamp=${second + 2}`;
  const json = `{"webhook_id":2,"object_type_id":0,"event":{"type":"sub_tag","tag_id":4},"data":{"id":8,"firstname":"Mary","lastname":"Jones","email":"mary@example.com"},"timestamp":${second + 2}}`;
  t.deepEqual(new Set(state.bodies), new Set([form(1), json]));
  const [first, other] = await rows(host, '/Webhooks');
  t.like(first, { last_hook: String(second + 2), last_code: '200', last_payload: form(1), health: 'healthy' });
  t.like(other, { last_hook: String(second + 2), last_code: '200', last_payload: form(2) });
});

test('an endpoint that always fails: each step is seen in Webhooks and WebhookLogs, and nothing of it is nested', async (t) => {
  const { host, state, url } = await startWithReceiver(t, {
    engine: {
      catalog,
      transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'] })],
      random: () => 0.5,
      retry: { scheduleMs: [60_000, 60_000, 60_000, 60_000], jitter: 0 },
      health: { suspendAfterFailures: 2, suspendAfterMs: 60_000, probeEveryMs: 30_000, unsubscribeAfterMs: 90_000 },
    },
  });
  state.status = 500;
  const id = await subscribe(host, { url });
  await host.engine.emit('sub_tag(3)', { accountId: 1, objectType: 0, record: mary });
  const seen: (string | null | undefined)[][] = [];
  for (let round = 0; round < 8; round += 1) {
    await host.engine.deliverDue();
    const [row] = await rows(host, '/Webhooks');
    seen.push([row?.['health'], row?.['health_reason'], row?.['last_code']]);
    if (!row) break;
    for (const value of Object.values(row)) t.true(value === null || typeof value === 'string');
    host.move(60_000);
  }
  t.deepEqual(seen[0], ['failing', 'its last attempt failed', '500']);
  t.deepEqual(seen[1]?.[0], 'suspended');
  t.regex(seen[1]?.[1] ?? '', /^too many errors: 2 in a row over/);
  t.deepEqual(seen.at(-1), [undefined, undefined, undefined], 'unsubscribed, and no longer listed');
  t.is((await host.call('GET', `/Webhook?id=${id}`)).status, 404);

  host.move(60_000);
  await host.engine.deliverDue();
  const log = await rows(host, '/WebhookLogs');
  const first = log.at(-1);
  t.deepEqual(first, {
    id: '1',
    webhook_id: String(id),
    event: 'sub_tag(3)',
    date: String(second),
    outcome: 'retry',
    code: '500',
    reason: 'HTTP 500',
    attempt: '1',
    duration_ms: '0',
    next_attempt: String(second + 60),
    delivery_id: first?.['delivery_id'] ?? '',
    event_id: first?.['event_id'] ?? '',
    response: 'answered 500 <b>',
    payload: state.bodies[0],
  });
  t.is(new Set(log.map((line) => line['delivery_id'])).size, 1);
  t.like(log[0], { outcome: 'cancelled', code: '0', attempt: '0', next_attempt: null });
  t.regex(log[0]?.['reason'] ?? '', /unsubscribed|suspended/);
  t.deepEqual((await host.call('GET', `/WebhookLog?id=${first?.['id']}`)).json.data, first as never);
  for (const line of log) for (const value of Object.values(line)) t.true(value === null || typeof value === 'string');
});

test('a line of the log shows the body as it was sent, while event and subscription are there', async (t) => {
  const { host, state, url } = await startWithReceiver(t);
  await subscribe(host, { url, data: '{"format":"notify"}' });
  await subscribe(host, { url, data: '{"format":"notify","encoding":"json"}' });
  await host.engine.emit('sub_tag(3)', { accountId: 1, objectType: 0, record: mary });
  await host.engine.deliverDue();
  const payloadOf = async (id: string): Promise<string | null | undefined> =>
    (
      await rows(
        host,
        `/WebhookLogs${query({ condition: JSON.stringify([{ field: { field: 'webhook_id' }, op: '=', value: { value: id } }]) })}`,
      )
    )[0]?.['payload'];
  t.deepEqual(new Set([await payloadOf('1'), await payloadOf('2')]), new Set(state.bodies));
  t.true((await payloadOf('2'))?.startsWith('{"webhook_id":2,'));
  await host.call('DELETE', '/Webhook/unsubscribe?id=1');
  t.true((await payloadOf('1'))?.startsWith('webhook_id=1&'), 'also when its subscription has ended');
  t.true((await payloadOf('2'))?.startsWith('{"webhook_id":2,'));
});

test('a delivery that ended unsent has a line, and nothing was sent', async (t) => {
  const host = await startHost(t, { engine: { catalog } });
  await subscribe(host);
  await host.engine.emit('sub_tag(3)', { accountId: 1, objectType: 0, record: mary });
  const [waiting] = (await host.engine.deliveries.list(1)).rows;
  host.move(3_600_000);
  await host.engine.deliveries.cancel(1, waiting?.id ?? '', 'no longer needed');
  const [line] = await rows(host, '/WebhookLogs');
  t.like(line, { outcome: 'cancelled', reason: 'no longer needed', attempt: '0', code: '0', payload: '', next_attempt: null });
});

test('an event whose body cannot be composed hides no other', async (t) => {
  let refuses = false;
  const failing: Plugin = {
    name: 'failing',
    compose(payload) {
      if (refuses && JSON.stringify(payload).includes('Broken')) throw new Error('cannot compose this one');
      return undefined;
    },
  };
  const { host, url } = await startWithReceiver(t, {
    engine: { plugins: [failing], catalog, transports: [httpTransport({ protocols: ['http:'], allow: ['127.0.0.1:*'] })] },
  });
  await subscribe(host, { url, event: 'sub_tag(1)' });
  await subscribe(host, { url, event: 'sub_tag(2)' });
  await host.engine.emit('sub_tag(1)', { accountId: 1, objectType: 0, record: { ...mary, lastname: 'Broken' } });
  await host.engine.emit('sub_tag(2)', { accountId: 1, objectType: 0, record: mary });
  await host.engine.deliverDue();
  refuses = true;
  const listed = await rows(host, '/Webhooks');
  t.deepEqual(
    listed.map((row) => row['last_payload']?.slice(0, 12)),
    ['', 'webhook_id=2'],
  );
  t.deepEqual(
    (await rows(host, '/WebhookLogs')).map((row) => row['payload'] === ''),
    [false, true],
  );
});

test('unsubscribing ends it, once', async (t) => {
  const host = await startHost(t);
  const id = await subscribe(host);
  t.is((await host.call('DELETE', `/Webhook/unsubscribe?id=${id}`)).text, '{"code":0,"data":"Deleted","account_id":1}');
  t.is((await host.call('DELETE', `/Webhook/unsubscribe?id=${id}`)).status, 404);
  t.deepEqual(await rows(host, '/Webhooks'), []);
});

test('metadata: the fields of both kinds of record, by number or by name', async (t) => {
  const host = await startHost(t);
  await subscribe(host);
  for (const [path, id, name] of [
    ['/Webhooks', '145', 'Webhook'],
    ['/WebhookLogs', '9145', 'WebhookLog'],
  ] as const) {
    const byId = (await host.call('GET', `${path}/meta?format=byId`)).json.data as Record<
      string,
      { fields: Record<string, unknown> }
    >;
    const byName = (await host.call('GET', `${path}/meta?format=byName`)).json.data;
    t.deepEqual(Object.keys(byId), [id]);
    t.deepEqual(byName, { [name]: byId[id] } as never);
    t.deepEqual((await host.call('GET', `${path}/meta`)).json.data, byId as never, 'byId is the default');
    t.like(byId[id], { name, fields: { id: { alias: 'ID', type: 'numeric' }, event: { alias: 'Event', type: 'text' } } });
    for (const field of Object.values(byId[id]?.fields ?? {})) t.deepEqual(Object.keys(field as object), ['alias', 'type']);
    if (path === '/Webhooks') t.deepEqual(Object.keys(byId[id]?.fields ?? {}), Object.keys((await rows(host, path))[0] ?? {}));
  }
});

for (const plan of ['basic', 'plus', 'pro', 'enterprise'] as Plan[]) {
  const limited = plan === 'basic' || plan === 'plus';
  test(`the plan ${plan}: ${limited ? 'contacts only, anything else is 403' : 'every object'}`, async (t) => {
    const host = await startHost(t, { engine: { catalog, plugins: [contactPlans({ planOf: () => plan })] } });
    const ask = async (event: string) =>
      host.call('POST', '/Webhook/subscribe', { form: query({ url: 'https://example.com/hook', event }).slice(1) });
    for (const event of ['object_create(0)', 'sub_tag(3)', 'unsub_tag(3)', 'object_submits_form(3)', 'purchase_product(3)']) {
      t.is((await ask(event)).status, 200, event);
    }
    const car = await ask('object_create(10001)');
    t.is(car.status, limited ? 403 : 200, car.text);
    if (!limited) return;
    t.is(car.headers['content-type'], 'text/html;charset=UTF-8');
    t.regex(
      car.text,
      new RegExp(`^The plan "${plan}" has webhooks of contacts only, and "object_create\\(10001\\)" is about another object\\.`),
    );
    t.is((await rows(host, '/Webhooks')).length, 5);
  });
}

test('formats of plugins can be named', async (t) => {
  const host = await startHost(t, { engine: { plugins: [{ name: 'cloud', formats: ['cloudevents'] }] } });
  const id = await subscribe(host, { data: '{"format":"cloudevents"}' });
  t.is((await host.engine.subscriptions.get(1, id)).format, 'cloudevents');
});
