import { sql, type ColumnType, type Generated, type Kysely } from 'kysely';
import { kinds, type Kind } from './catalog.ts';

/** What a field can hold. */
export type Value = string | number | null;
export type Fields = Readonly<Record<string, Value>>;

/** The CRM's own tables. The fields of a record are one JSON, so that a zip of 08014 stays one. */
export interface Tables {
  readonly contacts: RecordTable;
  readonly cars: RecordTable;
  readonly tags: NamedTable;
  readonly forms: NamedTable;
  readonly taggings: { readonly kind: Kind; readonly record_id: number; readonly tag_id: number };
  readonly form_submissions: { readonly id: Generated<number>; readonly form_id: number; readonly contact_id: number };
  readonly answers: { readonly key: string; readonly answer: ColumnType<unknown, string> };
}

interface RecordTable {
  readonly id: Generated<number>;
  readonly fields: ColumnType<unknown, string>;
}

interface NamedTable {
  readonly id: Generated<number>;
  readonly name: string;
}

/** Where the tables are, and how the database writes a column that numbers its rows. */
export interface TableStyle {
  /** The schema with a dot, or nothing. */
  readonly prefix: string;
  readonly id: string;
}

/**
 * Makes the tables that are not there, with the tags and forms of a new CRM, in the transaction that it is given. Answers
 * the name of a table that is there and is not this CRM's, or null.
 */
export async function createTables(transaction: Kysely<Tables>, style: TableStyle): Promise<Kind | null> {
  for (const statement of statements(style)) await sql.raw(statement).execute(transaction);
  await nameFirst(transaction, 'tags', ['Customer', 'Newsletter', 'VIP', 'On trial', 'Called back']);
  await nameFirst(transaction, 'forms', ['Contact us', 'Book a test drive', 'Feedback']);
  for (const kind of Object.keys(kinds) as Kind[]) {
    try {
      await transaction.selectFrom(kind).select(['id', 'fields']).limit(1).execute();
    } catch {
      return kind;
    }
  }
  return null;
}

const statements = ({ prefix, id }: TableStyle): readonly string[] => [
  `create table if not exists ${prefix}contacts (id ${id}, fields json not null)`,
  `create table if not exists ${prefix}cars (id ${id}, fields json not null)`,
  `create table if not exists ${prefix}tags (id ${id}, name text not null)`,
  `create table if not exists ${prefix}forms (id ${id}, name text not null)`,
  `create table if not exists ${prefix}taggings (
    kind text not null, record_id bigint not null, tag_id bigint not null, primary key (kind, record_id, tag_id)
  )`,
  `create table if not exists ${prefix}form_submissions (id ${id}, form_id bigint not null, contact_id bigint not null)`,
  `create table if not exists ${prefix}answers (key text primary key, answer json not null)`,
];

async function nameFirst(transaction: Kysely<Tables>, list: 'tags' | 'forms', names: readonly string[]): Promise<void> {
  if (await transaction.selectFrom(list).select('id').limit(1).executeTakeFirst()) return;
  await transaction
    .insertInto(list)
    .values(names.map((name) => ({ name })))
    .execute();
}
