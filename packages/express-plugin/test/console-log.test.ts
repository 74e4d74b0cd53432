import test from 'ava';
import { begin, more, refresh, showFresh, type LogLine, type LogPage } from '../pages/console/log-lines.ts';
import { attemptsQuery } from '../pages/console/log-query.ts';
import { hashOf, readRoute, wholeLog, type Route } from '../pages/console/route.ts';

function line(order: number): LogLine {
  return {
    key: String(order),
    order,
    deliveryId: `d${order}`,
    subscriptionId: 1,
    topic: 'sub_tag(3)',
    status: 'delivered',
    reason: '',
    code: 200,
    at: '2026-01-01T00:00:00.000Z',
    durationMs: 1,
    number: 1,
    nextAt: null,
  };
}

/** A page of lines, newest first, of a log of so many, with the cursor of the next one. */
const page = (from: number, to: number, cursor: string | null): LogPage => ({
  rows: Array.from({ length: from - to + 1 }, (_, index) => line(from - index)),
  next: cursor === null ? null : { list: 'attempts', query: { cursor } },
  remaining: from,
});

const orders = (rows: readonly LogLine[]): readonly number[] => rows.map(({ order }) => order);

test('a page is put behind what is there, and a line that both have is there once', (t) => {
  const lines = more(begin(page(10, 6, 'a')), page(6, 1, null));
  t.deepEqual(orders(lines.rows), [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  t.is(lines.next, null);
  t.is(lines.total, 10);
});

test('new lines are shown at once, or kept back for whoever reads', (t) => {
  const first = begin(page(5, 1, null));
  const shown = refresh(first, page(7, 3, 'a'), true);
  t.deepEqual(orders(shown.rows), [7, 6, 5, 4, 3, 2, 1]);
  t.is(shown.total, 7);
  const kept = refresh(first, page(7, 3, 'a'), false);
  t.deepEqual(orders(kept.rows), [5, 4, 3, 2, 1]);
  t.deepEqual(orders(kept.fresh), [7, 6]);
  const later = refresh(kept, page(8, 4, 'a'), false);
  t.deepEqual(orders(later.fresh), [8, 7, 6]);
  t.deepEqual(orders(showFresh(later)?.rows ?? []), [8, 7, 6, 5, 4, 3, 2, 1]);
});

test('more new lines than a page has are read anew, because nobody knows what is between', (t) => {
  const lines = refresh(begin(page(5, 1, null)), page(100, 91, 'a'), true);
  t.deepEqual(orders(lines.rows), [5, 4, 3, 2, 1], 'nothing is shown with a gap in it');
  t.true(lines.gap);
  t.is(showFresh(lines), null);
});

test('nothing new changes nothing, and the first line ever is shown', (t) => {
  const lines = begin(page(5, 1, null));
  t.is(refresh(lines, page(5, 1, null), true), lines);
  const empty = begin({ rows: [], next: null, remaining: 0 });
  t.deepEqual(orders(refresh(empty, page(1, 1, null), false).rows), [1]);
});

test('every page of the console is found again under its address', (t) => {
  const routes: readonly Route[] = [
    { page: 'overview', range: '24h' },
    { page: 'overview', range: '7d' },
    { page: 'subscriptions', which: 'active', text: '' },
    { page: 'subscriptions', which: 'ended', text: 'a & b = ?#' },
    { page: 'new' },
    { page: 'subscription', id: 12 },
    { page: 'edit', id: 12 },
    { page: 'log', filter: wholeLog, delivery: null },
    {
      page: 'log',
      filter: {
        status: 'failed',
        topic: 'sub_tag(3)',
        subscriptionId: 4,
        time: 'between',
        from: '2026-01-01T10:00',
        until: '',
        text: 'Zoë & “x”',
      },
      delivery: 'd/1',
    },
    { page: 'delivery', id: 'a/b?c#d%' },
  ];
  for (const route of routes) t.deepEqual(readRoute(hashOf(route)), route);
});

test('addresses that make no sense lead nowhere, and wrong filters are left out', (t) => {
  for (const hash of [
    '#/nowhere',
    '#/subscriptions/0',
    '#/subscriptions/1e3',
    '#/subscriptions/1/x',
    '#/log/1',
    '#/deliveries',
    '#/%',
  ]) {
    t.is(readRoute(hash).page, 'unknown', hash);
  }
  t.deepEqual(readRoute('#/log?status=odd&subscription=x&time=between&from=tomorrow'), {
    page: 'log',
    filter: { ...wholeLog, time: 'between' },
    delivery: null,
  });
});

test('a filter becomes parameters of the API', (t) => {
  const now = Date.parse('2026-01-02T00:00:00Z');
  t.deepEqual(attemptsQuery(wholeLog, now), {});
  t.deepEqual(
    attemptsQuery({ ...wholeLog, status: 'retry', topic: 'sub_tag(3)', subscriptionId: 4, time: '24h', text: ' x ' }, now),
    {
      outcome: 'retry',
      topic: 'sub_tag(3)',
      subscriptionId: '4',
      from: '2026-01-01T00:00:00.000Z',
      text: 'x',
    },
  );
  const between = attemptsQuery({ ...wholeLog, time: 'between', from: '2026-01-01T10:00', until: '' }, now);
  t.deepEqual(between, { from: new Date('2026-01-01T10:00').toISOString() });
});
