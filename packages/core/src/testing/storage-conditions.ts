import { valueType, type FieldTypes } from '../model/check-query.ts';
import type { Comparison, Condition, QueryValue } from '../model/query.ts';

const comparisons: readonly Exclude<Comparison, 'LIKE'>[] = ['=', '<>', '<', '<=', '>', '>='];

/** Conditions of every kind, with every operator and field, about values that the rows have and that they have not. */
export function* conditionsOver(rows: readonly Readonly<Record<string, QueryValue>>[], fields: FieldTypes): Generator<Condition> {
  const single: Condition[] = [];
  for (const [field, type] of Object.entries(fields)) {
    const holds = valueType(type);
    const had = [...new Set(rows.map((row) => row[field] ?? null))].filter((value) => value !== null).slice(0, 4);
    const values = [...had, ...(holds === 'number' ? [-1, 0.5, 2 ** 53] : ['', 'Ａ', '~'])];
    for (const value of values) {
      for (const operator of comparisons) single.push({ kind: 'compare', field, operator, value });
      for (const pattern of patternsOf(String(value))) single.push({ kind: 'compare', field, operator: 'LIKE', value: pattern });
    }
    const another = holds === 'number' ? String(had[0]) : 5;
    for (const operator of ['=', '<>'] as const) single.push({ kind: 'compare', field, operator, value: another });
    for (const negated of [false, true]) {
      single.push({ kind: 'null', field, negated });
      for (const list of [[], values, had.slice(0, 1), [another], [...had.slice(0, 1), another]]) {
        single.push({ kind: 'in', field, values: list, negated });
      }
    }
  }
  yield* single;
  for (const kind of ['and', 'or'] as const) {
    yield { kind, of: [] };
    yield { kind, of: single.filter((_, index) => index % 31 === 0) };
    yield { kind, of: single.slice(0, 1_000) };
    for (let index = 7; index < single.length; index += 37) {
      const inner: Condition = { kind: kind === 'and' ? 'or' : 'and', of: single.slice(index - 3, index - 1) };
      yield { kind, of: [single[index]!, inner] };
    }
  }
}

/** Patterns of LIKE that fit a text, that nearly do, and that would if case, accents or escapes were taken another way. */
function patternsOf(text: string): string[] {
  const letters = [...text];
  const half = Math.ceil(letters.length / 2);
  return [
    text.toUpperCase(),
    text.toLowerCase(),
    `${letters.slice(0, half).join('')}%`,
    `%${letters.slice(half).join('')}`,
    `%${letters.slice(1, half + 1).join('')}%`,
    letters.map((letter, index) => (index % 2 === 0 ? '_' : letter)).join(''),
    `_${text}`,
    text.replaceAll(/[%_]/g, String.raw`\$&`),
    letters.slice(1).join(''),
  ];
}
