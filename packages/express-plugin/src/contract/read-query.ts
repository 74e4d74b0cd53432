import type { Condition, Query } from '@hookwell/core';
import { queryField, type Collection } from './collection.ts';
import { readId, type Parameters } from './parameters.ts';
import { parseCondition } from './parse-condition.ts';
import { invalidQuery, malformed, shown } from './refusal.ts';

/** What the parameters of a collection ask for. */
export interface CollectionQuery<Field extends string> {
  readonly query: Query<Field>;
  /** The fields to answer; all of them when undefined. */
  readonly names: readonly string[] | undefined;
  /** Whether to answer how many there are in all. */
  readonly counted: boolean;
}

/** The default of `range`, and its maximum. */
const maxRange = 50;
const maxIds = 1_000;
const maxSearchLength = 200;

/**
 * Reads the parameters of a collection: `ids`, `condition`, `search`, `sort`, `sortDir`, `start`, `range`, `listFields`
 * and `count`. What is wrong with a field or a condition is an `Invalid query`.
 */
export function readQuery<Row, Field extends string>(
  parameters: Parameters,
  collection: Collection<Row, Field>,
): CollectionQuery<Field> {
  return {
    query: {
      where: readWhere(parameters, collection),
      sort: readSort(parameters, collection),
      offset: readCount(parameters, 'start') ?? 0,
      limit: Math.min(readCount(parameters, 'range') ?? maxRange, maxRange),
    },
    names: readNames(parameters, collection),
    counted: readFlag(parameters, 'count'),
  };
}

function readWhere<Row, Field extends string>(
  parameters: Parameters,
  collection: Collection<Row, Field>,
): Condition<Field> | null {
  const parts: Condition<Field>[] = [];
  const ids = readIds(parameters);
  if (ids) parts.push({ kind: 'in', field: 'id' as Field, values: ids, negated: false });
  const condition = parameters.value('condition');
  if (condition !== undefined) {
    parts.push(parseCondition(typeof condition === 'string' ? condition : JSON.stringify(condition), collection));
  }
  const search = parameters.text('search');
  if (search !== undefined) parts.push(containing(search, collection));
  return parts.length === 0 ? null : { kind: 'and', of: parts };
}

/** `0` among the ids stands for all of them. */
function readIds(parameters: Parameters): readonly number[] | null {
  const texts = parameters.text('ids')?.split(',');
  if (texts === undefined) return null;
  if (texts.length > maxIds) throw malformed(`The parameter "ids" names too many records: ${maxIds} are taken.`);
  const ids = texts.map((text) => {
    const id = text.trim() === '0' ? 0 : readId(text.trim());
    if (id === null) throw malformed(`The parameter "ids" has ${shown(text)} in it. Send whole numbers with commas between.`);
    return id;
  });
  return ids.includes(0) ? null : ids;
}

/** `%` and `_` in the text stand for anything, as in LIKE. */
function containing<Row, Field extends string>(text: string, { searched }: Collection<Row, Field>): Condition<Field> {
  if (text.length > maxSearchLength) {
    throw malformed(`The parameter "search" is too long: ${maxSearchLength} characters are taken.`);
  }
  return { kind: 'or', of: searched.map((field) => ({ kind: 'compare', field, operator: 'LIKE', value: `%${text}%` })) };
}

function readSort<Row, Field extends string>(parameters: Parameters, collection: Collection<Row, Field>): Query<Field>['sort'] {
  const name = parameters.text('sort');
  const direction = parameters.text('sortDir')?.toLowerCase();
  if (direction !== undefined && direction !== 'asc' && direction !== 'desc') {
    throw malformed(`The parameter "sortDir" is ${shown(direction)}. Send asc or desc.`);
  }
  if (name === undefined) return { field: collection.sort.field, direction: direction ?? collection.sort.direction };
  return { field: queryField(collection, name).field, direction: direction ?? 'asc' };
}

function readCount(parameters: Parameters, name: 'start' | 'range'): number | undefined {
  const text = parameters.text(name);
  if (text === undefined) return undefined;
  if (/^[0-9]{1,15}$/.test(text)) return Number(text);
  throw malformed(`The parameter "${name}" is ${shown(text)}. Send a whole number from 0 up.`);
}

function readNames<Row, Field extends string>(
  parameters: Parameters,
  { fields }: Collection<Row, Field>,
): readonly string[] | undefined {
  const names = parameters
    .text('listFields')
    ?.split(',')
    .map((name) => name.trim());
  for (const name of names ?? []) {
    if (!Object.hasOwn(fields, name)) {
      throw invalidQuery(`there is no field ${shown(name)}. Use some of ${Object.keys(fields).join(', ')}.`);
    }
  }
  return names;
}

function readFlag(parameters: Parameters, name: 'count'): boolean {
  const text = parameters.text(name)?.toLowerCase() ?? 'false';
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  throw malformed(`The parameter "${name}" is ${shown(text)}. Send true or false.`);
}
