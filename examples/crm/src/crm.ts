import type { Engine, Topic } from '@hookwell/core';
import { accountId } from './account.ts';
import { kinds, type Kind } from './catalog.ts';
import type { CrmDatabase, Named, Row } from './database.ts';
import { checkFields, Refusal } from './refusal.ts';

/** The events of this CRM, by name. */
export type EventName = 'object_create' | 'object_submits_form' | 'sub_tag' | 'unsub_tag';

/** What people do in the CRM. Each call resolves when what it did, and all that it sets off, is stored. */
export interface Crm {
  readonly create: (kind: Kind, fields: unknown) => Promise<Row>;
  /** Creates many at once, for imports. */
  readonly createAll: (kind: Kind, records: readonly unknown[]) => Promise<readonly Row[]>;
  readonly find: (kind: Kind, id: number) => Row;
  /** Whether that changed anything; false when the record had the tag already. */
  readonly addTag: (kind: Kind, id: number, tagId: number) => Promise<boolean>;
  readonly removeTag: (kind: Kind, id: number, tagId: number) => Promise<boolean>;
  /** Submits a form for the contact that it names, or for a new one that it describes; answers the contact. */
  readonly submitForm: (formId: number, submission: unknown) => Promise<Row>;
  readonly list: (list: 'tags' | 'forms') => readonly Named[];
  readonly name: (list: 'tags' | 'forms', name: unknown) => Named;
}

/**
 * The CRM itself. Webhooks take one line of it, `tell`: after each change it emits what happened, with the record as it
 * is now, and waits until that is stored too before it answers. `webhooks.ts` makes the engine, `routes.ts` mounts it.
 */
export function createCrm(database: CrmDatabase, engine: Engine<EventName>): Crm {
  const tell = (topic: Topic<EventName>, kind: Kind, record: Row) =>
    engine.emit(topic, { accountId, objectType: kinds[kind].objectType, record });

  const crm: Crm = {
    create: async (kind, fields) => (await crm.createAll(kind, [fields]))[0] as Row,

    async createAll(kind, records) {
      const now = Math.floor(Date.now() / 1_000);
      const dates = kind === 'contacts' ? { date: now, dlm: now } : {};
      const rows = database.insert(
        kind,
        records.map((fields) => ({ ...dates, ...checkFields(kind, fields) })),
      );
      await Promise.all(rows.map((row) => tell(`object_create(${kinds[kind].objectType})`, kind, row)));
      return rows;
    },

    async addTag(kind, id, tagId) {
      const record = crm.find(kind, id);
      known('tags', tagId);
      if (!database.tag(kind, id, tagId)) return false;
      await tell(`sub_tag(${tagId})`, kind, record);
      return true;
    },

    async removeTag(kind, id, tagId) {
      const record = crm.find(kind, id);
      known('tags', tagId);
      if (!database.untag(kind, id, tagId)) return false;
      await tell(`unsub_tag(${tagId})`, kind, record);
      return true;
    },

    async submitForm(formId, submission) {
      known('forms', formId);
      const contact = isForContact(submission)
        ? crm.find('contacts', submission.contact_id)
        : await crm.create('contacts', submission);
      database.addSubmission(formId, contact.id);
      await tell(`object_submits_form(${formId})`, 'contacts', contact);
      return contact;
    },

    find: (kind, id) => database.find(kind, id) ?? refuse(`There is no ${kinds[kind].name} ${id}.`),
    list: (list) => database.list(list),
    name(list, name) {
      if (typeof name === 'string' && name.trim() !== '' && name.length <= 100) return database.name(list, name);
      throw new Refusal(400, 'Give it a name of 1 to 100 characters: {"name": "…"}.');
    },
  };

  function known(list: 'tags' | 'forms', id: number): void {
    const all = database.list(list);
    if (all.some((one) => one.id === id)) return;
    refuse(`There is no ${list.slice(0, -1)} ${id}. There are ${all.map((one) => `${one.id} ${one.name}`).join(', ')}.`);
  }

  return crm;
}

function isForContact(submission: unknown): submission is { readonly contact_id: number } {
  if (typeof submission !== 'object' || submission === null || !('contact_id' in submission)) return false;
  if (Object.keys(submission).length === 1 && Number.isSafeInteger(submission.contact_id)) return true;
  throw new Refusal(400, 'Submit a form with {"contact_id": 1} for that contact, or with the fields of a new one.');
}

function refuse(message: string): never {
  throw new Refusal(404, message);
}
