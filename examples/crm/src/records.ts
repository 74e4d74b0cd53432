import type { Kysely } from 'kysely';
import { kinds, type Kind } from './catalog.ts';
import type { Records, Row } from './database.ts';
import { Refusal } from './refusal.ts';
import type { Fields, Tables, Value } from './tables.ts';

/** What one database does in its own way. */
export interface RecordsOptions {
  /** Is told of the largest id that a caller chose, so that the database's own numbers go on behind it. */
  readonly onChosenId: (db: Kysely<Tables>, kind: Kind, id: number) => Promise<void>;
}

/** Keeps what the CRM stores: over a Kysely, each call by itself; over its `Transaction`, as part of that. */
export function recordsIn(db: Kysely<Tables>, { onChosenId }: RecordsOptions): Records {
  return {
    async insert(kind, records) {
      const rows = await db
        .insertInto(kind)
        .values(records.map(({ id, ...fields }) => ({ ...chosen(id), fields: JSON.stringify(fields) })))
        .onConflict((conflict) => conflict.column('id').doNothing())
        .returning(['id', 'fields'])
        .execute();
      const ids = records.flatMap(({ id }) => (typeof id === 'number' ? [id] : []));
      if (rows.length < records.length) {
        const stored = new Set(rows.map(({ id }) => id));
        const taken = ids.find((id) => !stored.has(id));
        throw new Refusal(409, `There is a ${kinds[kind].name} ${taken} already. Leave the id out or choose another.`);
      }
      if (ids.length > 0) await onChosenId(db, kind, Math.max(...ids));
      return rows.map((row) => rowOf(kind, row));
    },

    async find(kind, id) {
      const found = await db.selectFrom(kind).select(['id', 'fields']).where('id', '=', id).executeTakeFirst();
      return found && rowOf(kind, found);
    },

    async latest(kind, before, limit) {
      const query = db.selectFrom(kind).select(['id', 'fields']).where('id', '<', before).orderBy('id', 'desc').limit(limit);
      return (await query.execute()).map((row) => rowOf(kind, row));
    },

    async tagsOf(kind, ids) {
      if (ids.length === 0) return new Map();
      const query = db.selectFrom('taggings').select(['record_id', 'tag_id']).where('kind', '=', kind);
      const rows = await query.where('record_id', 'in', ids).orderBy('tag_id').execute();
      return new Map(ids.map((id) => [id, rows.filter((row) => row.record_id === id).map((row) => row.tag_id)]));
    },

    name: async (list, name) => db.insertInto(list).values({ name }).returning(['id', 'name']).executeTakeFirstOrThrow(),
    list: async (list) => db.selectFrom(list).select(['id', 'name']).orderBy('id').execute(),

    async tag(kind, id, tagId) {
      const tagging = { kind, record_id: id, tag_id: tagId };
      const unlessThere = db
        .insertInto('taggings')
        .values(tagging)
        .onConflict((conflict) => conflict.doNothing());
      return (await unlessThere.executeTakeFirst()).numInsertedOrUpdatedRows === 1n;
    },

    async untag(kind, id, tagId) {
      const tagging = db.deleteFrom('taggings').where('kind', '=', kind).where('record_id', '=', id).where('tag_id', '=', tagId);
      return (await tagging.executeTakeFirst()).numDeletedRows === 1n;
    },

    async addSubmission(formId, contactId) {
      await db.insertInto('form_submissions').values({ form_id: formId, contact_id: contactId }).execute();
    },

    async answerTo(key) {
      const found = await db.selectFrom('answers').select('answer').where('key', '=', key).executeTakeFirst();
      return found && parsed(found.answer);
    },

    async keepAnswer(key, answer) {
      await db
        .insertInto('answers')
        .values({ key, answer: JSON.stringify(answer) })
        .execute();
    },
  };
}

/** The id, if the caller chose one; without it the database takes the next. */
function chosen(id: Value | undefined): { readonly id?: number } {
  return typeof id === 'number' ? { id } : {};
}

function rowOf(kind: Kind, { id, fields }: { readonly id: number; readonly fields: unknown }): Row {
  const stored = parsed(fields) as Fields;
  return Object.fromEntries(kinds[kind].fields.map((field) => [field, field === 'id' ? id : (stored[field] ?? null)])) as Row;
}

/** PostgreSQL's driver parses JSON itself, SQLite's answers it as a text. */
function parsed(json: unknown): unknown {
  return typeof json === 'string' ? JSON.parse(json) : json;
}
