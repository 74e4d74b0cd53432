import test from 'ava';
import { compare, type Happening, type Wish } from '../examples/crm/src/expectation.ts';
import type { Arrival } from '../examples/crm/src/receiver.ts';

const wishes: readonly Wish[] = [
  { id: 3, path: '/light', event: 'sub_tag(4)', format: 'lightweight', encoding: 'form' },
  { id: 9, path: '/json', event: 'object_create(10001)', format: 'full', encoding: 'json' },
];
const moment = { from: 1_514_940_140_200, until: 1_514_940_140_900 };
const happenings: readonly Happening[] = [
  {
    event: 'sub_tag(4)',
    objectType: 0,
    record: { id: 8, firstname: 'Mary', lastname: null, email: 'mary+1@example.com', zip: '1' },
    ...moment,
  },
  { event: 'object_create(10001)', objectType: 10_001, record: { id: 2, make: 'Fiat', year: 1999, colour: null }, ...moment },
  { event: 'unsub_tag(4)', objectType: 0, record: { id: 8, firstname: 'Mary' }, ...moment },
];

const form: Arrival = {
  path: '/light',
  deliveryId: 'a',
  contentType: 'application/x-www-form-urlencoded',
  process: '',
  body:
    'webhook_id=3&object_type_id=0&event%5Btype%5D=sub_tag&event%5Btag_id%5D=4&data%5Bid%5D=8&data%5Bfirstname%5D=Mary' +
    '&data%5Blastname%5D=&data%5Bemail%5D=mary%2B1%40example.com&timestamp=1514940140',
  receivedAt: moment.from + 30,
  status: 200,
};
const json: Arrival = {
  path: '/json',
  deliveryId: 'b',
  contentType: 'application/json',
  process: '',
  body: '{"webhook_id":9,"object_type_id":10001,"event":{"type":"object_create"},"data":{"id":2,"make":"Fiat","year":1999,"colour":""},"timestamp":1514940140}',
  receivedAt: moment.from + 10,
  status: 200,
};

test('payloads that arrived once with the right fields leave nothing to complain of', (t) => {
  t.deepEqual(compare(wishes, happenings, [form, json]), {
    expected: 2,
    delivered: 2,
    refused: 0,
    repeated: 0,
    latenciesMs: [30, 10],
    problems: [],
  });
});

test('a payload that was refused and then taken, under one id, counts once', (t) => {
  const findings = compare(wishes, happenings, [{ ...form, status: 500 }, { ...form, receivedAt: moment.from + 400 }, json]);
  t.deepEqual(findings.problems, []);
  t.deepEqual([findings.delivered, findings.refused, findings.latenciesMs[0]], [2, 1, 30]);
});

test('a payload that was taken twice is no problem where a process was killed, and is counted', (t) => {
  const findings = compare(wishes, happenings, [form, form, json], { mayRepeat: true });
  t.deepEqual([findings.problems, findings.repeated, findings.delivered], [[], 1, 3]);
  const changed = compare(wishes, happenings, [form, { ...form, deliveryId: 'z' }, json], { mayRepeat: true });
  t.regex(changed.problems.join(), /changed its id/);
  t.regex(compare(wishes, happenings, [form], { mayRepeat: true }).problems.join(), /acknowledged 0 times/);
});

const tampered: readonly (readonly [what: string, arrivals: readonly Arrival[], problem: RegExp])[] = [
  ['a payload that is missing', [form], /object_create\(10001\) of car 2 to \/json was acknowledged 0 times/],
  ['a payload that was only ever refused', [{ ...form, status: 500 }, json], /was acknowledged 0 times/],
  ['a payload that was taken twice', [form, form, json], /sub_tag\(4\) of contact 8 to \/light was acknowledged 2 times/],
  ['a wrong value', [edited(form, 'Mary', 'Marie'), json], /has data\.firstname = "Marie", not "Mary"/],
  ['a wrong type in JSON', [form, edited(json, '1999', '"1999"')], /has data\.year = "1999", not 1999/],
  ['null where an empty text belongs', [form, edited(json, '""', 'null')], /has data\.colour = null, not ""/],
  ['a field that is missing', [edited(form, '&data%5Blastname%5D=', ''), json], /lacks data\.lastname/],
  ['a field too many', [edited(form, '&timestamp', '&data%5Bzip%5D=1&timestamp'), json], /a field too many: data\.zip/],
  [
    'a field that stands there twice',
    [edited(form, '&timestamp', '&data%5Bid%5D=8&timestamp'), json],
    /contact 8.*acknowledged 0|explains/,
  ],
  ["another subscription's number", [edited(form, 'webhook_id=3', 'webhook_id=4'), json], /has webhook_id = "4"/],
  ["another event's number", [edited(form, 'tag_id%5D=4', 'tag_id%5D=5'), json], /has event\.tag_id = "5"/],
  ['a timestamp from before', [edited(form, '1514940140', '1514940139'), json], /has timestamp = 1514940139/],
  ['a timestamp of another unit', [edited(form, '1514940140', '1514940140200'), json], /has timestamp/],
  [
    'a record that nobody touched',
    [form, edited(json, '"id":2', '"id":3')],
    /\/json got a payload that nothing in the CRM explains/,
  ],
  ['an event that nobody subscribed to', [form, json, { ...form, path: '/other' }], /\/other got a payload that nothing/],
  ['a body that is no body', [form, { ...json, body: '{' }], /nothing in the CRM explains/],
  ['the wrong content type', [{ ...form, contentType: 'text/plain' }, json], /came as "text\/plain"/],
  ['an id that changed between attempts', [{ ...form, status: 500, deliveryId: 'z' }, form, json], /changed its id/],
  ['an id that is missing', [{ ...form, deliveryId: '' }, json], /had no webhook-id/],
];

for (const [what, arrivals, problem] of tampered) {
  test(`the demo fails on ${what}`, (t) => {
    t.regex(compare(wishes, happenings, arrivals).problems.join('\n'), problem);
  });
}

function edited(arrival: Arrival, from: string, to: string): Arrival {
  return { ...arrival, body: arrival.body.replace(from, to) };
}
