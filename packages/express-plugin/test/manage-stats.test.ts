import test from 'ava';
import Value from 'typebox/value';
import { countSpans, latencyOf } from '../src/manage/count-spans.ts';
import { StatsSchema, type StatsJson } from '../src/manage/schemas-stats.ts';
import { noon } from './host.ts';
import { bad, problem, startManaged, storages, subscribed, tagged } from './manage-host.ts';

const minute = 60_000;
const hour = 60 * minute;
const iso = (ms: number): string => new Date(noon + ms).toISOString();

for (const [kind, storage] of Object.entries(storages)) {
  test(`${kind}: attempts are counted by span and outcome, with what waits`, async (t) => {
    const host = await startManaged(t, { engine: { storage: storage() } });
    const first = await subscribed(host, { url: 'https://example.com/good' });
    await tagged(host, 1, 1);
    await tagged(host, 1, 2);
    await host.engine.deliverDue();
    host.move(10 * minute);
    const second = await subscribed(host, { url: 'https://example.com/bad' });
    host.answer = (url) => (url.endsWith('bad') ? bad() : { ok: true, status: 200, answer: '' });
    await tagged(host, 1, 3);
    await host.engine.deliverDue();
    host.move(2 * minute);

    const query = `from=${iso(0)}&until=${iso(15 * minute)}&every=300`;
    const { json, status, text } = await host.api<StatsJson>('GET', `/stats?${query}`);
    t.is(status, 200, text);
    t.true(Value.Check(StatsSchema, json), JSON.stringify(Value.Errors(StatsSchema, json)));
    t.like(json, { from: iso(0), until: iso(15 * minute), every: 300 });
    t.deepEqual(
      json.spans.map(({ at, delivered, retry, failed, cancelled, successRate }) => [
        at,
        delivered,
        retry,
        failed,
        cancelled,
        successRate,
      ]),
      [
        [iso(0), 2, 0, 0, 0, 1],
        [iso(5 * minute), 0, 0, 0, 0, null],
        [iso(10 * minute), 1, 1, 0, 0, 0.5],
      ],
    );
    t.like(json.totals, { delivered: 3, retry: 1, successRate: 0.75 });
    t.is(json.totals.durations.length, json.durationBoundsMs.length + 1);
    t.is(
      json.totals.durations.reduce((sum, count) => sum + count, 0),
      4,
    );
    t.deepEqual(json.spans[1]?.latency, { p50: null, p95: null, p99: null });
    t.deepEqual(json.backlog, [{ subscriptionId: second.id, waiting: 1, oldestAt: iso(10 * minute), oldestAgeSeconds: 120 }]);

    const own = await host.api<StatsJson>('GET', `/stats?${query}&subscriptionId=${first.id}`);
    t.like(own.json, { totals: { delivered: 3, retry: 0, successRate: 1 }, backlog: [] });
    const other = await host.api<StatsJson>('GET', `/stats?${query}`, { as: 'app-2' });
    t.like(other.json, { totals: { delivered: 0, retry: 0, successRate: null }, backlog: [] });
  });
}

test('without a range it is the last 24 hours, in whole quarters of an hour on the clock', async (t) => {
  const host = await startManaged(t);
  await subscribed(host);
  host.move(20 * minute);
  await tagged(host);
  await host.engine.deliverDue();
  const { json } = await host.api<StatsJson>('GET', '/stats');
  t.like(json, { from: iso(15 * minute - 24 * hour), until: iso(30 * minute), every: 900, totals: { delivered: 1 } });
  t.is(json.spans.length, 97);
  t.like(json.spans.at(-1), { at: iso(15 * minute), delivered: 1 });
});

test('spans are as long as people read them, for any range', async (t) => {
  const host = await startManaged(t);
  const every = async (rangeMs: number): Promise<number> =>
    (await host.api<StatsJson>('GET', `/stats?from=${iso(0)}&until=${iso(rangeMs)}`)).json.every;
  t.is(await every(minute), 10);
  t.is(await every(hour), 60);
  t.is(await every(24 * hour), 900);
  t.is(await every(7 * 24 * hour), 10_800);
  t.is(await every(365 * 24 * hour), 604_800);
});

for (const [what, query, expected, says] of [
  [
    'an end before the beginning',
    `from=${iso(hour)}&until=${iso(0)}`,
    problem('invalid_parameter', 400, 'from'),
    /beginning before the end/,
  ],
  [
    'more spans than are answered',
    `from=${iso(0)}&until=${iso(24 * hour)}&every=60`,
    problem('invalid_parameter', 400, 'every'),
    /makes 1440 spans; at most 500 are answered\. Send 174 or more/,
  ],
  ['spans of no time', `every=0`, problem('invalid_parameter', 400, 'every'), /from 1 to/],
] as const) {
  test(`${what} is a problem`, async (t) => {
    const host = await startManaged(t);
    const { json } = await host.api<{ readonly detail: string }>('GET', `/stats?${query}`);
    t.like(json, expected as never);
    t.regex(json.detail, says);
  });
}

test('percentiles are estimated within their classes, and beyond the last one are at least its bound', (t) => {
  const none = Array<number>(11).fill(0);
  t.deepEqual(latencyOf(none), { p50: null, p95: null, p99: null });
  // 100 attempts of up to 10 ms.
  t.deepEqual(latencyOf(none.with(0, 100)), { p50: 5, p95: 9.5, p99: 9.9 });
  // Half of them between 100 and 250 ms.
  t.deepEqual(latencyOf(none.with(0, 50).with(4, 50)), { p50: 10, p95: 235, p99: 247 });
  t.deepEqual(latencyOf(none.with(10, 3)), { p50: 10_000, p95: 10_000, p99: 10_000 });
});

test('what was cancelled counts neither as a success nor in the durations', (t) => {
  const range = { from: 0, until: 10, everyMs: 10 };
  const { spans, totals } = countSpans(range, [
    { at: 0, outcome: 'delivered', durationClass: 2, count: 3 },
    { at: 0, outcome: 'failed', durationClass: 10, count: 1 },
    { at: 0, outcome: 'cancelled', durationClass: 0, count: 7 },
  ]);
  t.like(totals, { delivered: 3, failed: 1, cancelled: 7, successRate: 0.75, durations: [0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1] });
  t.like(spans[0], { delivered: 3, cancelled: 7 });
});
