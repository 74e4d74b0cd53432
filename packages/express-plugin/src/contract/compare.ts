import type { Comparison, Condition } from '@hookwell/core';
import { invalidQuery, shown } from './refusal.ts';

/** The field that a term of a condition is about. */
export interface Target<Field extends string> {
  /** What the contract calls it. */
  readonly name: string;
  readonly field: Field;
  readonly type: 'number' | 'string';
  /** Whether the contract has seconds where the engine has milliseconds. */
  readonly seconds: boolean;
}

const maxPatternLength = 1_000;

/** A comparison with one value, in the engine's units. @throws {Refusal} `Invalid query` for a value of the wrong kind */
export function compare<Field extends string>(target: Target<Field>, operator: Comparison, value: unknown): Condition<Field> {
  if (operator === 'LIKE') return like(target, value);
  const { field, seconds } = target;
  const known = checkValue(target, value);
  return seconds ? compareSeconds(field, operator, known as number) : { kind: 'compare', field, operator, value: known };
}

/** A comparison with several values. @throws {Refusal} `Invalid query` for a value of the wrong kind */
export function listed<Field extends string>(
  target: Target<Field>,
  negated: boolean,
  values: readonly unknown[],
): Condition<Field> {
  const { field, seconds } = target;
  const known = values.map((value) => checkValue(target, value));
  if (!seconds) return { kind: 'in', field, values: known, negated };
  const operator = negated ? '<>' : '=';
  return { kind: negated ? 'and' : 'or', of: known.map((value) => compareSeconds(field, operator, value as number)) };
}

/** Whether a field has no value. @throws {Refusal} `Invalid query` for anything but null */
export function isNull<Field extends string>({ field }: Target<Field>, value: unknown): Condition<Field> {
  if (value === null || value === 'NULL') return { kind: 'null', field, negated: false };
  throw invalidQuery(`IS takes null or "NULL" only, not ${shown(value)}.`);
}

function checkValue<Field extends string>({ name, type }: Target<Field>, value: unknown): string | number {
  if (type === 'string') {
    if (typeof value === 'string' || typeof value === 'number') return String(value);
    throw invalidQuery(`${name} is compared with a text, not with ${shown(value)}.`);
  }
  const written = typeof value === 'number' || (typeof value === 'string' && /^-?[0-9]{1,16}(?:\.[0-9]{1,16})?$/.test(value));
  if (written) return Number(value);
  throw invalidQuery(`${name} is compared with a number, not with ${shown(value)}.`);
}

function like<Field extends string>({ name, field, seconds }: Target<Field>, value: unknown): Condition<Field> {
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw invalidQuery(`${name} is LIKE a text, not ${shown(value)}.`);
  }
  const pattern = String(value);
  if (pattern.length > maxPatternLength) {
    throw invalidQuery(`a text for LIKE is too long: ${maxPatternLength} characters are taken.`);
  }
  // Written out, milliseconds are the seconds and three digits more.
  return { kind: 'compare', field, operator: 'LIKE', value: seconds ? `${pattern}___` : pattern };
}

/**
 * Compares milliseconds as the whole seconds that the contract shows of them: `= 5` is true from 5,000 to 5,999 ms. As
 * everywhere, nothing is true of a field without a value.
 */
function compareSeconds<Field extends string>(
  field: Field,
  operator: Exclude<Comparison, 'LIKE'>,
  value: number,
): Condition<Field> {
  const from = (second: number): Condition<Field> => ({ kind: 'compare', field, operator: '>=', value: second * 1_000 });
  const before = (second: number): Condition<Field> => ({ kind: 'compare', field, operator: '<', value: second * 1_000 });
  const floor = Math.floor(value);
  switch (operator) {
    case '>=':
      return from(Math.ceil(value));
    case '>':
      return from(floor + 1);
    case '<':
      return before(Math.ceil(value));
    case '<=':
      return before(floor + 1);
    case '=':
      return { kind: 'and', of: Number.isInteger(value) ? [from(value), before(value + 1)] : [from(1), before(1)] };
    case '<>':
      return { kind: 'or', of: [before(Math.ceil(value)), from(floor + 1)] };
  }
}
