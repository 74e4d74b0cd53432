import { memoryStorage } from '@hookwell/adapters/memory';
import { filters, type Filter } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import Value from 'typebox/value';
import { SubscriptionSchema, type SubscriptionJson } from '../src/manage/schemas.ts';
import { problem, startManaged } from './manage-host.ts';

const input = { url: 'https://example.com/hook', topic: 'sub_tag(3)' } as const;
const filter: Filter = {
  all: [{ not: { any: [{ all: [{ prefix: { 'data.email': 'mary' } }] }] } }, { exists: { 'data.lastname': true } }],
};
const host = async (t: ExecutionContext) => {
  const keeper = filters();
  const storage = memoryStorage();
  const started = await startManaged(t, { options: { filters: keeper }, engine: { plugins: [keeper], storage } });
  return { ...started, storage };
};
const tag = (record: Readonly<Record<string, string | number>>) => ({ accountId: 1, objectType: 0, record }) as const;

test('a filter is set when a subscription is made, shown, changed and taken away', async (t) => {
  const { api, engine } = await host(t);
  const made = await api<SubscriptionJson>('POST', '/subscriptions', { json: { ...input, filter } });
  t.is(made.status, 201, made.text);
  t.deepEqual(made.json.filter, filter);
  t.true(Value.Check(SubscriptionSchema, made.json));
  const path = `/subscriptions/${made.json.id}`;
  t.deepEqual((await api<SubscriptionJson>('GET', path)).json.filter, filter);
  t.like(await engine.emit('sub_tag(3)', tag({ id: 1, email: 'mary@example.com', lastname: 'J' })), { deliveries: 0 });
  t.like(await engine.emit('sub_tag(3)', tag({ id: 1, email: 'john@example.com', lastname: 'J' })), { deliveries: 1 });

  const other: Filter = { exact: { 'data.id': 5 } };
  t.deepEqual((await api<SubscriptionJson>('PATCH', path, { json: { filter: other } })).json.filter, other);
  t.deepEqual((await api<SubscriptionJson>('PATCH', path, { json: { format: 'notify' } })).json.filter, other);
  t.like(await engine.emit('sub_tag(3)', tag({ id: 1, lastname: 'J' })), { deliveries: 0 });
  t.is((await api<SubscriptionJson>('PATCH', path, { json: { filter: null } })).json.filter, null);
  t.like(await engine.emit('sub_tag(3)', tag({ id: 1 })), { deliveries: 1 });
  t.is((await api<SubscriptionJson>('POST', '/subscriptions', { json: input })).json.filter, null);
});

const deep = (levels: number): unknown => (levels === 0 ? { exact: { 'data.id': 1 } } : { all: [deep(levels - 1)] });
const refused: readonly (readonly [what: string, filter: unknown, says: RegExp])[] = [
  ['a word that there is not', { exat: { 'data.id': 1 } }, /^Invalid filter: there is no "exat"\. Did you mean "exact"\?/],
  ['a field that no record has', { exact: { 'data.emial': 'x' } }, /has the field "emial"\. Did you mean "email"\?/],
  ['no object', 'DE', /^The member "filter" is "DE"\. Send a JSON object\.$/],
  ['a list', [filter], /^The member "filter" is \[/],
  ['too deep a one', deep(8), /^Invalid filter at all\[0\].*: it is nested deeper than 8 levels; nest less\.$/],
  ['one that is deeper than any could be', deep(40), /^The member "filter" is nested too deeply: 24 levels are taken\.$/],
  [
    'one of more parts than any could have',
    { in: { 'data.id': Array.from({ length: 400 }, () => 1) } },
    /^The member "filter" has too many p/,
  ],
  ['__proto__', JSON.parse('{"exact": {"__proto__": 1}}'), /^No parameter can be called "__proto__"\.$/],
];
for (const [what, wrong, says] of refused) {
  test(`${what} as a filter is refused with what would be right, and nothing is stored`, async (t) => {
    const { api, engine } = await host(t);
    const { id } = await engine.subscriptions.create({ accountId: 1, ...input });
    for (const [method, path] of [
      ['POST', '/subscriptions'],
      ['PATCH', `/subscriptions/${id}`],
    ] as const) {
      const body = JSON.stringify(method === 'POST' ? { ...input, filter: wrong } : { filter: wrong });
      const reply = await api<{ readonly detail: string }>(method, path, { json: JSON.parse(body) as object });
      t.like(reply.json, problem('invalid_body', 400) as never);
      t.regex(reply.json.detail, says);
    }
    const { total, rows } = await engine.subscriptions.list(1);
    t.deepEqual([total, rows[0]?.attributes], [1, {}]);
  });
}

interface PreviewJson {
  readonly matched: number;
  readonly events: readonly { readonly id: string; readonly occurredAt: string; readonly matches: boolean }[];
}

test('a filter is tried on the last events of the account, whether or not anybody got them', async (t) => {
  const { api, engine } = await host(t);
  const emitted: string[] = [];
  for (const id of [1, 2, 3]) emitted.unshift((await engine.emit('sub_tag(3)', tag({ id, lastname: `${id}` }))).id);
  await engine.emit('sub_tag(4)', tag({ id: 1 }));
  await engine.emit('sub_tag(3)', { ...tag({ id: 1 }), accountId: 2 });
  const given = { topic: 'sub_tag(3)', filter: { gte: { 'data.id': 2 } } };
  const { status, json, text } = await api<PreviewJson>('POST', '/filters/preview', { json: given });
  t.is(status, 200, text);
  t.deepEqual([json.matched, json.events.map(({ id }) => id)], [2, emitted]);
  t.deepEqual(
    json.events.map(({ matches }) => matches),
    [true, true, false],
  );
  const last = await api<PreviewJson>('POST', '/filters/preview', { json: { ...given, limit: 1 } });
  t.deepEqual([last.json.matched, last.json.events.length], [1, 1]);
  const refusals: readonly (readonly [object, 'invalid_body' | 'invalid_topic', RegExp])[] = [
    [{ ...given, filter: { exact: { 'data.emial': 'x' } } }, 'invalid_body', /Did you mean "email"\?/],
    [{ ...given, limit: 101 }, 'invalid_body', /limit/],
    [{ ...given, topic: 'sub_tg(3)' }, 'invalid_topic', /sub_tag/],
    [{ topic: 'sub_tag(3)' }, 'invalid_body', /filter/],
  ];
  for (const [wrong, code, says] of refusals) {
    const reply = await api<{ readonly detail: string }>('POST', '/filters/preview', { json: wrong });
    t.like(reply.json, problem(code, code === 'invalid_body' ? 400 : 422) as never);
    t.regex(reply.json.detail, says);
  }
});

test('where nobody knows filters, none is taken, and none is shown', async (t) => {
  const { api } = await startManaged(t);
  const reply = await api<{ readonly detail: string }>('POST', '/subscriptions', { json: { ...input, filter } });
  t.like(reply.json, {
    ...problem('invalid_body', 400),
    detail: 'Subscriptions have no filters here. Leave "filter" out.',
  } as never);
  t.is((await api<SubscriptionJson>('POST', '/subscriptions', { json: input })).json.filter, null);
  const tried = await api<{ readonly detail: string }>('POST', '/filters/preview', { json: { topic: input.topic, filter } });
  t.is(tried.json.detail, 'Subscriptions have no filters here. There is none to try.');
});

test('a filter that cannot be read is reported, and hides no subscription', async (t) => {
  const { api, engine, storage, errors } = await host(t);
  const { id } = await engine.subscriptions.create({ accountId: 1, ...input });
  await storage.updateSubscription('1', id, { attributes: { filter: '{' } });
  t.is((await api<SubscriptionJson>('GET', `/subscriptions/${id}`)).json.filter, null);
  t.regex(errors[0]?.message ?? '', /^Invalid filter: "\{" is no JSON/);
});

test('what knows no filters is refused as an option', async (t) => {
  await t.throwsAsync(async () => startManaged(t, { options: { filters: {} as never } }), {
    code: 'invalid_option',
    message: 'webhooks: option "filters" knows no filters: its "filterOf" is not a function.',
  });
});
