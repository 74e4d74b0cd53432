import { sqliteStorage } from '@hookwell/adapters/sqlite';
import test, { type ExecutionContext } from 'ava';
import { noon, query, startHost, subscribe, type Answer, type Host } from './host.ts';

type Row = Readonly<Record<string, string | null>>;

function rowsOf(answer: Answer): readonly Row[] {
  return answer.json.data as readonly Row[];
}

async function ids(host: Host, parameters: Readonly<Record<string, string>>, path = '/Webhooks'): Promise<readonly string[]> {
  const answer = await host.call('GET', `${path}${query(parameters)}`);
  if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
  return rowsOf(answer).map(({ id }) => id ?? '');
}

/** Sixty subscriptions; two of every three to a tag, the third to a form. */
async function sixty(t: ExecutionContext): Promise<Host> {
  const host = await startHost(t, { options: { rateLimit: { enabled: false } } });
  for (let n = 1; n <= 60; n += 1) {
    const event = n % 3 === 0 ? `object_submits_form(${n})` : `sub_tag(${n})`;
    const data = n % 10 === 0 ? { data: '{"format":"notify"}' } : {};
    await subscribe(host, { url: `https://example.com/${n % 2 === 0 ? 'even' : 'odd'}/${n}`, event, ...data });
  }
  return host;
}

const numbers = (from: number, to: number): readonly string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

test('start and range: fifty from the oldest on by default, never more, and any page', async (t) => {
  const host = await sixty(t);
  t.deepEqual(await ids(host, {}), numbers(1, 50));
  t.deepEqual(await ids(host, { range: '51' }), numbers(1, 50));
  t.deepEqual(await ids(host, { range: '999999999999' }), numbers(1, 50));
  t.deepEqual(await ids(host, { start: '50' }), numbers(51, 60));
  t.deepEqual(await ids(host, { start: '58', range: '1' }), ['59']);
  t.deepEqual(await ids(host, { start: '60' }), []);
  t.deepEqual(await ids(host, { start: '999999999999999' }), []);
  t.deepEqual(await ids(host, { range: '0' }), []);
  t.deepEqual(await ids(host, { start: '', range: '' }), numbers(1, 50));
});

test('sort and sortDir: by any field that can be asked for, ties in the order of ids', async (t) => {
  const host = await sixty(t);
  t.deepEqual(await ids(host, { sort: 'id', sortDir: 'desc', range: '3' }), ['60', '59', '58']);
  t.deepEqual(await ids(host, { sortDir: 'DESC', range: '2' }), ['60', '59']);
  t.deepEqual(await ids(host, { sort: 'id', range: '2' }), ['1', '2']);
  t.deepEqual(await ids(host, { sort: 'data', sortDir: 'desc', range: '8' }), ['10', '20', '30', '40', '50', '60', '1', '2']);
  const byEvent = Array.from({ length: 60 }, (_, index) => index + 1)
    .map((n) => ({ n, event: n % 3 === 0 ? `object_submits_form(${n})` : `sub_tag(${n})` }))
    .toSorted((a, b) => (a.event < b.event ? -1 : 1))
    .map(({ n }) => String(n));
  t.deepEqual(await ids(host, { sort: 'event' }), byEvent.slice(0, 50));
  for (const field of ['url', 'health', 'last_hook', 'last_code']) t.is((await ids(host, { sort: field })).length, 50, field);
});

test('ids: those that are named and there; 0 stands for all', async (t) => {
  const host = await sixty(t);
  t.deepEqual(await ids(host, { ids: '3' }), ['3']);
  t.deepEqual(await ids(host, { ids: '7,3, 5' }), ['3', '5', '7']);
  t.deepEqual(await ids(host, { ids: '3,3,99' }), ['3']);
  t.deepEqual(await ids(host, { ids: '99' }), []);
  t.is((await ids(host, { ids: '0' })).length, 50);
  t.is((await ids(host, { ids: '' })).length, 50);
  const tooMany = await host.call('GET', '/Webhooks', { form: `ids=${numbers(1, 1_001).join(',')}` });
  t.deepEqual([tooMany.status, tooMany.text], [400, 'The parameter "ids" names too many records: 1000 are taken.']);
});

test('search: a part of the url, the event or the data, in letters of either case', async (t) => {
  const host = await sixty(t);
  t.is((await ids(host, { search: 'ODD/' })).length, 30);
  t.deepEqual(await ids(host, { search: 'form(21' }), ['21']);
  t.deepEqual(await ids(host, { search: 'notify' }), ['10', '20', '30', '40', '50', '60']);
  t.deepEqual(await ids(host, { search: 'nothing like it' }), []);
  t.deepEqual(await ids(host, { search: `' or 1=1 --` }), []);
});

test('all of them at once narrow each other down', async (t) => {
  const host = await sixty(t);
  const condition = JSON.stringify([{ field: { field: 'event' }, op: 'LIKE', value: { value: 'sub_tag%' } }]);
  const all = { ids: '1,2,3,4,5,6,7,8,9,10', search: 'even', condition, sort: 'id', sortDir: 'desc', start: '1', range: '2' };
  t.deepEqual(await ids(host, all), ['8', '4']);
  const counted = await host.call('GET', `/Webhooks${query({ ...all, count: 'true', listFields: 'id' })}`);
  t.is(counted.text, '{"code":0,"data":[{"id":"8"},{"id":"4"}],"account_id":1,"misc":[],"count":"4"}');
});

test('listFields: exactly these, in that order', async (t) => {
  const host = await sixty(t);
  const answer = await host.call('GET', `/Webhooks${query({ listFields: 'url, id', ids: '5' })}`);
  t.is(answer.text, '{"code":0,"data":[{"url":"https://example.com/odd/5","id":"5"}],"account_id":1,"misc":[]}');
});

test('count: a text at the top when it is asked for, and only then', async (t) => {
  const host = await startHost(t);
  await subscribe(host);
  t.false('count' in (await host.call('GET', '/Webhooks')).json);
  t.false('count' in (await host.call('GET', '/Webhooks?count=false')).json);
  t.is((await host.call('GET', '/Webhooks?count=true')).json.count, '1');
  t.is((await host.call('GET', '/Webhooks', { json: { count: true } })).json.count, '1');
  t.is(
    (await host.call('GET', '/Webhooks?count=true&range=0')).text,
    '{"code":0,"data":[],"account_id":1,"misc":[],"count":"1"}',
  );
});

test('getInfo: how many a query meets, whatever page it asks for', async (t) => {
  const host = await sixty(t);
  const info = async (parameters: Readonly<Record<string, string>>): Promise<string> =>
    (await host.call('GET', `/Webhooks/getInfo${query(parameters)}`)).text;
  const counted = (count: number): string =>
    `{"code":0,"data":{"listFields":[""],"listFieldSettings":[],"cardViewSettings":[],"viewMode":[],"count":"${count}"},"account_id":1}`;
  t.is(await info({}), counted(60));
  t.is(await info({ start: '40', range: '3' }), counted(60));
  t.is(await info({ search: 'odd' }), counted(30));
  t.is(await info({ ids: '1,2,99' }), counted(2));
  const condition = JSON.stringify([{ field: { field: 'id' }, op: '>', value: { value: 55 } }]);
  t.is(await info({ condition }), counted(5));
});

test('WebhookLogs take the same parameters, newest line first', async (t) => {
  const host = await startHost(t, {
    options: { rateLimit: { enabled: false } },
    engine: { storage: sqliteStorage({ filename: ':memory:' }) },
  });
  for (const tag of [1, 2]) await subscribe(host, { event: `sub_tag(${tag})` });
  for (let n = 1; n <= 60; n += 1) {
    await host.engine.emit(`sub_tag(${n <= 20 ? 1 : 2})`, { accountId: 1, objectType: 0, record: { id: n } });
    await host.engine.deliverDue();
    host.move(1_000);
  }
  const path = '/WebhookLogs';
  t.deepEqual(await ids(host, {}, path), numbers(11, 60).toReversed());
  t.deepEqual(await ids(host, { start: '58' }, path), ['2', '1']);
  t.deepEqual(await ids(host, { sort: 'date', range: '2' }, path), ['1', '2']);
  t.deepEqual(await ids(host, { sort: 'webhook_id', sortDir: 'desc', range: '2' }, path), ['21', '22']);
  t.deepEqual(await ids(host, { ids: '5,7', sortDir: 'asc' }, path), ['5', '7']);
  t.is((await ids(host, { search: 'TAG(1' }, path)).length, 20);
  const second = Math.floor(noon / 1_000);
  const condition = JSON.stringify([{ field: { field: 'date' }, op: '<=', value: { value: String(second + 2) } }]);
  t.deepEqual(await ids(host, { condition, sortDir: 'asc' }, path), ['1', '2', '3']);
  const counted = await host.call('GET', `${path}${query({ condition, count: 'true', listFields: 'id,date', range: '1' })}`);
  t.is(counted.text, `{"code":0,"data":[{"id":"3","date":"${second + 2}"}],"account_id":1,"misc":[],"count":"3"}`);
  const info = await host.call('GET', `${path}/getInfo${query({ search: 'tag(2' })}`);
  t.like(info.json.data, { count: '40' });
});
