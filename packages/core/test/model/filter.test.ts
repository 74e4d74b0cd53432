import { filterBounds, type FieldValue, type Filter, type HookwellError, type StoredEvent } from '@hookwell/core';
import test from 'ava';
import { compileFilter } from '../../src/model/compile-filter.ts';
import { checkFilter, readFilter } from '../../src/model/filter.ts';
import { SeededRandom } from '../deliver/seeded-random.ts';
import { meetsNaively } from './naive-filter.ts';

const event = (record: Readonly<Record<string, FieldValue>>): StoredEvent => ({
  id: 'e',
  accountId: '7',
  topic: 'sub_tag(3)',
  objectType: 0,
  record,
  occurredAt: 1_514_940_140_900,
  idempotencyKey: null,
  metadata: {},
});

/** What fields hold, with what is true of each. */
const semantics: readonly (readonly [test: object, holdsFor: readonly FieldValue[], not: readonly (FieldValue | undefined)[]])[] =
  [
    [{ exact: 'DE' }, ['DE'], ['de', 'DE ', 'D', '', null, undefined, true, 0]],
    [{ exact: 8 }, [8, '8', '8.0', '8.00'], ['08', ' 8', '8 ', '+8', '8e0', '0x8', '8.', '', null, undefined, true, 8.1]],
    [{ exact: -0.5 }, [-0.5, '-0.5', '-0.50'], ['-.5', '- 0.5', '0.5', '-00.5']],
    [{ exact: 0 }, [0, '0', '-0', '0.0'], ['', null, undefined, false, '00']],
    [{ exact: '8' }, [8, '8'], ['8.0', '08', 8.5]],
    [{ exact: '08' }, ['08'], [8, '8']],
    [{ exact: true }, [true], ['true', 'True', '1', 1, false, '', null, undefined]],
    [{ exact: false }, [false], ['false', '0', 0, '', null, undefined, true]],
    [{ exact: '1' }, ['1', 1], [true]],
    [{ exact: 123_456_789_012_345 }, ['123456789012345', 123_456_789_012_345], ['123456789012345.0', '1234567890123450']],
    [{ in: ['new', 5, true] }, ['new', 5, '5', '5.0', true], ['New', 'true', '', null, undefined, false, 6]],
    [{ exists: true }, ['x', ' ', '0', 0, false], ['', null, undefined]],
    [{ exists: false }, ['', null], ['x', ' ', '0', 0, false]],
    [{ prefix: 'mary' }, ['mary', 'mary@example.com'], ['Mary', 'ma', '', null, undefined, true]],
    [{ prefix: '12' }, ['12345', 125], [5, 51.2]],
    [{ prefix: 't' }, ['true'], [true]],
    [{ suffix: '.com' }, ['a.com', '.com'], ['a.COM', 'com', '', null, undefined]],
    [{ gt: 100 }, [101, '101', '100.5'], [100, '100', '99', 'many', '1e3', '1,000', '', null, undefined, true]],
    [{ gte: 100 }, [100, '100', '100.0'], [99, '99.9', '', null, undefined]],
    [{ lt: 0 }, [-1, '-0.1'], [0, '0', '', null, undefined, false]],
    [{ lte: 0 }, [0, '0', '-1', -1], [1, '', null, undefined, false]],
    [{ gte: '2026-01-01' }, ['2026-01-01', '2026-05-31', 'x'], ['2025-12-31', '', null, undefined, 2_027, true]],
    [{ lt: 'b' }, ['a', 'B', '5'], ['b', 'c', '', null, undefined, 5]],
  ];
for (const [one, holdsFor, not] of semantics) {
  const [word, wanted] = Object.entries(one)[0] as [string, unknown];
  test(`${JSON.stringify(one)} holds for ${JSON.stringify(holdsFor)} and not for ${JSON.stringify(not)}`, (t) => {
    const filter = { [word]: { 'data.f': wanted } };
    const passes = compileFilter(checkFilter(filter));
    const opposite = compileFilter(checkFilter({ not: filter }));
    const cases = [...holdsFor.map((value) => [value, true] as const), ...not.map((value) => [value, false] as const)];
    for (const [value, holds] of cases) {
      const given = event(value === undefined ? { id: 1 } : { id: 1, f: value });
      t.is(passes(given), holds, `${word} ${JSON.stringify(value)}`);
      t.is(opposite(given), !holds, `not ${word} ${JSON.stringify(value)}`);
      t.is(meetsNaively(filter as unknown as Filter, given), holds, `naively ${JSON.stringify(value)}`);
    }
  });
}

test('all, any and not go together, several fields of a test must all hold, and the event itself can be tested', (t) => {
  const given = event({ id: 8, country: 'DE', price: '120', 'first.name': 'Mary' });
  const cases: readonly (readonly [Filter, boolean])[] = [
    [{ exact: { 'data.country': 'DE', 'data.price': 120 } }, true],
    [{ exact: { 'data.country': 'DE', 'data.price': 121 } }, false],
    [{ all: [{ exact: { 'data.country': 'DE' } }, { gt: { 'data.price': 100 } }] }, true],
    [{ all: [{ exact: { 'data.country': 'DE' } }, { gt: { 'data.price': 200 } }] }, false],
    [{ any: [{ exact: { 'data.country': 'FR' } }, { gt: { 'data.price': 100 } }] }, true],
    [{ any: [{ exact: { 'data.country': 'FR' } }, { gt: { 'data.price': 200 } }] }, false],
    [{ not: { any: [{ exact: { 'data.country': 'FR' } }, { exists: { 'data.phone': true } }] } }, true],
    [{ exact: { topic: 'sub_tag(3)', object_type_id: 0, timestamp: 1_514_940_140 } }, true],
    [{ lt: { timestamp: 1_514_940_140 } }, false],
    [{ exact: { 'data.first.name': 'Mary' } }, true],
    [{ exists: { 'data.toString': true } }, false],
    [{ exists: { 'data.hasOwnProperty': true } }, false],
  ];
  for (const [filter, wanted] of cases) t.is(compileFilter(checkFilter(filter))(given), wanted, JSON.stringify(filter));
});

const nested = (levels: number): unknown => (levels === 1 ? { exact: { 'data.f': 1 } } : { not: nested(levels - 1) });
const many = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, index) => [`data.f${index}`, 1]));
const bad: readonly (readonly [what: string, filter: unknown, message: RegExp])[] = [
  ['no object', 'DE', /^Invalid filter: "DE" is no object such as \{"exact": \{"data\.id": 8\}\}\.$/],
  ['null', null, /^Invalid filter: null is no object/],
  ['a list', [{ exact: { 'data.f': 1 } }], /^Invalid filter: \[.*\] is no object/],
  ['an empty object', {}, /^Invalid filter: it is empty; begin with one of "all", "any", "not", "exact", "in", "exists", /],
  [
    'a word that there is not',
    { exat: { 'data.f': 1 } },
    /^Invalid filter: there is no "exat"\. Did you mean "exact"\? Begin with one of "all", /,
  ],
  ['a regular expression', { regex: { 'data.f': '(a+)+$' } }, /^Invalid filter: there is no "regex"\. Begin with one of/],
  [
    'two words',
    { exact: { 'data.f': 1 }, prefix: { 'data.g': 'a' } },
    /^Invalid filter: "exact" and "prefix" stand side by side; write \{"all": \[/,
  ],
  [
    'a field that is not named as in the payload',
    { exact: { f: 1 } },
    /^Invalid filter at exact: there is no "f"\. Name a field of the record, such as "data\.id", or one of "topic", /,
  ],
  [
    'a misspelt field of the event',
    { exact: { topc: 'a' } },
    /^Invalid filter at exact: there is no "topc"\. Did you mean "topic"\?/,
  ],
  ['no field', { exact: {} }, /^Invalid filter at exact: \{\} names no field; write \{"data\.<field>": …\}\.$/],
  ['a list for fields', { exact: ['data.f'] }, /^Invalid filter at exact: \["data\.f"\] names no field/],
  [
    'an object as a value',
    { all: [{ exact: { 'data.f': { $gt: '' } } }] },
    /^Invalid filter at all\[0\]\.exact\["data\.f"\]: \{"\$gt":""\} is not a text of 1 to 200 characters, a number, true or false; for what is empty there is "exists"\.$/,
  ],
  ['null as a value', { exact: { 'data.f': null } }, /null is not a text of 1 to 200 .* for what is empty there is "exists"\.$/],
  ['an empty text', { in: { 'data.f': ['a', ''] } }, /^Invalid filter at in\["data\.f"\]: "" is not a text of 1 to 200/],
  ['an empty list', { in: { 'data.f': [] } }, /^Invalid filter at in\["data\.f"\]: \[\] is no list of 1 to 50\.$/],
  ['an empty any', { any: [] }, /^Invalid filter at any: \[\] is no list of 1 to 50\.$/],
  [
    'a text for true',
    { exists: { 'data.f': 'yes' } },
    /^Invalid filter at exists\["data\.f"\]: "yes" is neither true nor false\.$/,
  ],
  [
    'a number as a prefix',
    { prefix: { 'data.f': 5 } },
    /^Invalid filter at prefix\["data\.f"\]: 5 is not a text of 1 to 200 characters\.$/,
  ],
  [
    'true as a bound',
    { gt: { 'data.f': true } },
    /^Invalid filter at gt\["data\.f"\]: true is not a number, or a text of 1 to 200 characters\.$/,
  ],
  [
    'a number that is none',
    { gt: { 'data.f': Number.POSITIVE_INFINITY } },
    /^Invalid filter at gt\["data\.f"\]: Infinity is not a number/,
  ],
  ['a text that some storage cannot keep', { exact: { 'data.f': 'a\0' } }, /is not a text of 1 to 200/],
  [
    '__proto__ as a field',
    JSON.parse('{"exact": {"data.__proto__": 1}}'),
    /^Invalid filter at exact: no record has the field "__proto__"; name another one\.$/,
  ],
  [
    '__proto__ as the name',
    JSON.parse('{"exact": {"__proto__": 1}}'),
    /^Invalid filter at exact: there is no "__proto__"\. Name a field/,
  ],
  ['__proto__ as the word', JSON.parse('{"__proto__": {"data.f": 1}}'), /^Invalid filter: there is no "__proto__"\./],
  ['constructor as a field', { exists: { 'data.constructor': true } }, /no record has the field "constructor"/],
  [
    'too long a text',
    { exact: { 'data.f': 'x'.repeat(201) } },
    /^Invalid filter at exact\["data\.f"\]: "x{76}\.\.\. is not a text of 1 to 200/,
  ],
  [
    'too long a name',
    { exact: { [`data.${'x'.repeat(201)}`]: 1 } },
    /^Invalid filter at exact: no record has the field "x{76}\.\.\.; name another one/,
  ],
  ['too long a list', { in: { 'data.f': Array.from({ length: 51 }, (_, index) => index) } }, /is no list of 1 to 50/],
  ['too many tests', { exact: many(51) }, /^Invalid filter at exact: it has more than 50 tests; test less\.$/],
  [
    'too many tests in all',
    { all: [{ exact: many(25) }, { exact: many(25) }] },
    /^Invalid filter at all\[1\]\.exact: it has more than 50 tests/,
  ],
  ['too deep a tree', nested(9), /^Invalid filter at not\.not\..*: it is nested deeper than 8 levels; nest less\.$/],
  ['a tree that no stack has room for', nested(5_000), /nested deeper than 8 levels/],
  [
    'too many characters',
    { in: { 'data.f': Array.from({ length: 50 }, () => 'x'.repeat(50)) } },
    /^Invalid filter: its JSON has 26\d\d characters, and at most 2000 are kept; test less\.$/,
  ],
];
for (const [what, filter, message] of bad) {
  test(`${what} is no filter`, (t) => {
    t.throws<HookwellError>(() => checkFilter(filter), { code: 'invalid_input', message });
  });
}

test('what is as large as may be is taken', (t) => {
  t.notThrows(() => checkFilter(nested(filterBounds.depth)));
  t.notThrows(() => checkFilter({ exact: many(filterBounds.nodes) }));
  t.notThrows(() => checkFilter({ in: { 'data.f': Array.from({ length: 50 }, () => 'x'.repeat(30)) } }));
  t.notThrows(() => checkFilter({ exact: { 'data.f': 'x'.repeat(200) } }));
});

test('the JSON of a filter is read within its bounds', (t) => {
  t.deepEqual(readFilter('{"exact":{"data.f":1}}'), { exact: { 'data.f': 1 } });
  t.throws(() => readFilter('{"exact":'), {
    code: 'invalid_input',
    message: /^Invalid filter: "\{\\"exact\\":" is no JSON; pass JSON\.s/,
  });
  t.throws(() => readFilter('[1e999'), { message: /is no JSON/ });
  t.throws(() => readFilter('{"gt":{"data.f":1e999}}'), { message: /Infinity is not a number/ });
  t.throws(() => readFilter('['.repeat(100_000)), { message: /^Invalid filter: its JSON has 100000 characters/ });
});

const values = [
  '',
  'a',
  'ab',
  'b',
  '8',
  '8.0',
  '08',
  '-1',
  '1e3',
  ' 8',
  '123456789012345',
  '1234567890123456',
  8,
  0,
  -1,
  8.5,
  1e21,
  true,
  false,
];
const names = ['f', 'g', 'h', 'a.b', 'toString'];

test('100,000 filters let through what a plain interpreter does, whatever the record', (t) => {
  const random = new SeededRandom(20_260_115);
  const pick = <One>(of: readonly One[]): One => random.pick(of);
  const texts = values.filter((value) => typeof value === 'string' && value !== '');
  const bounds = values.filter((value) => typeof value !== 'boolean' && value !== '');
  const wanted = values.filter((value) => value !== '');
  const fields = (valueOf: () => unknown): object =>
    Object.fromEntries(
      Array.from({ length: 1 + Math.floor(random.next() * 2) }, () => [
        random.next() < 0.1 ? pick(['topic', 'object_type_id', 'timestamp']) : `data.${pick(names)}`,
        valueOf(),
      ]),
    );
  const tests: readonly (() => object)[] = [
    () => ({ exact: fields(() => pick(wanted)) }),
    () => ({ in: fields(() => Array.from({ length: 1 + Math.floor(random.next() * 3) }, () => pick(wanted))) }),
    () => ({ exists: fields(() => random.next() < 0.5) }),
    () => ({ prefix: fields(() => pick(texts)) }),
    () => ({ suffix: fields(() => pick(texts)) }),
    ...(['gt', 'gte', 'lt', 'lte'] as const).map((word) => () => ({ [word]: fields(() => pick(bounds)) })),
  ];
  const tree = (depth: number): object => {
    const kind = depth < 4 ? random.next() : 1;
    if (kind < 0.15) return { not: tree(depth + 1) };
    if (kind > 0.45) return pick(tests)();
    const parts = Array.from({ length: 1 + Math.floor(random.next() * 3) }, () => tree(depth + 1));
    return kind < 0.3 ? { all: parts } : { any: parts };
  };
  let passed = 0;
  for (let round = 0; round < 100_000; round += 1) {
    const filter = tree(1) as Filter;
    const record: Record<string, FieldValue> = { id: 1 };
    for (const name of names) {
      const kind = random.next();
      if (kind > 0.2) record[name] = kind < 0.3 ? null : pick(values);
    }
    const given = event(record);
    const answer = compileFilter(checkFilter(filter))(given);
    if (answer !== meetsNaively(filter, given)) {
      t.fail(`${JSON.stringify(filter)} answers ${answer} for ${JSON.stringify(record)} (round ${round})`);
      return;
    }
    if (answer) passed += 1;
  }
  // Neither answer is a rare one, so that each had its chance to be wrong.
  t.true(passed > 25_000 && passed < 75_000, `${passed} let theirs through`);
});
