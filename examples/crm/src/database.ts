import Database from 'better-sqlite3';
import { kinds, type Kind } from './catalog.ts';
import { Refusal } from './refusal.ts';
import { UsageError } from './usage-error.ts';

/** What a field can hold. */
export type Value = string | number | null;
/** A record as its table holds it: every field, in the order of the columns. */
export type Row = { readonly id: number } & { readonly [field: string]: Value };
/** A tag or a form. */
export interface Named {
  readonly id: number;
  readonly name: string;
}

/** The CRM's own tables. They share a file with the engine's, which all begin with `hookwell_`. */
export interface CrmDatabase {
  /** The connection itself, for the engine to use too. */
  readonly connection: Database.Database;
  /** Adds records, all or none, and answers them as they are stored. @throws {Refusal} for an id that is taken */
  readonly insert: (kind: Kind, records: readonly Readonly<Record<string, Value>>[]) => readonly Row[];
  readonly find: (kind: Kind, id: number) => Row | undefined;
  readonly name: (list: 'tags' | 'forms', name: string) => Named;
  readonly list: (list: 'tags' | 'forms') => readonly Named[];
  /** Whether that changed anything: false when the record had the tag already, or did not have it. */
  readonly tag: (kind: Kind, id: number, tagId: number) => boolean;
  readonly untag: (kind: Kind, id: number, tagId: number) => boolean;
  readonly addSubmission: (formId: number, contactId: number) => void;
  readonly close: () => void;
}

/**
 * Opens the file, making it and the tables if need be.
 * @throws {UsageError} when it cannot be used, saying why
 */
export function openDatabase(filename: string): CrmDatabase {
  let connection: Database.Database | undefined;
  try {
    connection = new Database(filename, { timeout: 2_000 });
    connection.pragma('journal_mode = wal');
    connection.pragma('synchronous = full');
    connection.exec(schema);
    for (const kind of Object.keys(kinds) as Kind[]) checkColumns(connection, kind, filename);
    return crmDatabase(connection);
  } catch (error) {
    connection?.close();
    throw explain(error, filename);
  }
}

const columns = (kind: Kind) => kinds[kind].fields.map((field) => `"${field}"`).join(', ');

/** Columns without a type: SQLite then keeps what it is given, so that a zip of 08014 stays one. */
const table = (kind: Kind) =>
  `create table if not exists ${kind} (${columns(kind).replace('"id"', '"id" integer primary key')});`;

const schema = `
  ${table('contacts')}
  ${table('cars')}
  create table if not exists tags (id integer primary key, name text not null);
  create table if not exists forms (id integer primary key, name text not null);
  create table if not exists taggings (
    kind text not null, record_id integer not null, tag_id integer not null, primary key (kind, record_id, tag_id)
  ) without rowid;
  create table if not exists form_submissions (id integer primary key, form_id integer not null, contact_id integer not null);
  insert or ignore into tags (id, name) values
    (1, 'Customer'), (2, 'Newsletter'), (3, 'VIP'), (4, 'On trial'), (5, 'Called back');
  insert or ignore into forms (id, name) values (1, 'Contact us'), (2, 'Book a test drive'), (3, 'Feedback');
`;

function crmDatabase(connection: Database.Database): CrmDatabase {
  const inserts = { contacts: insertInto('contacts'), cars: insertInto('cars') };
  const finds = { contacts: selectFrom('contacts'), cars: selectFrom('cars') };
  const tag = connection.prepare('insert or ignore into taggings (kind, record_id, tag_id) values (?, ?, ?)');
  const untag = connection.prepare('delete from taggings where kind = ? and record_id = ? and tag_id = ?');
  const addSubmission = connection.prepare('insert into form_submissions (form_id, contact_id) values (?, ?)');

  function insertInto(kind: Kind) {
    const marks = kinds[kind].fields.map(() => '?').join(', ');
    return connection.prepare<Value[], Row>(`insert into ${kind} (${columns(kind)}) values (${marks}) returning *`);
  }
  function selectFrom(kind: Kind) {
    return connection.prepare<[number], Row>(`select ${columns(kind)} from ${kind} where id = ?`);
  }

  return {
    connection,
    insert: connection.transaction((kind: Kind, records: readonly Readonly<Record<string, Value>>[]) =>
      records.map((record) => {
        if (typeof record['id'] === 'number' && finds[kind].get(record['id'])) {
          throw new Refusal(409, `There is a ${kinds[kind].name} ${record['id']} already. Leave the id out or choose another.`);
        }
        return inserts[kind].get(...kinds[kind].fields.map((field) => record[field] ?? null)) as Row;
      }),
    ),
    find: (kind, id) => finds[kind].get(id),
    name: (list, name) => connection.prepare(`insert into ${list} (name) values (?) returning *`).get(name) as Named,
    list: (list) => connection.prepare<[], Named>(`select * from ${list} order by id`).all(),
    tag: (kind, id, tagId) => tag.run(kind, id, tagId).changes > 0,
    untag: (kind, id, tagId) => untag.run(kind, id, tagId).changes > 0,
    addSubmission: (formId, contactId) => void addSubmission.run(formId, contactId),
    close: () => void connection.close(),
  };
}

function checkColumns(connection: Database.Database, kind: Kind, filename: string): void {
  const found = (connection.pragma(`table_info(${kind})`) as readonly { readonly name: string }[]).map(({ name }) => name);
  if (found.join() === kinds[kind].fields.join()) return;
  throw new UsageError(`${filename} has a table "${kind}" that is not this CRM's. Name another file with --database.`);
}

function explain(error: unknown, filename: string): unknown {
  if (error instanceof UsageError || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new UsageError(`${filename} is locked by another program. Close that one, or name another file with --database.`);
  }
  if (code === 'SQLITE_NOTADB')
    return new UsageError(`${filename} is not an SQLite database. Name another file with --database.`);
  if (code.startsWith('SQLITE_') || error instanceof TypeError) {
    return new UsageError(`Cannot use the database ${filename}: ${error.message}. Check its folder and your rights to it.`);
  }
  return error;
}
