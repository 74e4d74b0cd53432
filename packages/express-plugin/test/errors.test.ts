import { HookwellError, type Plugin } from '@hookwell/core';
import test from 'ava';
import { parserSetups, query, startHost, subscribe, versions, type Version, type Wish } from './host.ts';

interface Case {
  readonly status: number;
  readonly text: string | RegExp;
  readonly method?: string;
  readonly path: string;
  readonly wish?: Wish;
}

const good = { url: 'https://example.com/hook', event: 'sub_tag(3)' };
const goodForm = new URLSearchParams(good).toString();

const subscribing = (text: string | RegExp, wish: Wish, status = 400): Case => ({
  status,
  text,
  method: 'POST',
  path: '/Webhook/subscribe',
  wish,
});
const asking = (path: string, text: string | RegExp, status = 400): Case => ({ status, text, path });

const notAuthenticated = 'Your App ID and API Key do not authenticate.';
const known = /^Unknown event "purchase"\. Known events: "object_create", "object_submits_form", "sub_tag", "unsub_tag"\.$/;

const cases: Readonly<Record<string, Case>> = {
  'no keys': { status: 401, text: notAuthenticated, path: '/Webhooks', wish: { as: null } },
  'a key only': { status: 401, text: notAuthenticated, path: '/Webhooks', wish: { as: null, headers: { 'Api-Key': 'key-1' } } },
  'an App ID only': {
    status: 401,
    text: notAuthenticated,
    path: '/Webhooks',
    wish: { as: null, headers: { 'Api-Appid': 'app-1' } },
  },
  'a wrong key': { status: 401, text: notAuthenticated, path: '/Webhooks', wish: { headers: { 'Api-Key': 'key-2' } } },
  'an unknown App ID': { status: 401, text: notAuthenticated, path: '/Webhooks', wish: { headers: { 'Api-Appid': 'nobody' } } },
  'an empty key': { status: 401, text: notAuthenticated, path: '/Webhooks', wish: { headers: { 'Api-Key': '' } } },
  'keys in the query': {
    status: 401,
    text: notAuthenticated,
    path: '/Webhooks?Api-Appid=app-1&Api-Key=key-1',
    wish: { as: null },
  },
  'keys in the body': {
    status: 401,
    text: notAuthenticated,
    method: 'POST',
    path: '/Webhook/subscribe',
    wish: { as: null, json: { 'Api-Appid': 'app-1', 'Api-Key': 'key-1', ...good } },
  },
  'keys that are wrong, and a method too': {
    status: 401,
    text: notAuthenticated,
    method: 'PUT',
    path: '/Webhooks',
    wish: { as: null },
  },

  'no url': subscribing('The parameter "url" is missing.', { form: 'event=sub_tag(3)' }),
  'an empty url': subscribing('The parameter "url" is missing.', { form: 'url=&event=sub_tag(3)' }),
  'a null url': subscribing('The parameter "url" is missing.', { json: { ...good, url: null } }),
  'a url of another scheme': subscribing(/^Invalid url "ftp:\/\/example\.com": it must begin with /, {
    form: 'url=ftp://example.com&event=sub_tag(3)',
  }),
  'no event': subscribing('The parameter "event" is missing.', { form: 'url=https://example.com' }),
  'an event without a number': subscribing(/^Invalid event "sub_tag": write name\(number\)/, {
    json: { ...good, event: 'sub_tag' },
  }),
  'an event with two numbers': subscribing(/^Invalid event "sub_tag\(1,2\)"/, { json: { ...good, event: 'sub_tag(1,2)' } }),
  'an unregistered event': subscribing(known, { json: { ...good, event: 'purchase(3)' } }),
  'an event that is nearly one': subscribing(/^Unknown event "sub_tga"\. Did you mean "sub_tag"\? Known events: /, {
    json: { ...good, event: 'sub_tga(3)' },
  }),
  'an unknown object type': subscribing(/^Unknown object type 77\. Known ones: "0 Contact"/, {
    json: { ...good, event: 'object_create(77)' },
  }),
  'data that is no JSON': subscribing(
    'The parameter "data" is "lightweight". Send a JSON object, such as {"format":"lightweight"}.',
    {
      json: { ...good, data: 'lightweight' },
    },
  ),
  'data that is a JSON text': subscribing(/^The parameter "data" is "\\"notify\\""\. Send a JSON object/, {
    json: { ...good, data: '"notify"' },
  }),
  'data that is a JSON list': subscribing(/^The parameter "data" is "\[\]"\. Send a JSON object/, {
    json: { ...good, data: '[]' },
  }),
  'data that is JSON null': subscribing(/^The parameter "data" is "null"\. Send a JSON object/, {
    json: { ...good, data: 'null' },
  }),
  'data that is a list': subscribing('The parameter "data" is a list. Send one text.', { json: { ...good, data: ['x'] } }),
  'data that is a bracketed list': subscribing('The parameter "data" is a list. Send one text.', {
    form: `${goodForm}&data[]=x`,
  }),
  'data as a number': subscribing(/^The parameter "data" is "5"\. Send a JSON object/, { json: { ...good, data: 5 } }),
  'data twice, as text and in brackets': subscribing(
    'The parameter "data" is there twice, with different values. Send one text.',
    {
      form: `${goodForm}&data={}&data[format]=notify`,
    },
  ),
  'two formats': subscribing('The parameter "data[format]" is there twice, with different values. Send one text.', {
    form: `${goodForm}&data[format]=notify&data[format]=full`,
  }),
  'a format with brackets of its own': subscribing('The format in "data" is {"x":"notify"}. Send a text.', {
    form: `${goodForm}&data[format][x]=notify`,
  }),
  'a format that is a number': subscribing('The format in "data" is 5. Send a text.', { json: { ...good, data: { format: 5 } } }),
  'an unknown format': subscribing(/^Unknown format "light"\. Formats: "full", "lightweight", "notify"\.$/, {
    json: { ...good, data: { format: 'light' } },
  }),
  'a format that is nearly one': subscribing(/^Unknown format "lightwieght"\. Did you mean "lightweight"\?/, {
    json: { ...good, data: { format: 'lightwieght' } },
  }),
  'an unknown encoding': subscribing('Unknown encoding "xml". Encodings: "form", "json".', {
    json: { ...good, data: { encoding: 'xml' } },
  }),
  'data that is too long': subscribing(/^Invalid data: it must be a text of at most 4096 characters\.$/, {
    json: { ...good, data: JSON.stringify({ note: 'x'.repeat(4_096) }) },
  }),

  'JSON that is none': subscribing('The body is not the JSON that its Content-Type says it is.', {
    body: '{"url":',
    headers: { 'Content-Type': 'application/json' },
  }),
  'JSON that is none, with a charset': subscribing('The body is not the JSON that its Content-Type says it is.', {
    body: goodForm,
    headers: { 'Content-Type': 'application/json; charset=utf-8' },
  }),
  'JSON that is none, with a type in capitals': subscribing('The body is not the JSON that its Content-Type says it is.', {
    body: goodForm,
    headers: { 'Content-Type': 'APPLICATION/Problem+JSON' },
  }),
  'JSON in a form with a charset': subscribing('The parameter "url" is missing.', {
    body: JSON.stringify(good),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded;charset=utf-8' },
  }),
  'JSON that is a list': subscribing('The body is JSON, but not an object of parameters.', { json: [good] }),
  'JSON that is a text': subscribing('The body is JSON, but not an object of parameters.', { json: 'url' }),
  'JSON that is null': subscribing('The body is JSON, but not an object of parameters.', { json: null }),
  'a multipart body': subscribing(/^A multipart body is not taken\./, {
    body: '--x\r\n',
    headers: { 'Content-Type': 'multipart/form-data; boundary=x' },
  }),
  'a compressed body': subscribing(/^A compressed body is not taken\./, {
    body: 'x',
    headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
  }),
  'a body that is not UTF-8': subscribing('The body is not UTF-8.', {
    body: Buffer.from([0x7b, 0xff, 0x7d]),
    headers: { 'Content-Type': 'application/json' },
  }),
  'a list of urls': subscribing('The parameter "url" is a list. Send one text.', { json: { ...good, url: [good.url] } }),
  'a bracketed list of urls': subscribing('The parameter "url" is a list. Send one text.', { form: `url[]=x&event=sub_tag(3)` }),
  'two urls': subscribing('The parameter "url" is there twice, with different values. Send one text.', {
    form: `${goodForm}&url=x`,
  }),
  'a url with fields': subscribing('The parameter "url" has fields of its own. Send one text.', {
    json: { ...good, url: { a: 1 } },
  }),
  'a url in brackets': subscribing('The parameter "url" has fields of its own. Send one text.', {
    form: `url[a]=x&event=sub_tag(3)`,
  }),

  'no id': asking('/Webhook', 'The parameter "id" is missing.'),
  ...Object.fromEntries(
    ['0', '-1', '1.5', '1e3', '01', '+1', ' 1', '0x1', 'one', '1,2', '9007199254740993', '1'.repeat(40)].map((id) => [
      `the id "${id}"`,
      asking(`/Webhook${query({ id })}`, `The parameter "id" is "${id}". Send a whole number from 1 up.`),
    ]),
  ),
  'an id that is a fraction in JSON': {
    status: 400,
    text: /^The parameter "id" is "1\.5"/,
    path: '/Webhook',
    wish: { json: { id: 1.5 } },
  },
  'an id that is true': { status: 400, text: /^The parameter "id" is "true"/, path: '/Webhook', wish: { json: { id: true } } },
  'two ids': asking('/Webhook?id=1&id=2', 'The parameter "id" is there twice, with different values. Send one text.'),
  'a list of ids': asking('/Webhook?id[]=1', 'The parameter "id" is a list. Send one text.'),
  'an unknown id': asking('/Webhook?id=99', 'No Webhook 99 in this account.', 404),
  'an unknown line of the log': asking('/WebhookLog?id=99', 'No WebhookLog 99 in this account.', 404),
  'unsubscribing an unknown id': {
    ...asking('/Webhook/unsubscribe?id=99', /^No subscription 99 in this account; list them to see which there are\.$/, 404),
    method: 'DELETE',
  },
  'unsubscribing nothing': { ...asking('/Webhook/unsubscribe', 'The parameter "id" is missing.'), method: 'DELETE' },
  'ids that are none': asking('/Webhooks?ids=1,x', 'The parameter "ids" has "x" in it. Send whole numbers with commas between.'),
  'a start below 0': asking('/Webhooks?start=-1', 'The parameter "start" is "-1". Send a whole number from 0 up.'),
  'a range that is none': asking('/Webhooks?range=all', 'The parameter "range" is "all". Send a whole number from 0 up.'),
  'a direction that is none': asking('/Webhooks?sortDir=up', 'The parameter "sortDir" is "up". Send asc or desc.'),
  'a count that is none': asking('/Webhooks?count=many', 'The parameter "count" is "many". Send true or false.'),
  'sorting by an unknown field': asking(
    '/Webhooks?sort=name',
    /^Invalid query: there is no field "name"\. Use one of id, event, data, url,/,
  ),
  'sorting by what every object has': asking('/Webhooks?sort=constructor', /^Invalid query: there is no field "constructor"\./),
  'sorting by what is shown only': asking('/Webhooks?sort=last_payload', /^Invalid query: "last_payload" can be shown only\./),
  'listing an unknown field': asking(
    '/Webhooks?listFields=id,toString',
    /^Invalid query: there is no field "toString"\. Use some of id, event,/,
  ),
  'a search that is too long': asking(`/Webhooks?search=${'x'.repeat(201)}`, /^The parameter "search" is too long/),
  'a format of metadata that there is not': asking(
    '/Webhooks/meta?format=xml',
    'The parameter "format" is "xml". Send byId or byName.',
  ),
};

for (const [what, { status, text, method = 'GET', path, wish }] of Object.entries(cases)) {
  test(`${what}: ${status}`, async (t) => {
    const host = await startHost(t);
    const answer = await host.call(method, path, wish);
    t.is(answer.status, status, answer.text);
    if (typeof text === 'string') t.is(answer.text, text);
    else t.regex(answer.text, text);
    t.like(answer.headers, {
      'content-type': 'text/html;charset=UTF-8',
      'content-length': String(Buffer.byteLength(answer.text)),
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-rate-limit-limit': '180',
      'x-rate-limit-remaining': '179',
      'x-rate-limit-reset': '60',
    });
    t.deepEqual(host.errors, []);
    t.is((await host.engine.subscriptions.list(1)).total, 0, 'nothing was made');
  });
}

test('what a client sent cannot be markup in an error, and is not repeated at length', async (t) => {
  const host = await startHost(t);
  const attack = '<script>alert("1&2")</script>';
  const answers = [
    await host.call('POST', '/Webhook/subscribe', { json: { url: attack, event: 'sub_tag(3)' } }),
    await host.call('POST', '/Webhook/subscribe', { json: { ...good, event: attack } }),
    await host.call('POST', '/Webhook/subscribe', { json: { ...good, data: { format: attack } } }),
    await host.call('POST', '/Webhook/subscribe', { json: { ...good, data: attack } }),
    await host.call('GET', `/Webhooks${query({ sort: attack })}`),
    await host.call('GET', `/Webhook${query({ id: attack })}`),
    await host.call('GET', '/Webhook', { json: { [attack]: { constructor: 1 } } }),
  ];
  for (const { status, text } of answers) {
    t.is(status, 400);
    t.notRegex(text, /[<>]|&(?!amp;|lt;|gt;)/);
  }
  t.regex(answers[0]?.text ?? '', /&lt;script&gt;alert\(\\"1&amp;2\\"\)&lt;\/script&gt;/);

  const long = 'x'.repeat(60_000);
  for (const json of [
    { ...good, url: long },
    { ...good, event: `${long}(3)` },
    { ...good, data: { format: long } },
    { ...good, data: long },
  ]) {
    const { status, text } = await host.call('POST', '/Webhook/subscribe', { json });
    t.is(status, 400);
    t.true(text.length < 500, text);
  }
  const { text } = await host.call('POST', '/Webhook/subscribe', { json: { ...good, event: `${long}(3)` } });
  t.regex(text, /with one of "object_create", "object_submits_form", "sub_tag", "unsub_tag"\.$/, 'the way out is still told');
});

test('a method that a path does not have: 405, and Allow says which it has', async (t) => {
  const host = await startHost(t);
  const allowed = {
    '/Webhook/subscribe': 'POST',
    '/Webhook/unsubscribe': 'DELETE, POST',
    '/Webhook': 'GET, HEAD',
    '/Webhooks': 'GET, HEAD',
    '/Webhooks/getInfo': 'GET, HEAD',
    '/Webhooks/meta': 'GET, HEAD',
    '/WebhookLog': 'GET, HEAD',
    '/WebhookLogs': 'GET, HEAD',
    '/WebhookLogs/getInfo': 'GET, HEAD',
    '/WebhookLogs/meta': 'GET, HEAD',
  };
  for (const [path, allow] of Object.entries(allowed)) {
    for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      if (allow.includes(method)) continue;
      const { status, text, headers } = await host.call(method, path);
      t.deepEqual([status, headers.allow, headers['content-type']], [405, allow, 'text/html;charset=UTF-8'], `${method} ${path}`);
      t.is(text, `${method} does nothing here. Use ${allow.replace(', ', ' or ')}.`);
      t.truthy(headers['x-rate-limit-remaining']);
    }
  }
});

test('a user who may not: 403, and nothing is done', async (t) => {
  const host = await startHost(t);
  const id = await subscribe(host, {}, 'app-2');
  const as = 'app-2-reader';
  t.is((await host.call('GET', `/Webhook?id=${id}`, { as })).status, 200);
  const refused = await host.call('POST', '/Webhook/subscribe', { as, json: good });
  t.deepEqual([refused.status, refused.text], [403, 'This user may not subscribe.']);
  const kept = await host.call('DELETE', `/Webhook/unsubscribe?id=${id}`, { as });
  t.deepEqual([kept.status, kept.text], [403, 'This user may not unsubscribe.']);
  t.is((await host.engine.subscriptions.list(2)).total, 1);

  const writer = await startHost(t, { options: { authenticate: () => ({ accountId: 1, permissions: ['subscribe'] }) } });
  for (const path of ['/Webhooks', '/Webhook?id=1', '/Webhooks/getInfo', '/Webhooks/meta', '/WebhookLogs', '/WebhookLog?id=1']) {
    const { status, text, headers } = await writer.call('GET', path);
    t.deepEqual([status, text, headers['content-type']], [403, 'This user may not read.', 'text/html;charset=UTF-8']);
  }
  t.is((await writer.call('POST', '/Webhook/subscribe', { json: good })).status, 200);
});

test('an engine that does not run: 503, and the client is told to come back', async (t) => {
  const host = await startHost(t, { started: false });
  for (const [method, path] of [
    ['GET', '/Webhooks'],
    ['GET', '/Webhook?id=1'],
    ['GET', '/WebhookLogs'],
    ['GET', '/Webhooks/getInfo'],
    ['DELETE', '/Webhook/unsubscribe?id=1'],
    ['POST', `/Webhook/subscribe?${goodForm}`],
  ] as const) {
    const { status, text, headers } = await host.call(method, path);
    t.deepEqual([status, text], [503, 'Not available right now. Try again in a moment.'], path);
    t.deepEqual([headers['content-type'], headers['retry-after']], ['text/html;charset=UTF-8', '5']);
  }
  t.deepEqual(host.errors, []);
});

const statuses = {
  overloaded: 503,
  storage_busy: 503,
  storage_failed: 500,
  invalid_option: 500,
  not_permitted: 403,
  invalid_query: 400,
} as const;
for (const [code, status] of Object.entries(statuses) as [keyof typeof statuses, number][]) {
  test(`a plugin that refuses with ${code}: ${status}`, async (t) => {
    const error = new HookwellError(code, 'said the plugin <b>');
    const refusing: Plugin = {
      name: 'refusing',
      subscribe() {
        throw error;
      },
    };
    const host = await startHost(t, { engine: { plugins: [refusing] } });
    const answer = await host.call('POST', '/Webhook/subscribe', { json: good });
    t.is(answer.status, status);
    if (status === 403) t.is(answer.text, 'said the plugin &lt;b&gt;');
    else if (status === 400) t.is(answer.text, 'Invalid query: said the plugin &lt;b&gt;');
    else t.notRegex(answer.text, /plugin/);
    t.deepEqual(host.errors, status === 500 ? [error] : []);
  });
}

test('a text that a plugin refuses with is cut where it has no end', async (t) => {
  const refusing: Plugin = {
    name: 'refusing',
    subscribe() {
      throw new HookwellError('not_permitted', '<'.repeat(100_000));
    },
  };
  const host = await startHost(t, { engine: { plugins: [refusing] } });
  t.is((await host.call('POST', '/Webhook/subscribe', { json: good })).text, '&lt;'.repeat(2_000));
});

test('an empty key is no key, whatever the host would say of it', async (t) => {
  const host = await startHost(t, { options: { authenticate: () => ({ accountId: 1 }) } });
  for (const headers of [{ 'Api-Key': '' }, { 'Api-Appid': '' }, { 'Api-Key': '', 'Api-Appid': '' }]) {
    t.is((await host.call('GET', '/Webhooks', { headers })).status, 401);
  }
  t.is((await host.call('GET', '/Webhooks')).status, 200);
});

test('what goes wrong inside: 500 that says nothing of it, and the engine tells of it', async (t) => {
  const secret = new Error('password of the database is hunter2');
  const failing: Plugin = {
    name: 'failing',
    async subscribe() {
      throw secret;
    },
  };
  const host = await startHost(t, { engine: { plugins: [failing] } });
  const answer = await host.call('POST', '/Webhook/subscribe', { json: good });
  t.deepEqual([answer.status, answer.text], [500, 'Something went wrong here, not in your request. Try again later.']);
  t.is(answer.headers['content-type'], 'text/html;charset=UTF-8');
  t.is(answer.headers['x-rate-limit-remaining'], '179');
  t.deepEqual(host.errors, [secret]);
  t.is((await host.call('GET', '/Webhooks')).status, 200, 'and the next request is served');
});

for (const version of Object.keys(versions) as Version[]) {
  test(`${version}: a body that somebody read and dropped is told, and does not hang`, async (t) => {
    const host = await startHost(t, {
      version,
      parsers: () => [
        (request, _response, next) => {
          request.resume();
          request.once('end', () => next());
        },
      ],
    });
    const answer = await host.call('POST', '/Webhook/subscribe', { json: good });
    t.is(answer.status, 500);
    t.regex(answer.text, /^The body of this request was read before it came here, and not kept\./);
    t.is(host.errors.length, 1);
    t.is((await host.call('GET', '/Webhooks')).status, 200, 'requests without a body are served');
    t.is((await host.call('POST', `/Webhook/subscribe?${goodForm}`, { body: '' })).status, 200);
  });

  for (const [setup, parsers] of Object.entries(parserSetups)) {
    test(`${version} with ${setup}: what no parameter can be is refused, whoever parses it`, async (t) => {
      const host = await startHost(t, { version, parsers });
      const forms = ['url[]=x&event=y', 'url=a&url=b&event=y', 'url[a]=x&event=y', `${goodForm}&data[format]=a&data[format]=b`];
      for (const form of forms) {
        const { status, text } = await host.call('POST', '/Webhook/subscribe', { form });
        t.is(status, 400, form);
        t.regex(text, /^The parameter "(?:url|data\[format\])" (?:is a list|is there twice|has fields of its own)/, form);
      }
      for (const json of [
        { ...good, url: [good.url] },
        { ...good, url: { a: 1 } },
      ]) {
        t.regex((await host.call('POST', '/Webhook/subscribe', { json })).text, /^The parameter "url" (?:is a list|has fields)/);
      }
    });
  }
}
