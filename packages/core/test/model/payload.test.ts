import test from 'ava';
import { defineCatalog } from '@hookwell/core';
import type { Plugin, Subscription } from '../../src/index.ts';
import { compose } from '../../src/deliver/compose.ts';
import { findObjectType, normaliseRecord } from '../../src/model/crm-record.ts';
import { encodeForm, encodeJson } from '../../src/model/encoding.ts';
import { formatPayload } from '../../src/model/format.ts';
import { parseTopic } from '../../src/model/topic.ts';

const catalog = defineCatalog({
  objectTypes: [
    {
      id: 0,
      name: 'Contact',
      fields: ['id', 'firstname', 'lastname', 'email', 'score', 'vip'],
      lightweight: ['id', 'firstname', 'lastname', 'email'],
    },
  ],
  events: { sub_tag: { parameter: 'tag_id' }, object_create: { parameter: null } },
});
const contact = findObjectType(catalog, 'Contact');

function payloadOf(record: Parameters<typeof normaliseRecord>[0], format = 'full') {
  const { topic, target, eventType } = parseTopic('sub_tag(4)', catalog);
  const event = {
    id: 'e1',
    accountId: '7',
    topic,
    objectType: 0,
    record: normaliseRecord(record, contact),
    occurredAt: 1_514_940_140_999,
    idempotencyKey: null,
    metadata: {},
  };
  return formatPayload(event, target, eventType, contact, format);
}

test('a form body is the documented example, byte for byte', (t) => {
  const payload = payloadOf({ id: 8, firstname: 'Mary', lastname: 'Jones', email: 'mary@example.com' }, 'lightweight');
  t.is(
    encodeForm(payload).bodyFor(3),
    'webhook_id=3&object_type_id=0&event%5Btype%5D=sub_tag&event%5Btag_id%5D=4&data%5Bid%5D=8&data%5Bfirstname%5D=Mary&data%5Blastname%5D=Jones&data%5Bemail%5D=mary%40example.com&timestamp=1514940140',
  );
});

test('null and missing values go out as empty strings, never dropped', (t) => {
  const body = encodeForm(payloadOf({ id: 8, lastname: null })).bodyFor(3);
  t.true(body.includes('&data%5Bfirstname%5D=&data%5Blastname%5D=&data%5Bemail%5D=&data%5Bscore%5D=&data%5Bvip%5D=&timestamp='));
  t.deepEqual(JSON.parse(encodeJson(payloadOf({ id: 8, lastname: null })).bodyFor(3)).data, {
    id: 8,
    firstname: '',
    lastname: '',
    email: '',
    score: '',
    vip: '',
  });
});

test('JSON has the same keys in the same order as the form', (t) => {
  const body = encodeJson(payloadOf({ id: 8, firstname: 'Mary', score: 1.5, vip: true })).bodyFor(3);
  t.is(
    body,
    '{"webhook_id":3,"object_type_id":0,"event":{"type":"sub_tag","tag_id":4},"data":{"id":8,"firstname":"Mary","lastname":"","email":"","score":1.5,"vip":true},"timestamp":1514940140}',
  );
});

test('null and missing values of every depth become empty strings in JSON, and a date of a plugin is written as JSON has it', (t) => {
  const payload = { a: null, b: { c: undefined, d: { e: null, f: 0 } }, g: new Date(0) } as never;
  t.is(encodeJson(payload).bodyFor(3), '{"webhook_id":3,"a":"","b":{"c":"","d":{"e":"","f":0}},"g":"1970-01-01T00:00:00.000Z"}');
  t.deepEqual(payload, { a: null, b: { c: undefined, d: { e: null, f: 0 } }, g: new Date(0) } as never);
});

test('a form writes ASCII in the same way with other characters beside it and without', (t) => {
  const ascii = Array.from({ length: 128 }, (_, code) => String.fromCodePoint(code)).join('');
  const [alone, beside] = [ascii, `${ascii}é`].map((firstname) => encodeForm({ firstname }).bodyFor(1));
  t.is(beside, `${alone}%C3%A9`);
  t.true(alone?.includes('+%21%22%23%24%25%26%27%28%29%2A%2B%2C-.%2F0'));
});

test('notify carries the id only', (t) => {
  t.deepEqual(payloadOf({ id: 8, firstname: 'Mary' }, 'notify')['data'], { id: 8 });
});

test('an event about the object type itself has no parameter beside its type', (t) => {
  const { eventType, target, topic } = parseTopic('object_create(0)', catalog);
  const event = {
    id: 'e',
    accountId: '7',
    topic,
    objectType: 0,
    record: normaliseRecord({ id: 1 }, contact),
    occurredAt: 0,
    idempotencyKey: null,
    metadata: {},
  };
  t.deepEqual(formatPayload(event, target, eventType, contact, 'notify')['event'], { type: 'object_create' });
});

test('a form survives every character: what URLSearchParams reads back is what went in', (t) => {
  const awkward = [
    ...Array.from({ length: 0x2_50 }, (_, code) => String.fromCodePoint(code)),
    '😀',
    '漢字',
    'a&b=c%20+d;e',
    '\r\n',
    '  ',
  ].join('|');
  const body = encodeForm(payloadOf({ id: 1, firstname: awkward })).bodyFor(1);
  t.regex(body, /^[A-Za-z0-9_.%+=&-]*$/);
  t.is(new URLSearchParams(body).get('data[firstname]'), awkward);
});

test('half a surrogate pair becomes the replacement character instead of breaking the payload', (t) => {
  const body = encodeForm(payloadOf({ id: 1, firstname: 'a\ud83d' })).bodyFor(1);
  t.is(new URLSearchParams(body).get('data[firstname]'), 'a\ufffd');
});

test('booleans are 1 and 0 in a form, dates whole Unix seconds, bigints their digits', (t) => {
  const record = normaliseRecord(
    { id: 12345678901234567890n, firstname: new Date(1_514_940_140_999), vip: false, score: true },
    contact,
  );
  const fields = new URLSearchParams(encodeForm(payloadOf(record)).bodyFor(1));
  t.is(fields.get('data[id]'), '12345678901234567890');
  t.is(fields.get('data[firstname]'), '1514940140');
  t.is(fields.get('data[vip]'), '0');
  t.is(fields.get('data[score]'), '1');
});

const unfit: readonly (readonly [string, unknown, RegExp])[] = [
  ['no id', { firstname: 'Mary' }, /Contact record has no id/],
  ['an empty id', { id: '' }, /has no id/],
  ['an unknown field', { id: 1, frstname: 'Mary' }, /unknown field "frstname". Did you mean "firstname"\? Register it/],
  ['a nested value', { id: 1, firstname: { a: 1 } }, /an object or array in "firstname"/],
  ['NaN', { id: 1, score: Number.NaN }, /NaN in "score"/],
  ['an invalid date', { id: 1, score: new Date(Number.NaN) }, /an invalid date in "score"/],
  ['an array for a record', [1], /not an object of fields/],
  ['null for a record', null, /is null, not an object of fields/],
];
for (const [what, record, message] of unfit) {
  test(`a record with ${what} is refused, naming what is wrong`, (t) => {
    t.throws(() => normaliseRecord(record as never, contact), { code: 'invalid_record', message });
  });
}

test('inherited names are no fields of a record', (t) => {
  t.throws(() => normaliseRecord(JSON.parse('{"id":1,"__proto__":{"x":1}}'), contact), { code: 'invalid_record' });
});

test('a field that objects inherit is unknown when a record has it itself', (t) => {
  t.throws(() => normaliseRecord({ id: 1, toString: 'x' }, contact), { message: /unknown field "toString"/ });
});

test('a record that was stored under another catalog goes out with the fields of this one, in its order', (t) => {
  const { eventType } = parseTopic('sub_tag(4)', catalog);
  for (const record of [
    { id: 8, lastname: 'Jones', firstname: 'Mary', email: null, score: 1, vip: null },
    { id: 8, firstname: 'Mary', lastname: 'Jones', email: null, score: 1, vip: null, fax: '555' },
    { id: 8, firstname: 'Mary', lastname: 'Jones', email: null, score: 1 },
  ]) {
    const event = { id: 'e1', accountId: '7', topic: 'sub_tag(4)', objectType: 0, record, occurredAt: 0 };
    const payload = formatPayload({ ...event, idempotencyKey: null, metadata: {} }, 4, eventType, contact, 'full');
    t.is(JSON.stringify(payload['data']), '{"id":8,"firstname":"Mary","lastname":"Jones","email":null,"score":1,"vip":null}');
  }
});

test('what a compose hook writes into the payload goes out, and the record stays as it is', (t) => {
  const record = normaliseRecord({ id: 8, firstname: 'Mary' }, contact);
  const event = { id: 'e1', accountId: '7', topic: 'sub_tag(4)', objectType: 0, record, occurredAt: 0 };
  const shout: Pick<Plugin, 'name' | 'compose'> = {
    name: 'shout',
    compose(payload) {
      Object.assign(payload['data'] as object, { firstname: 'MARY' });
      return undefined;
    },
  };
  const { body } = compose(
    { ...event, idempotencyKey: null, metadata: {} },
    { id: 3, format: 'full', encoding: 'json' } as Subscription,
    [],
    {
      catalog,
      plugins: [shout],
    },
  );
  t.true(body.includes('"firstname":"MARY"'));
  t.is(record['firstname'], 'Mary');
});

test('an object type is found by number or name, and a missing one is refused with the list', (t) => {
  t.is(findObjectType(catalog, 0), contact);
  t.throws(() => findObjectType(catalog, 'Contcat'), { code: 'unknown_object_type', message: /Known ones: "0 Contact"/ });
});
