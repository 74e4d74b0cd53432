/** A value that a condition compares with. */
export type QueryValue = string | number | null;

/**
 * Operators that compare a field with one value. Texts are compared by code points. `LIKE` takes `%` and `_`, has no
 * escape, and ignores the case of ASCII letters.
 */
export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=' | 'LIKE';

/** A condition over rows, as a tree. A comparison with a null field is never true. */
export type Condition<Field extends string = string> =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition<Field>[] }
  | { readonly kind: 'compare'; readonly field: Field; readonly operator: Comparison; readonly value: string | number }
  | { readonly kind: 'in'; readonly field: Field; readonly values: readonly (string | number)[]; readonly negated: boolean }
  | { readonly kind: 'null'; readonly field: Field; readonly negated: boolean };

/** Which rows of an account, in which order, from where and how many. What `checkQuery` refuses, every storage refuses. */
export interface Query<Field extends string = string> {
  /** Null for all rows. An `and` of nothing is true, an `or` of nothing false. */
  readonly where: Condition<Field> | null;
  /** Rows that are equal in it come in the order of their id. */
  readonly sort: { readonly field: Field; readonly direction: 'asc' | 'desc' };
  readonly offset: number;
  /** At most how many rows; 0 when only the total is wanted. */
  readonly limit: number;
}

/** The rows that a query asked for, and how many there would be without offset and limit. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly total: number;
}

/** Whether a row meets a condition: the reference that every storage agrees with, and all that one in memory needs. */
export function meets<Field extends string>(
  row: Readonly<Record<Field, QueryValue>>,
  condition: Condition<Field> | null,
): boolean {
  if (condition === null) return true;
  switch (condition.kind) {
    case 'and':
      return condition.of.every((part) => meets(row, part));
    case 'or':
      return condition.of.some((part) => meets(row, part));
    case 'null':
      return (row[condition.field] === null) !== condition.negated;
    case 'in': {
      const value = row[condition.field];
      return value !== null && condition.values.includes(value) !== condition.negated;
    }
    case 'compare':
      return compares(row[condition.field], condition.operator, condition.value);
  }
}

function compares(left: QueryValue, operator: Comparison, right: string | number): boolean {
  if (left === null) return false;
  switch (operator) {
    case '=':
      return left === right;
    case '<>':
      return left !== right;
    case '<':
      return order(left, right) < 0;
    case '<=':
      return order(left, right) <= 0;
    case '>':
      return order(left, right) > 0;
    case '>=':
      return order(left, right) >= 0;
    case 'LIKE':
      return like(String(left), String(right));
  }
}

/** SQL's LIKE by two pointers: no regular expression, so that no pattern of a tenant's can make it slow. */
function like(text: string, pattern: string): boolean {
  const letters = [...foldAscii(text)];
  const wanted = [...foldAscii(pattern)];
  let at = 0;
  let wantedAt = 0;
  let star = -1;
  let starAt = 0;
  while (at < letters.length) {
    if (wantedAt < wanted.length && wanted[wantedAt] === '%') {
      star = wantedAt++;
      starAt = at;
    } else if (wantedAt < wanted.length && (wanted[wantedAt] === '_' || wanted[wantedAt] === letters[at])) {
      wantedAt += 1;
      at += 1;
    } else if (star >= 0) {
      wantedAt = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (wanted[wantedAt] === '%') wantedAt += 1;
  return wantedAt === wanted.length;
}

function foldAscii(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Filters, sorts and cuts rows that are in memory, exactly as the query says. */
export function queryRows<Row extends { readonly id: string | number }, Field extends string & keyof Row>(
  rows: Iterable<Row>,
  query: Query<Field>,
): Page<Row> {
  const { field, direction } = query.sort;
  const met = [...rows].filter((row) => meets(row as unknown as Record<Field, QueryValue>, query.where));
  const sign = direction === 'asc' ? 1 : -1;
  met.sort((a, b) => sign * order(a[field] as QueryValue, b[field] as QueryValue) || order(a.id, b.id));
  return { rows: met.slice(query.offset, query.offset + query.limit), total: met.length };
}

/** Nulls first, as SQLite sorts them. */
function order(a: QueryValue, b: QueryValue): number {
  if (a === b) return 0;
  if (a === null) return -1;
  if (b === null) return 1;
  if (typeof a === 'string' && typeof b === 'string') return orderTexts(a, b);
  return a < b ? -1 : 1;
}

/** By code points, as databases order UTF-8: the language's own `<` has emoji before full-width letters. */
function orderTexts(a: string, b: string): number {
  for (let at = 0; at < a.length && at < b.length; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

/** Surrogates are halves of code points beyond all that one unit can hold. */
function rank(codeUnit: number): number {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff ? codeUnit + 0x1_0000 : codeUnit;
}
