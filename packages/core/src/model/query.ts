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
  return condition === null || holds(condition, (field) => row[field]);
}

function holds<Field extends string>(condition: Condition<Field>, valueOf: (field: Field) => QueryValue): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.of.every((part) => holds(part, valueOf));
    case 'or':
      return condition.of.some((part) => holds(part, valueOf));
    case 'null':
      return (valueOf(condition.field) === null) !== condition.negated;
    case 'in': {
      const value = valueOf(condition.field);
      return value !== null && condition.values.includes(value) !== condition.negated;
    }
    case 'compare':
      return compares(valueOf(condition.field), condition.operator, condition.value);
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
  if (!pattern.includes('_') && pattern.isWellFormed()) return likeParts(foldAscii(text), foldAscii(pattern).split('%'));
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

/** Whether a text has these parts, one after the other, from its beginning to its end: what makes long texts quick to search. */
function likeParts(text: string, parts: readonly string[]): boolean {
  const [first = '', ...rest] = parts;
  const last = rest.pop();
  if (last === undefined) return text === first;
  if (!text.startsWith(first)) return false;
  let from = first.length;
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at < 0) return false;
    from = at + part.length;
  }
  return text.length - last.length >= from && text.endsWith(last);
}

function foldAscii(text: string): string {
  return text.replaceAll(/[A-Z]+/g, (letter) => letter.toLowerCase());
}

/**
 * Filters, sorts and cuts rows that are in memory, exactly as the query says.
 *
 * @param valueOf what a field of a row holds, where that is not its property of this name
 */
export function queryRows<Row extends { readonly id: string | number }, Field extends string>(
  rows: Iterable<Row>,
  { where, sort, offset, limit }: Query<Field>,
  valueOf: (row: Row, field: Field) => QueryValue = (row, field) => (row as unknown as Record<Field, QueryValue>)[field],
): Page<Row> {
  const met = [...rows].filter((row) => where === null || holds(where, (field) => valueOf(row, field)));
  const sign = sort.direction === 'asc' ? 1 : -1;
  met.sort((a, b) => sign * order(valueOf(a, sort.field), valueOf(b, sort.field)) || order(a.id, b.id));
  return { rows: met.slice(offset, offset + limit), total: met.length };
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
