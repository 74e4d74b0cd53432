import test from 'ava';
import { spanOf, timeTicks } from '../pages/console/chart-data.ts';
import { formFields } from '../pages/console/form-fields.ts';
import { explain, isProbe } from '../pages/console/explain.ts';
import { healthWords, localTimes, sentence, topicWords, waitingInWords } from '../pages/console/words.ts';
import { bytes, duration, fromNow, percent, span } from '../pages/look/format.ts';
import { jsonTokens, prettyJson } from '../pages/look/json-tokens.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

test('a span of time is told in the unit that says the most', (t) => {
  const told = [40, 1_500, 59 * second, minute, 90 * minute, 2 * hour, 30 * hour, 72 * hour].map(span);
  t.deepEqual(told, ['40 ms', '2 seconds', '59 seconds', '1 minute', '90 minutes', '2 hours', '30 hours', '3 days']);
  t.is(span(hour), '1 hour');
  t.is(span(24 * hour), '1 day');
});

test('a moment is told as long ago or ahead as it is', (t) => {
  const now = 1_000_000_000;
  t.deepEqual(
    [now - 1_000, now + 1_000, now - 3 * minute, now + 2 * hour].map((at) => fromNow(at, now)),
    ['just now', 'in a few seconds', '3 minutes ago', 'in 2 hours'],
  );
});

test('a share is never told as all or nothing when it is neither', (t) => {
  const told = [percent(0, 0), percent(5, 5), percent(0, 5), percent(9_999, 10_000), percent(1, 100_000), percent(1, 3)];
  t.deepEqual(told, ['–', '100 %', '0 %', '> 99.9 %', '< 0.1 %', '33 %']);
});

test('durations and sizes are short', (t) => {
  t.deepEqual([duration(38.4), duration(1_440), duration(15_000)], ['38 ms', '1.4 s', '15 s']);
  t.deepEqual([bytes(1), bytes(999), bytes(3_400), bytes(12_345)], ['1 byte', '999 bytes', '3.4 kB', '12 kB']);
});

test('what an attempt came to is told without a word of queues', (t) => {
  const told = (reason: string, status = 0) => explain({ outcome: 'retry', reason, status });
  t.is(explain({ outcome: 'delivered', reason: '', status: 204 }).what, 'The server answered 204 No Content.');
  t.is(told('HTTP 503', 503).what, 'The server answered 503 Service Unavailable.');
  t.regex(told('HTTP 301 (redirects are not followed)', 301).advice, /^Redirects are not followed/);
  t.regex(told('HTTP 418', 418).advice, /^The server did not take the request/);
  t.regex(told('HTTP 599', 599).advice, /^The server had trouble of its own/);
  t.is(told('no answer within 15000 ms').what, 'The server took the connection, and gave no answer within 15 seconds.');
  t.is(told('connection refused').what, 'Nothing listens at that address.');
  t.is(told('host name not found').what, 'There is no host of that name.');
  t.is(told('TLS certificate not accepted (CERT_HAS_EXPIRED)').what, 'The certificate of the server is not valid.');
  t.regex(told('internal_error: cannot read x').advice, /not the fault of the receiver/);
  t.is(told('something else, see above').what, 'Something else, see above.');
});

test('an answer that broke off is not told as if it were whole', (t) => {
  const { what } = explain({ outcome: 'retry', reason: 'HTTP 500, but incomplete: connection reset', status: 500 });
  t.is(what, 'HTTP 500, but incomplete: connection reset.');
});

test('an attempt whose retry would come too late is told as what it was, and why it was the last', (t) => {
  const late = ' (its next attempt would be due at 2026-01-15T12:05:00.000Z, and it expires at 2026-01-15T12:04:00.000Z)';
  const { what, advice } = explain({ outcome: 'failed', reason: `HTTP 503${late}`, status: 503 });
  t.is(what, 'The server answered 503 Service Unavailable. It was not tried again, because its event expires before that.');
  t.regex(advice, /^The server is down/);
  t.true(isProbe({ reason: `connection refused (probe of a suspended subscription)${late}` }));
});

test('a probe is told as what it would be, and known for one', (t) => {
  const attempt = { outcome: 'retry', reason: 'connection refused (probe of a suspended subscription)', status: 0 } as const;
  t.is(explain(attempt).what, 'Nothing listens at that address.');
  t.true(isProbe(attempt));
});

test('a cancelled delivery is told with its own reason, whatever was answered before', (t) => {
  t.is(
    explain({ outcome: 'cancelled', reason: 'unsubscribed by the account', status: 500 }).what,
    'Unsubscribed by the account.',
  );
});

test('health is told with what the endpoint answered last', (t) => {
  const row = {
    healthReason: 'too many errors: 5 in a row',
    healthNext: '',
    lastStatus: 500,
    lastAttemptAt: '2026-01-01T00:00:00Z',
  };
  t.is(
    healthWords({ ...row, health: 'suspended' }).why,
    'Too many errors: 5 in a row. The last answer was 500 Internal Server Error.',
  );
  t.regex(healthWords({ ...row, health: 'failing', lastStatus: 0 }).why, /The last time there was no answer\.$/);
  t.is(healthWords({ ...row, health: 'paused', healthReason: 'Maria: we move!' }).why, 'Maria: we move!');
});

test('topics are told in words, and those of a host as they are', (t) => {
  t.deepEqual(
    ['sub_tag(3)', 'object_create(0)', 'object_create(10001)', 'purchase_product(7)', 'constructor(1)'].map(topicWords),
    ['Tag 3 is added', 'A contact is created', 'A record of type 10001 is created', 'purchase_product(7)', 'constructor(1)'],
  );
});

test('sentences begin with a capital and end, and their times are the reader’s', (t) => {
  t.deepEqual([sentence('it waits'), sentence('Stop!'), sentence(' ')], ['It waits.', 'Stop!', '']);
  t.notRegex(localTimes('unsubscribed at 2026-11-28T01:39:15.000Z otherwise'), /2026-11-28T/);
});

test('a form body is taken apart as it was written, and one that cannot be decoded is shown as it is', (t) => {
  t.deepEqual(formFields('event%5Btype%5D=sub_tag&data[firstname]=Zo%C3%AB+M&empty=&flag&bad=%E0%A4%A'), [
    { name: 'event[type]', value: 'sub_tag' },
    { name: 'data[firstname]', value: 'Zoë M' },
    { name: 'empty', value: '' },
    { name: 'flag', value: '' },
    { name: 'bad', value: '%E0%A4%A' },
  ]);
  t.deepEqual(formFields(''), []);
});

test('JSON is coloured without a sign more or less', (t) => {
  const text = prettyJson('{"a":[1,-2.5e3,true,null],"b\\"":"x: 1","c":{}}') ?? '';
  const tokens = jsonTokens(text);
  t.is(tokens.map((token) => token.text).join(''), text);
  t.deepEqual(
    tokens.filter(({ kind }) => kind === 'key').map((token) => token.text),
    ['"a"', '"b\\""', '"c"'],
  );
  t.deepEqual(
    tokens.filter(({ kind }) => kind === 'value').map((token) => token.text),
    ['1', '-2.5e3', 'true', 'null'],
  );
});

test('JSON is laid out with its numbers and texts as they were written', (t) => {
  const value = { a: [1, [], {}], 'b"': '{"x": [1, 2]}', c: { d: null, e: ['\\'] } };
  t.is(prettyJson(JSON.stringify(value)), JSON.stringify(value, null, 2));
  t.is(prettyJson(JSON.stringify(value, null, '\t')), JSON.stringify(value, null, 2));
  t.is(prettyJson('{"id":12345678901234567890, "e":1.0}'), '{\n  "id": 12345678901234567890,\n  "e": 1.0\n}');
  t.is(prettyJson('[ ]'), '[]');
  t.is(prettyJson('<html>'), null);
});

test('charts show whole bars, and their axis round times of the reader’s clock', (t) => {
  const now = Date.parse('2026-11-25T04:47:11Z');
  const { from, until, everyMs } = spanOf('24h', now);
  t.is(until - from, 24 * hour);
  t.true(until > now && until - now <= everyMs && until % everyMs === 0);
  const ticks = timeTicks(from, until, 6, 5.5 * hour);
  t.true(ticks.length > 1 && ticks.length <= 6);
  for (const tick of ticks) t.is((tick + 5.5 * hour) % (6 * hour), 0);
});

test('a backlog of which more may wait than was counted says so', (t) => {
  t.is(waitingInWords([]), '0');
  t.is(waitingInWords([{ waiting: 9_999 }, { waiting: 2 }]), '10,001');
  t.is(waitingInWords([{ waiting: 10_000 }, { waiting: 2 }]), '10,002+');
});
