import { HookwellError } from '../errors.ts';
import { isStorableText } from './key-text.ts';
import { shown } from './shown.ts';
import { listed, suggestion } from './suggestion.ts';

/** What a filter compares with. */
export type FilterValue = string | number | boolean;

/** What a test says of each field that it names. All of them must hold. */
type Fields<Wanted> = Readonly<Record<string, Wanted>>;

/**
 * Which events a subscription gets: a tree of JSON objects with one member each, which says what is tested. The words are
 * those of the CloudEvents Subscriptions API, and `in`, `exists`, `gt`, `gte`, `lt` and `lte` in the same shape. Fields are
 * named as in a payload: `data.` and a field of the record, `topic`, `object_type_id`, `timestamp`.
 */
export type Filter =
  | { readonly all: readonly Filter[] }
  | { readonly any: readonly Filter[] }
  | { readonly not: Filter }
  | { readonly exact: Fields<FilterValue> }
  | { readonly in: Fields<readonly FilterValue[]> }
  | { readonly exists: Fields<boolean> }
  | { readonly prefix: Fields<string> }
  | { readonly suffix: Fields<string> }
  | { readonly gt: Fields<string | number> }
  | { readonly gte: Fields<string | number> }
  | { readonly lt: Fields<string | number> }
  | { readonly lte: Fields<string | number> };

/** How much a filter may be, so that none is slow. */
export const filterBounds = {
  /** Of its JSON, because it shares the attributes of its subscription with what else is kept there. */
  characters: 2_000,
  /** Levels of `all`, `any` and `not`, the test within them counted. */
  depth: 8,
  /** `all`, `any`, `not`, and fields that are tested. */
  nodes: 50,
  /** Values of one `in`, and filters of one `all` or `any`. */
  listLength: 50,
  /** Characters of one text or name. */
  textLength: 200,
} as const;

/** The words that a filter may begin with. */
export const filterWords = ['all', 'any', 'not', 'exact', 'in', 'exists', 'prefix', 'suffix', 'gt', 'gte', 'lt', 'lte'] as const;

type Word = (typeof filterWords)[number];

/** What can be tested besides fields of the record. */
export const eventFields = ['topic', 'object_type_id', 'timestamp'] as const;

/** Names that code could take for what every object has. */
const forbiddenNames = new Set(['__proto__', 'constructor', 'prototype']);

/** Says what is wrong with the name of a field of the record, and null when nothing is. */
export type CheckField = (field: string) => string | null;

/**
 * A filter as it was given, checked: it has no member that means nothing, and is within {@link filterBounds}.
 *
 * @throws {HookwellError} `invalid_input`, naming the place, what stands there, and what would be right
 */
export function checkFilter(given: unknown, checkField: CheckField = () => null): Filter {
  let nodes = 0;

  function count(path: string): void {
    nodes += 1;
    if (nodes > filterBounds.nodes) throw wrong(path, `it has more than ${filterBounds.nodes} tests; test less`);
  }

  function check(filter: unknown, path: string, depth: number): void {
    if (depth > filterBounds.depth) throw wrong(path, `it is nested deeper than ${filterBounds.depth} levels; nest less`);
    if (typeof filter !== 'object' || filter === null || Array.isArray(filter)) {
      throw wrong(path, `${shown(filter)} is no object such as {"exact": {"data.id": 8}}`);
    }
    const [[word, wanted] = [], ...others] = Object.entries(filter as Readonly<Record<string, unknown>>);
    if (word === undefined) throw wrong(path, `it is empty; begin with one of ${listed(filterWords)}`);
    if (!(filterWords as readonly string[]).includes(word)) {
      throw wrong(
        path,
        `there is no ${shown(word)}${suggestion(word.slice(0, 100), filterWords)} Begin with one of ${listed(filterWords)}`,
      );
    }
    if (others.length > 0) {
      const all = '{"all": [{…}, {…}]}';
      throw wrong(path, `${shown(word)} and ${shown(others[0]?.[0])} stand side by side; write ${all}, or "any" for either`);
    }
    const here = path === '' ? word : `${path}.${word}`;
    if (word === 'not') {
      count(here);
      check(wanted, here, depth + 1);
    } else if (word === 'all' || word === 'any') {
      count(here);
      for (const [index, part] of checkList(wanted, here).entries()) check(part, `${here}[${index}]`, depth + 1);
    } else {
      checkTest(word as Exclude<Word, 'all' | 'any' | 'not'>, wanted, here);
    }
  }

  function checkTest(word: Exclude<Word, 'all' | 'any' | 'not'>, wanted: unknown, path: string): void {
    const fields = typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted) ? Object.entries(wanted) : [];
    if (fields.length === 0) throw wrong(path, `${shown(wanted)} names no field; write {"data.<field>": …}`);
    for (const [name, value] of fields) {
      count(path);
      checkName(name, path);
      const here = `${path}[${shown(name)}]`;
      if (word === 'in') for (const one of checkList(value, here)) checkValue('exact', one, here);
      else checkValue(word, value, here);
    }
  }

  function checkName(name: string, path: string): void {
    if ((eventFields as readonly string[]).includes(name)) return;
    const field = name.startsWith('data.') ? name.slice('data.'.length) : null;
    if (field === null || field === '') {
      const others = listed(eventFields);
      const hint = forbiddenNames.has(name) ? '.' : suggestion(name.slice(0, 100), eventFields);
      throw wrong(path, `there is no ${shown(name)}${hint} Name a field of the record, such as "data.id", or one of ${others}`);
    }
    const problem =
      field.length > filterBounds.textLength || !isStorableText(field) || forbiddenNames.has(field)
        ? `no record has the field ${shown(field)}; name another one`
        : checkField(field);
    if (problem !== null) throw wrong(path, problem);
  }

  check(given, '', 1);
  const characters = JSON.stringify(given).length;
  if (characters > filterBounds.characters) {
    throw wrong('', `its JSON has ${characters} characters, and at most ${filterBounds.characters} are kept; test less`);
  }
  return given as Filter;
}

/**
 * A filter from its JSON.
 *
 * @throws {HookwellError} `invalid_input`
 */
export function readFilter(text: string, checkField?: CheckField): Filter {
  if (text.length > filterBounds.characters) {
    throw wrong('', `its JSON has ${text.length} characters, and at most ${filterBounds.characters} are kept; test less`);
  }
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw wrong('', `${shown(text)} is no JSON; pass JSON.stringify(filter)`);
  }
  return checkFilter(given, checkField);
}

function checkList(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0 && value.length <= filterBounds.listLength) return value;
  throw wrong(path, `${shown(value)} is no list of 1 to ${filterBounds.listLength}`);
}

function checkValue(word: Exclude<Word, 'all' | 'any' | 'not' | 'in'>, value: unknown, path: string): void {
  const isText = typeof value === 'string' && value !== '' && value.length <= filterBounds.textLength && isStorableText(value);
  const isNumber = typeof value === 'number' && Number.isFinite(value);
  const isFlag = typeof value === 'boolean';
  const textRule = `a text of 1 to ${filterBounds.textLength} characters`;
  if (word === 'exists') {
    if (!isFlag) throw wrong(path, `${shown(value)} is neither true nor false`);
  } else if (word === 'prefix' || word === 'suffix') {
    if (!isText) throw wrong(path, `${shown(value)} is not ${textRule}`);
  } else if (word === 'exact') {
    if (!isText && !isNumber && !isFlag) {
      throw wrong(path, `${shown(value)} is not ${textRule}, a number, true or false; for what is empty there is "exists"`);
    }
  } else if (!isNumber && !isText) {
    throw wrong(path, `${shown(value)} is not a number, or ${textRule}`);
  }
}

function wrong(path: string, problem: string): HookwellError {
  return new HookwellError('invalid_input', `Invalid filter${path === '' ? '' : ` at ${path.slice(0, 200)}`}: ${problem}.`, {
    value: path,
  });
}
