// Rows on their way in: an array for each column, which PostgreSQL reads several times as fast as it reads JSON. They are
// written as texts, so that no serializer of a driver has a say in them.

/** What an array may hold. */
export type ArrayValue = string | number | boolean | null;

/** An array as PostgreSQL reads it from a text. */
export function toArray(values: readonly ArrayValue[]): string {
  let text = '';
  for (const value of values) {
    text += text === '' ? '{' : ',';
    if (typeof value !== 'string') text += String(value);
    else text += needsEscape.test(value) ? `"${value.replaceAll(eachEscaped, '\\$&')}"` : `"${value}"`;
  }
  return text === '' ? '{}' : `${text}}`;
}

const needsEscape = /["\\]/;
const eachEscaped = /["\\]/g;

/** Texts of JSON, a line for each: JSON has no line break inside, and so nothing in it needs to be escaped or read again. */
export function toLines(texts: readonly string[]): string {
  return texts.join('\n');
}

/** A column: its name, its type, and what it holds for a row. */
export type Column<Row> = readonly [name: string, type: string, of: (row: Row) => ArrayValue];

/**
 * The columns as they are selected, a row for each place of the arrays, which are the values from that number on. Each array
 * is the answer of a query of its own, which keeps its length from the planner: PostgreSQL would find the plan that it keeps
 * too dear for a few rows, and make another one each time.
 */
export function unnested(columns: readonly Column<never>[], from: number): string {
  return columns.map(([name, type], index) => `unnest((select $${from + index}::text::${type}[])) as ${name}`).join(', ');
}

/** The arrays of rows. */
export function arraysOf<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string[] {
  return columns.map(([, , of]) => toArray(rows.map(of)));
}
