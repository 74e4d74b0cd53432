import { defineCatalog, HookwellError, ontraportCatalog, type CatalogChangeDefinition } from '@hookwell/core';
import test from 'ava';

const define = (...changes: readonly unknown[]) =>
  defineCatalog({ ...ontraportCatalog.definition, changes: changes as readonly CatalogChangeDefinition[] });
const added: CatalogChangeDefinition = {
  at: '2026-11-25',
  kind: 'added',
  title: 'The event purchase_product',
  description: 'Fires at the till.',
};

test('changes come newest first, with ids that only day, kind and title decide', (t) => {
  const catalog = define({ ...added, at: '2025-01-31' }, added, { ...added, kind: 'removed' });
  t.deepEqual(
    catalog.changes.map(({ at, kind }) => `${at} ${kind}`),
    ['2026-11-25 added', '2026-11-25 removed', '2025-01-31 added'],
  );
  t.like(catalog.changes[0], added);
  const ids = catalog.changes.map(({ id }) => id);
  t.is(new Set(ids).size, 3);
  t.regex(ids[0] ?? '', /^2026-11-25-added-[0-9a-f]{16}$/);
  t.is(define({ ...added, description: 'Put right.' }).changes[0]?.id, ids[0]);
  t.not(define({ ...added, title: 'Another' }).changes[0]?.id, ids[0]);
});

test('a catalog without changes has none, and one that is spread keeps its own', (t) => {
  t.deepEqual(ontraportCatalog.changes, []);
  const first = define(added);
  const second = defineCatalog({ ...first.definition, changes: [...first.definition.changes, { ...added, kind: 'changed' }] });
  t.is(second.changes.length, 2);
  t.is(define({ at: '2026-11-25', kind: 'added', title: 'x' }).changes[0]?.description, '');
});

const wrong: Readonly<Record<string, readonly [changes: readonly unknown[], says: RegExp]>> = {
  'no day': [[{ ...added, at: undefined }], /The event purchase_product": .*at/],
  'a day that is none': [[{ ...added, at: '2026-02-30' }], /there is no day 2026-02-30; write it as year-month-day/],
  'a time of day': [[{ ...added, at: '2026-11-25T10:00:00Z' }], /"\/at|\/at /],
  'another kind': [[{ ...added, kind: 'fixed' }], /\/kind/],
  'an empty title': [[{ ...added, title: '' }], /\/title/],
  'a control character': [[{ ...added, title: 'bell\u0007' }], /\/title/],
  'half a character': [[{ ...added, description: '\ud83d' }], /\/description/],
  'another member': [[{ ...added, link: 'https://example.com' }], /The event purchase_product": /],
  'the same twice': [[added, { ...added, description: 'other' }], /is there twice; leave one out/],
  'a text': [['added'], /a change: /],
  nothing: [[null], /a change: /],
};

for (const [what, [changes, says]] of Object.entries(wrong)) {
  test(`a change with ${what} is refused in plain words`, (t) => {
    const error = t.throws(() => define(...changes));
    t.true(HookwellError.is(error, 'invalid_catalog'));
    t.regex(error?.message ?? '', says);
  });
}

test('texts with line ends, other scripts and emoji are taken', (t) => {
  t.is(define({ ...added, title: 'Größe 🙂 <b>&amp;</b> ]]>', description: 'one\ntwo\tthree' }).changes.length, 1);
});
