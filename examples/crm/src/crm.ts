import type { Engine, Topic } from '@hookwell/core';
import { accountId } from './account.ts';
import { kinds, type Kind } from './catalog.ts';
import type { CrmDatabase, Named, Records, Row, Transaction } from './database.ts';
import { checkFields, Refusal } from './refusal.ts';

/** The events of this CRM, by name. */
export type EventName = 'object_create' | 'object_submits_form' | 'sub_tag' | 'unsub_tag';

/** Records of one import: others wait for its transaction. */
const maxRecords = 1_000;

/** Records of one page of a list. */
const pageSize = 20;

/** A record in a list, with the numbers of its tags. */
export interface Listed {
  readonly record: Row;
  readonly tags: readonly number[];
}

/** Some records, newest first. */
export interface Listing {
  readonly records: readonly Listed[];
  /** Whether there are older ones. */
  readonly more: boolean;
}

/**
 * What people do in the CRM. Each call resolves when what it did, and all that it sets off, is stored; when it rejects,
 * nothing of it is. A call with a key that was used before does nothing, and answers what it answered then.
 */
export interface Crm {
  readonly create: (kind: Kind, fields: unknown, key?: string) => Promise<Row>;
  /** Creates many at once, all or none, for imports. */
  readonly createAll: (kind: Kind, records: readonly unknown[], key?: string) => Promise<readonly Row[]>;
  readonly find: (kind: Kind, id: number) => Promise<Row>;
  /** The newest 20 records, or those before an id. */
  readonly latest: (kind: Kind, before?: number) => Promise<Listing>;
  /** Whether that changed anything; false when the record had the tag already. */
  readonly addTag: (kind: Kind, id: number, tagId: number) => Promise<boolean>;
  readonly removeTag: (kind: Kind, id: number, tagId: number) => Promise<boolean>;
  /** Submits a form for the contact that it names, or for a new one that it describes; answers the contact. */
  readonly submitForm: (formId: number, submission: unknown, key?: string) => Promise<Row>;
  readonly list: (list: 'tags' | 'forms') => Promise<readonly Named[]>;
  readonly name: (list: 'tags' | 'forms', name: unknown) => Promise<Named>;
}

/**
 * The CRM itself. Webhooks take one line of it, `tell`: in the transaction that makes a change it emits what happened, with
 * the record as it is then. So the change and its events are stored together or not at all, whatever happens when.
 */
export function createCrm(database: CrmDatabase, engine: Engine<EventName>): Crm {
  const tell = async (transaction: Transaction, topic: Topic<EventName>, kind: Kind, record: Row): Promise<unknown> =>
    engine.emit(topic, { accountId, objectType: kinds[kind].objectType, record }, { within: transaction.within });

  async function createIn(transaction: Transaction, kind: Kind, records: readonly unknown[]): Promise<readonly Row[]> {
    if (records.length === 0 || records.length > maxRecords) {
      throw new Refusal(400, `Send 1 to ${maxRecords} ${kind} at once.`);
    }
    const now = Math.floor(Date.now() / 1_000);
    const dates = kind === 'contacts' ? { date: now, dlm: now } : {};
    const rows = await transaction.insert(
      kind,
      records.map((fields) => ({ ...dates, ...checkFields(kind, fields) })),
    );
    // What is told at the same time within a transaction is written together.
    await Promise.all(rows.map(async (row) => tell(transaction, `object_create(${kinds[kind].objectType})`, kind, row)));
    return rows;
  }

  /** Changes something in a transaction, once for each key. */
  const change = async <Answer>(key: string | undefined, work: (transaction: Transaction) => Promise<Answer>): Promise<Answer> =>
    database.transaction(async (transaction) => {
      if (key === undefined) return work(transaction);
      const earlier = await transaction.answerTo(key);
      if (earlier !== undefined) return earlier as Answer;
      const answer = await work(transaction);
      await transaction.keepAnswer(key, answer);
      return answer;
    });

  return {
    create: async (kind, fields, key) =>
      change(key, async (transaction) => (await createIn(transaction, kind, [fields]))[0] as Row),

    createAll: async (kind, records, key) => change(key, async (transaction) => createIn(transaction, kind, records)),

    addTag: async (kind, id, tagId) =>
      database.transaction(async (transaction) => {
        const record = await find(transaction, kind, id);
        await checkKnown(transaction, 'tags', tagId);
        if (!(await transaction.tag(kind, id, tagId))) return false;
        await tell(transaction, `sub_tag(${tagId})`, kind, record);
        return true;
      }),

    removeTag: async (kind, id, tagId) =>
      database.transaction(async (transaction) => {
        const record = await find(transaction, kind, id);
        await checkKnown(transaction, 'tags', tagId);
        if (!(await transaction.untag(kind, id, tagId))) return false;
        await tell(transaction, `unsub_tag(${tagId})`, kind, record);
        return true;
      }),

    submitForm: async (formId, submission, key) =>
      change(key, async (transaction) => {
        await checkKnown(transaction, 'forms', formId);
        const contact = isForContact(submission)
          ? await find(transaction, 'contacts', submission.contact_id)
          : ((await createIn(transaction, 'contacts', [submission]))[0] as Row);
        await transaction.addSubmission(formId, contact.id);
        await tell(transaction, `object_submits_form(${formId})`, 'contacts', contact);
        return contact;
      }),

    find: async (kind, id) => find(database, kind, id),

    async latest(kind, before = Number.MAX_SAFE_INTEGER) {
      const rows = await database.latest(kind, before, pageSize + 1);
      const records = rows.slice(0, pageSize);
      const tags = await database.tagsOf(
        kind,
        records.map(({ id }) => id),
      );
      return { records: records.map((record) => ({ record, tags: tags.get(record.id) ?? [] })), more: rows.length > pageSize };
    },

    list: async (list) => database.list(list),
    async name(list, name) {
      if (typeof name === 'string' && name.trim() !== '' && name.length <= 100) return database.name(list, name);
      throw new Refusal(400, 'Give it a name of 1 to 100 characters: {"name": "…"}.');
    },
  };
}

async function find(records: Records, kind: Kind, id: number): Promise<Row> {
  return (await records.find(kind, id)) ?? refuse(`There is no ${kinds[kind].name} ${id}.`);
}

async function checkKnown(records: Records, list: 'tags' | 'forms', id: number): Promise<void> {
  const all = await records.list(list);
  if (all.some((one) => one.id === id)) return;
  refuse(`There is no ${list.slice(0, -1)} ${id}. There are ${all.map((one) => `${one.id} ${one.name}`).join(', ')}.`);
}

function isForContact(submission: unknown): submission is { readonly contact_id: number } {
  if (typeof submission !== 'object' || submission === null || !('contact_id' in submission)) return false;
  if (Object.keys(submission).length === 1 && Number.isSafeInteger(submission.contact_id)) return true;
  throw new Refusal(400, 'Submit a form with {"contact_id": 1} for that contact, or with the fields of a new one.');
}

function refuse(message: string): never {
  throw new Refusal(404, message);
}
