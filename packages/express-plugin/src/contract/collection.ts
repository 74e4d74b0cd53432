import type { FieldTypes, Page, Query } from '@hookwell/core';
import { invalidQuery, shown } from './refusal.ts';
import type { Call } from './route.ts';

/** A field of a kind of record, as the contract shows it. */
interface ContractField<Row, Field extends string> {
  /** What people call it. */
  readonly alias: string;
  readonly type: 'numeric' | 'text' | 'timestamp';
  /** The engine's field behind it; a field without one cannot be in a condition, nor sorted by. */
  readonly query?: Field;
  /** Its value in an answer: always a scalar, because a nested value breaks a real client. */
  readonly show: (row: Row, details: RowDetails) => string | null;
}

/** What a row's fields are made of beside the row. */
interface RowDetails {
  readonly engine: Call['engine'];
  /** The body that was sent; empty unless a field that shows it is wanted. */
  readonly payload: string;
}

/** A kind of record that can be listed, as the contract shows it. */
export interface Collection<Row = unknown, Field extends string = string> {
  /** Its number and name among the object types. */
  readonly objectType: { readonly id: number; readonly name: string };
  /** In the order in which answers carry them. */
  readonly fields: Readonly<Record<string, ContractField<Row, Field>>>;
  /** What the engine's fields hold. */
  readonly types: FieldTypes<Field>;
  /** What `search` looks into. */
  readonly searched: readonly Field[];
  readonly sort: Query<Field>['sort'];
  readonly list: (engine: Call['engine'], accountId: string, query: Query<Field>) => Promise<Page<Row>>;
  /** The field that shows the body that was sent, and how to find the bodies for rows. */
  readonly payload: { readonly field: string; readonly of: (call: Call, rows: readonly Row[]) => Promise<readonly string[]> };
}

/**
 * The engine's field behind a field of the contract.
 *
 * @throws {Refusal} `Invalid query` for a field that there is not, or that cannot be asked for
 */
export function queryField<Row, Field extends string>(
  { fields }: Collection<Row, Field>,
  name: string,
): { readonly field: Field; readonly seconds: boolean } {
  const found = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (found?.query !== undefined) return { field: found.query, seconds: found.type === 'timestamp' };
  const usable = Object.entries(fields).flatMap(([one, { query }]) => (query === undefined ? [] : [one]));
  throw invalidQuery(
    `${found ? `${shown(name)} can be shown only` : `there is no field ${shown(name)}`}. Use one of ${usable.join(', ')}.`,
  );
}

/** Rows as an answer carries them: the named fields, or all of them. */
export async function showRows<Row, Field extends string>(
  call: Call,
  collection: Collection<Row, Field>,
  rows: readonly Row[],
  names: readonly string[] = Object.keys(collection.fields),
): Promise<readonly Readonly<Record<string, string | null>>[]> {
  const { fields, payload } = collection;
  const payloads = names.includes(payload.field) ? await payload.of(call, rows) : [];
  return rows.map((row, index) => {
    const details = { engine: call.engine, payload: payloads[index] ?? '' };
    return Object.fromEntries(names.map((name) => [name, fields[name]?.show(row, details) ?? null]));
  });
}

/** Milliseconds since the epoch as the contract has instants: epoch seconds in a text. */
export function seconds(ms: number): string {
  return String(Math.floor(ms / 1_000));
}
