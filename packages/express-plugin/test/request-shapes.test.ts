import test from 'ava';
import { parserSetups, query, startHost, subscribe, versions, type Version, type Wish } from './host.ts';

interface Shape {
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly wish?: Wish;
  /** How `data` is shown afterwards. */
  readonly data?: string;
}

const url = 'https://example.com/a?b=c&d=%20';
const event = 'sub_tag(3)';
const data = '{"format":"lightweight"}';
const encoded = new URLSearchParams({ url, event, data }).toString();
const encodedUrl = encodeURIComponent(url);
const formType = 'application/x-www-form-urlencoded';

const subscribing: readonly Shape[] = [
  { what: 'a query and no body', method: 'POST', path: `?${encoded}` },
  { what: 'a query and an empty chunked body', method: 'POST', path: `?${encoded}`, wish: { chunked: true } },
  {
    what: 'a query and an empty chunked form',
    method: 'POST',
    path: `?${encoded}`,
    wish: { chunked: true, headers: { 'Content-Type': formType } },
  },
  {
    what: 'a query and an empty chunked JSON body',
    method: 'POST',
    path: `?${encoded}`,
    wish: { chunked: true, headers: { 'Content-Type': 'application/json' } },
  },
  { what: 'a query and an empty form', method: 'POST', path: `?${encoded}`, wish: { form: '' } },
  { what: 'a form', method: 'POST', path: '', wish: { form: encoded } },
  { what: 'a form, chunked', method: 'POST', path: '', wish: { form: encoded, chunked: true } },
  {
    what: 'a form with a charset',
    method: 'POST',
    path: '',
    wish: { form: encoded, headers: { 'Content-Type': `${formType}; charset=utf-8` } },
  },
  {
    what: 'a form with a type in capitals',
    method: 'POST',
    path: '',
    wish: { form: encoded, headers: { 'Content-Type': `${formType.toUpperCase()} ;CHARSET="UTF-8"` } },
  },
  { what: 'JSON with data as a text', method: 'POST', path: '', wish: { json: { url, event, data } } },
  { what: 'JSON with data as an object', method: 'POST', path: '', wish: { json: { url, event, data: JSON.parse(data) } } },
  {
    what: 'JSON with a charset',
    method: 'POST',
    path: '',
    wish: { json: { url, event, data }, headers: { 'Content-Type': 'application/json; charset=utf-8' } },
  },
  {
    what: 'a bracketed form field',
    method: 'POST',
    path: '',
    wish: { form: `url=${encodedUrl}&event=${event}&data[format]=lightweight` },
  },
  {
    what: 'a bracketed form field, encoded',
    method: 'POST',
    path: '',
    wish: { form: `url=${encodedUrl}&event=${event}&data%5Bformat%5D=lightweight` },
  },
  { what: 'a bracketed field in the query', method: 'POST', path: `?url=${encodedUrl}&event=${event}&data[format]=lightweight` },
  {
    what: 'a bracketed field in the query, encoded',
    method: 'POST',
    path: `?url=${encodedUrl}&event=${event}&data%5Bformat%5D=lightweight`,
  },
  {
    what: 'a query and a form that share the work',
    method: 'POST',
    path: `?url=${encodedUrl}`,
    wish: { form: `event=${event}&data=${encodeURIComponent(data)}` },
  },
  {
    what: 'a query and JSON that share the work',
    method: 'POST',
    path: `?event=${event}&data[format]=lightweight`,
    wish: { json: { url } },
  },
  {
    what: 'a form that says otherwise than the query',
    method: 'POST',
    path: '?url=nonsense&event=nonsense&data[format]=notify',
    wish: { form: encoded },
  },
  {
    what: 'JSON that says otherwise than the query',
    method: 'POST',
    path: '?url=nonsense&event=nonsense&data[format]=notify',
    wish: { json: { url, event, data } },
  },
  {
    what: 'names that nobody knows, lists among them',
    method: 'POST',
    path: '?objectID=145&x[]=1&x[]=2',
    wish: { form: `${encoded}&y[a]=1&y[b]=2&z=1&z=2` },
  },
  { what: 'the same name twice with the same value', method: 'POST', path: '', wish: { form: `${encoded}&event=${event}` } },
  { what: 'JSON without a type', method: 'POST', path: '', wish: { body: JSON.stringify({ url, event, data }) } },
  { what: 'a form without a type', method: 'POST', path: '', wish: { body: encoded } },
  {
    what: 'JSON as plain text, as fetch sends it',
    method: 'POST',
    path: '',
    wish: { body: JSON.stringify({ url, event, data }), headers: { 'Content-Type': 'text/plain;charset=UTF-8' } },
  },
  {
    what: 'a form without data',
    method: 'POST',
    path: '',
    wish: { form: `url=${encodedUrl}&event=${event}` },
    data: '',
  },
  {
    what: 'a form with an empty data field',
    method: 'POST',
    path: '',
    wish: { form: `url=${encodedUrl}&event=${event}&data=` },
    data: '',
  },
  {
    what: 'JSON with other keys in data',
    method: 'POST',
    path: '',
    wish: { json: { url, event, data: { format: 'lightweight', more: [1, { a: null }] } } },
    data: '{"format":"lightweight","more":[1,{"a":null}]}',
  },
];

/** Each is about the subscription whose number takes the place of ID. */
const unsubscribing: readonly Shape[] = [
  { what: 'DELETE with a query', method: 'DELETE', path: '?id=ID' },
  { what: 'DELETE with a form', method: 'DELETE', path: '', wish: { form: 'id=ID' } },
  { what: 'DELETE with a chunked form', method: 'DELETE', path: '', wish: { form: 'id=ID', chunked: true } },
  { what: 'DELETE with JSON and a number', method: 'DELETE', path: '', wish: { body: '{"id":ID}' } },
  {
    what: 'DELETE with JSON and a text',
    method: 'DELETE',
    path: '',
    wish: { body: '{"id":"ID"}', headers: { 'Content-Type': 'application/json' } },
  },
  { what: 'DELETE with both', method: 'DELETE', path: '?id=999999', wish: { form: 'id=ID' } },
  { what: 'POST with a query and an empty chunked body', method: 'POST', path: '?id=ID', wish: { chunked: true } },
  { what: 'POST with a form', method: 'POST', path: '', wish: { form: 'id=ID' } },
  {
    what: 'POST with JSON and a number',
    method: 'POST',
    path: '',
    wish: { body: '{"id":ID}', headers: { 'Content-Type': 'application/json;charset=utf-8' } },
  },
];

const reading: readonly Shape[] = [
  { what: 'GET with a query', method: 'GET', path: '/Webhook?id=ID' },
  { what: 'GET with a form', method: 'GET', path: '/Webhook', wish: { form: 'id=ID' } },
  { what: 'GET with a form and a bare ?', method: 'GET', path: '/Webhook?', wish: { form: 'id=ID' } },
  {
    what: 'GET with JSON and a number',
    method: 'GET',
    path: '/Webhook',
    wish: { body: '{"id":ID}', headers: { 'Content-Type': 'application/json' } },
  },
  {
    what: 'GET with a JSON type and no body',
    method: 'GET',
    path: '/Webhook?id=ID',
    wish: { headers: { 'Content-Type': 'application/json' } },
  },
  { what: 'GET with both', method: 'GET', path: '/Webhook?id=999999', wish: { form: 'id=ID' } },
];

function about(id: number, { wish = {}, ...shape }: Shape): Shape {
  const put = (text: string | undefined): string | undefined => text?.replaceAll('ID', String(id));
  const { form, body, ...rest } = wish;
  return {
    ...shape,
    path: put(shape.path) ?? '',
    wish: {
      ...rest,
      ...(form === undefined ? {} : { form: put(form) ?? '' }),
      ...(typeof body === 'string' ? { body: put(body) ?? '' } : {}),
    },
  };
}

for (const version of Object.keys(versions) as Version[]) {
  for (const [setup, parsers] of Object.entries(parserSetups)) {
    test(`${version} with ${setup}: every way of sending parameters is understood`, async (t) => {
      const host = await startHost(t, { version, parsers, options: { rateLimit: { enabled: false } } });

      for (const shape of subscribing) {
        const shownData = shape.data ?? data;
        const answer = await host.call(shape.method, `/Webhook/subscribe${shape.path}`, shape.wish);
        t.is(answer.status, 200, `subscribe, ${shape.what}: ${answer.text}`);
        const { id, ...rest } = answer.json.data as { readonly id: number };
        t.deepEqual(rest, { url, event, owner: '1', ...(shownData === '' ? {} : { data: shownData }) } as never, shape.what);
        const made = await host.engine.subscriptions.get(1, id);
        t.like(made, { url, topic: event, format: shownData === '' ? 'full' : 'lightweight', data: shownData }, shape.what);
      }

      for (const shape of unsubscribing) {
        const id = await subscribe(host);
        const { method, path, wish } = about(id, shape);
        const answer = await host.call(method, `/Webhook/unsubscribe${path}`, wish);
        t.deepEqual([answer.status, answer.text], [200, '{"code":0,"data":"Deleted","account_id":1}'], shape.what);
        await t.throwsAsync(host.engine.subscriptions.get(1, id), { code: 'not_found' }, shape.what);
      }

      const id = await subscribe(host);
      for (const shape of reading) {
        const { method, path, wish } = about(id, shape);
        const answer = await host.call(method, path, wish);
        t.is(answer.status, 200, `${shape.what}: ${answer.text}`);
        t.like(answer.json.data, { id: String(id) }, shape.what);
      }

      const bare = await host.call('GET', '/Webhooks?');
      t.is((bare.json.data as readonly unknown[]).length, subscribing.length + 1);
      const condition = [{ field: { field: 'id' }, op: '=', value: { value: id } }];
      for (const wish of [{ json: { condition } }, { json: { condition: JSON.stringify(condition) } }]) {
        t.like((await host.call('GET', '/Webhooks', wish)).json.data, [{ id: String(id) }]);
      }
      const listed = await host.call('GET', `/Webhooks${query({ condition: JSON.stringify(condition), count: 'true' })}`);
      t.is(listed.json.count, '1');
      t.deepEqual(host.errors, []);
    });
  }
}
