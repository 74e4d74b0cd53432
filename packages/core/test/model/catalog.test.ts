import test from 'ava';
import { defineCatalog, HookwellError, ontraportCatalog, parseTopic } from '@hookwell/core';

const car = { id: 10_001, name: 'Car', fields: ['make', 'id', 'model', 'year', 'colour'] };

test('a custom object is lightweight in its id and its first three other fields, in their order', (t) => {
  const catalog = defineCatalog({ objectTypes: [car], events: {} });
  t.deepEqual(catalog.objectTypes.get(10_001)?.lightweight, ['id', 'make', 'model', 'year']);
});

test('a contact is lightweight in id, firstname, lastname and email', (t) => {
  t.deepEqual(ontraportCatalog.objectTypes.get(0)?.lightweight, ['id', 'firstname', 'lastname', 'email']);
});

test('the ready-made catalog knows the four events and the standard objects', (t) => {
  t.deepEqual([...ontraportCatalog.events.keys()], ['object_create', 'object_submits_form', 'sub_tag', 'unsub_tag']);
  t.deepEqual([...ontraportCatalog.objectTypes.keys()], [0, 1, 2, 12, 14, 16, 17, 46, 52, 122, 145, 149, 150]);
});

const broken: readonly (readonly [string, object, RegExp])[] = [
  [
    'a number taken twice',
    { objectTypes: [car, { ...car, name: 'Van' }], events: {} },
    /10001 is defined twice; give "Van" a number/,
  ],
  ['no id', { objectTypes: [{ ...car, fields: ['make'] }], events: {} }, /"Car" has no field "id"/],
  ['a field twice', { objectTypes: [{ ...car, fields: ['id', 'make', 'make'] }], events: {} }, /the field "make" twice/],
  ['a field that is no name', { objectTypes: [{ ...car, fields: ['id', 'a b'] }], events: {} }, /"Car".*\/fields\/1/],
  [
    'a field called __proto__',
    { objectTypes: [{ ...car, fields: ['id', '__proto__'] }], events: {} },
    /cannot be called "__proto__"/,
  ],
  [
    'a lightweight field it lacks',
    { objectTypes: [{ ...car, lightweight: ['id', 'wheels'] }], events: {} },
    /lightweight names "wheels"/,
  ],
  ['a negative number', { objectTypes: [{ ...car, id: -1 }], events: {} }, /"Car".*\/id/],
  ['an event in capitals', { objectTypes: [car], events: { Sold: { parameter: null } } }, /event "Sold": a name is/],
  ['an event without parameter', { objectTypes: [car], events: { sold: {} } }, /event "sold" needs \{parameter\}/],
  [
    'an event whose parameter is "type"',
    { objectTypes: [car], events: { sold: { parameter: 'type' } } },
    /cannot be called "type"/,
  ],
];
for (const [what, definition, message] of broken) {
  test(`a catalog with ${what} is refused in plain words`, (t) => {
    t.throws(() => defineCatalog(definition as never), { instanceOf: HookwellError, code: 'invalid_catalog', message });
  });
}

test('a topic is taken apart into its event and its number', (t) => {
  const { eventType, target } = parseTopic('sub_tag(12)', ontraportCatalog);
  t.like(eventType, { name: 'sub_tag', parameter: 'tag_id' });
  t.is(target, 12);
});

test('0 is a number like any other', (t) => {
  t.is(parseTopic('sub_tag(0)', ontraportCatalog).target, 0);
});

for (const topic of [
  'sub_tag',
  'sub_tag()',
  'sub_tag(-1)',
  'sub_tag(1.5)',
  'sub_tag(03)',
  ' sub_tag(3)',
  'sub_tag(3) ',
  'sub_tag(٣)',
  'sub_tag(3)\n',
  '',
  3,
  null,
]) {
  test(`${JSON.stringify(topic)} is no topic, and the message lists the known events`, (t) => {
    t.throws(() => parseTopic(topic as string, ontraportCatalog), {
      code: 'invalid_topic',
      message: /"object_create", "object_submits_form"/,
    });
  });
}

test('a misspelt event is refused with a suggestion and the list of known ones', (t) => {
  t.throws(() => parseTopic('sub_tga(3)', ontraportCatalog), {
    code: 'unknown_event',
    message:
      'Unknown event "sub_tga". Did you mean "sub_tag"? Known events: "object_create", "object_submits_form", "sub_tag", "unsub_tag".',
  });
});

test('a number beyond 2^53 - 1 is refused', (t) => {
  t.throws(() => parseTopic('sub_tag(9007199254740992)', ontraportCatalog), {
    code: 'invalid_topic',
    message: /at most 9007199254740991/,
  });
});
