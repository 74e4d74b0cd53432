import { HookwellError } from '../errors.ts';
import type { AttemptCountQuery } from './counts.ts';
import type { Comparison, Condition, Query } from './query.ts';
import type { WhichSubscriptions } from './subscription.ts';
import { listed, suggestion } from './suggestion.ts';

/** What a field holds. A `text` is a string that may be long: rows can be found by it, and not sorted. */
export type FieldType = 'number' | 'string' | 'text';

/** What each field of a kind of row holds. */
export type FieldTypes<Field extends string = string> = Readonly<Record<Field, FieldType>>;

/** The type of the values that a field is compared with. */
export function valueType(type: FieldType): 'number' | 'string' {
  return type === 'text' ? 'string' : type;
}

/** Longer than any text that is stored, and shorter than what some database cannot take. */
const maxPatternLength = 10_000;
const operators: readonly Comparison[] = ['=', '<>', '<', '<=', '>', '>=', 'LIKE'];

/**
 * Refuses what no storage can answer: an unknown field or operator, a text that is ordered against a number, NaN, a LIKE
 * of more than 10,000 characters, an order by a long text, an offset or limit that is no whole number. A storage calls it
 * first, so that all refuse the same.
 *
 * @throws {HookwellError} `invalid_query`
 */
export function checkQuery<Field extends string>(query: Query<Field>, fields: FieldTypes<Field>): void {
  if (query.where !== null) checkCondition(query.where, fields);
  checkField(query.sort.field, fields);
  if (fields[query.sort.field] === 'text')
    throw invalid('sort', query.sort.field, 'it is a long text, by which nothing is sorted');
  checkCount('offset', query.offset);
  checkCount('limit', query.limit);
}

/**
 * Refuses what is none of `active`, `ended` and `all`.
 *
 * @throws {HookwellError} `invalid_query`
 */
export function checkWhich(which: WhichSubscriptions): void {
  if (which !== 'active' && which !== 'ended' && which !== 'all') {
    throw invalid('which', which satisfies never, 'it is active, ended or all');
  }
}

/**
 * Refuses what no storage can count: times and lengths that are no whole numbers, spans that are not longer than nothing.
 *
 * @throws {HookwellError} `invalid_query`
 */
export function checkCountQuery({ from, until, everyMs, subscriptionId }: AttemptCountQuery): void {
  for (const [name, value] of Object.entries({ from, until })) {
    if (!Number.isSafeInteger(value)) throw invalid(name, value, 'it is a time in whole milliseconds since the epoch');
  }
  if (!Number.isSafeInteger(everyMs) || everyMs < 1) throw invalid('everyMs', everyMs, 'it is a whole number from 1');
  if (subscriptionId !== null && !Number.isSafeInteger(subscriptionId)) {
    throw invalid('subscriptionId', subscriptionId, 'it is a whole number, or null for all of them');
  }
}

function checkCondition<Field extends string>(condition: Condition<Field>, fields: FieldTypes<Field>): void {
  switch (condition.kind) {
    case 'and':
    case 'or':
      for (const part of condition.of) checkCondition(part, fields);
      return;
    case 'null':
      checkField(condition.field, fields);
      return;
    case 'in':
      checkField(condition.field, fields);
      for (const value of condition.values) checkValue(value);
      return;
    case 'compare':
      checkField(condition.field, fields);
      checkComparison(condition, valueType(fields[condition.field]));
      return;
    default:
      throw invalid('condition', condition satisfies never, 'its kind is one of and, or, compare, in, null');
  }
}

function checkComparison({ field, operator, value }: Extract<Condition, { kind: 'compare' }>, holds: 'number' | 'string'): void {
  if (!operators.includes(operator)) throw invalid('operator', operator, `operators are ${operators.join(' ')}`);
  checkValue(value);
  if (operator === 'LIKE' && String(value).length > maxPatternLength) {
    throw invalid('value', `${String(value).slice(0, 20)}…`, `LIKE takes a pattern of at most ${maxPatternLength} characters`);
  }
  if (operator === '=' || operator === '<>' || operator === 'LIKE' || typeof value === holds) return;
  throw invalid('value', value, `the field "${field}" holds a ${holds}, which ${operator} compares with another ${holds} only`);
}

function checkValue(value: string | number): void {
  if (Number.isNaN(value)) throw invalid('value', String(value), 'nothing can be compared with it');
}

function checkField<Field extends string>(field: Field, fields: FieldTypes<Field>): void {
  if (Object.hasOwn(fields, field)) return;
  const known = Object.keys(fields);
  const hint = typeof field === 'string' ? suggestion(field, known) : '.';
  throw new HookwellError(
    'invalid_query',
    `No query can name the field ${JSON.stringify(field)}${hint} Fields: ${listed(known)}.`,
    {
      value: field,
    },
  );
}

function checkCount(name: 'offset' | 'limit', count: number): void {
  if (!Number.isSafeInteger(count) || count < 0) throw invalid(name, count, 'it is a whole number from 0');
}

function invalid(what: string, value: unknown, rule: string): HookwellError {
  return new HookwellError('invalid_query', `The query's ${what} cannot be ${JSON.stringify(value)}: ${rule}.`, { value });
}
