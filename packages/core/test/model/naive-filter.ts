import type { Filter, StoredEvent } from '@hookwell/core';

/** What a test says of one value, in the plainest way there is: the reference that compiled filters are held against. */
type Word = 'exact' | 'in' | 'exists' | 'prefix' | 'suffix' | 'gt' | 'gte' | 'lt' | 'lte';

/** Whether an event meets a filter, found out by walking it. */
export function meetsNaively(filter: Filter, event: StoredEvent): boolean {
  const [[word, wanted] = ['', null]] = Object.entries(filter) as [string, unknown][];
  if (word === 'all') return (wanted as Filter[]).every((part) => meetsNaively(part, event));
  if (word === 'any') return (wanted as Filter[]).some((part) => meetsNaively(part, event));
  if (word === 'not') return !meetsNaively(wanted as Filter, event);
  return Object.entries(wanted as object).every(([name, one]) => holds(word as Word, valueOf(name, event), one));
}

function valueOf(name: string, event: StoredEvent): unknown {
  if (name === 'topic') return event.topic;
  if (name === 'object_type_id') return event.objectType;
  if (name === 'timestamp') return Math.floor(event.occurredAt / 1_000);
  const field = name.slice(5);
  return new Map(Object.entries(event.record)).get(field);
}

function holds(word: Word, value: unknown, wanted: unknown): boolean {
  const isEmpty = value === undefined || value === null || value === '';
  if (word === 'exists') return isEmpty !== wanted;
  if (isEmpty) return false;
  if (word === 'exact') return equal(value, wanted);
  if (word === 'in') return (wanted as unknown[]).some((one) => equal(value, one));
  if (word === 'prefix') return textOf(value).startsWith(wanted as string);
  if (word === 'suffix') return textOf(value).endsWith(wanted as string);
  const [left, right] = typeof wanted === 'number' ? [numberOf(value), wanted] : [value, wanted];
  if (typeof left !== typeof right) return false;
  const [a, b] = [left as string, right as string];
  return word === 'gt' ? a > b : word === 'gte' ? a >= b : word === 'lt' ? a < b : a <= b;
}

/** What cannot begin or end with anything has a text that nothing begins or ends with. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '\0';
}

function equal(value: unknown, wanted: unknown): boolean {
  if (typeof wanted === 'number') return numberOf(value) === wanted;
  return typeof value === 'number' ? String(value) === wanted : value === wanted;
}

/** Letter by letter, where the compiled one has a regular expression. */
function numberOf(value: unknown): number | null {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return null;
  const [whole = '', fraction, ...more] = (value.startsWith('-') ? value.slice(1) : value).split('.');
  const areDigits = (text: string): boolean => text !== '' && [...text].every((letter) => '0123456789'.includes(letter));
  if (more.length > 0 || !areDigits(whole) || (fraction !== undefined && !areDigits(fraction))) return null;
  if (whole.length > 1 && whole.startsWith('0')) return null;
  return whole.length + (fraction ?? '').length <= 15 ? Number(value) : null;
}
