import type { Condition, Page, Query } from '@hookwell/core';
import { readCursor, writeCursor } from './cursor.ts';

/** What a page of a list is asked for with, beside its filters. */
interface Paging {
  readonly cursor?: string;
  readonly limit?: number;
}

/** A list that is answered page by page, in the order of its ids. */
interface Listing<Row, Field extends string, Json> {
  readonly name: string;
  readonly accountId: string;
  readonly ids: 'number' | 'string';
  readonly direction: 'asc' | 'desc';
  readonly where: readonly Condition<Field>[];
  readonly list: (query: Query<Field>) => Promise<Page<Row>>;
  readonly show: (row: Row) => Json;
}

/** A page as it is answered. */
interface ListedPage<Json> {
  readonly rows: Json[];
  readonly next: string | null;
  readonly remaining: number;
}

/** Answers the page behind the cursor. Pages begin behind an id, so that rows that come or go shift nothing. */
export async function listPage<Row extends { readonly id: number | string }, Field extends string, Json>(
  { cursor, limit = 50, ...filters }: Paging,
  listing: Listing<Row, Field, Json>,
): Promise<ListedPage<Json>> {
  const { name, accountId, ids, direction, list, show } = listing;
  const field = 'id' as Field;
  // In the order of the schema, whatever the order of the query: it is what read them.
  const asked = [name, accountId, filters];
  const where = [...listing.where];
  if (cursor !== undefined) {
    const value = readCursor(cursor, asked, ids);
    where.unshift({ kind: 'compare', field, operator: direction === 'asc' ? '>' : '<', value });
  }
  const { rows, total } = await list({ where: { kind: 'and', of: where }, sort: { field, direction }, offset: 0, limit });
  const last = rows.at(-1);
  return {
    rows: rows.map(show),
    next: last && total > rows.length ? writeCursor(last.id, asked) : null,
    remaining: total,
  };
}

/**
 * Rows that have a text in one of some fields. LIKE has no escape: a `%` of the text is asked for as any one character, which
 * finds it too, because a pattern of many that stand for any number of them would take a database minutes.
 */
export function containing<Field extends string>(text: string, fields: readonly Field[]): Condition<Field> {
  const value = `%${text.replaceAll('%', '_')}%`;
  return { kind: 'or', of: fields.map((field) => ({ kind: 'compare', field, operator: 'LIKE', value })) };
}

/** Rows whose field is that. */
export function equal<Field extends string>(field: Field, value: string | number): Condition<Field> {
  return { kind: 'compare', field, operator: '=', value };
}
