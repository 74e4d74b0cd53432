import type { Topic } from '@hookwell/core';
import type { Kind } from './catalog.ts';
import type { NewContact } from './contacts.ts';
import type { Crm, EventName } from './crm.ts';
import type { Row } from './database.ts';
import { generateCars } from './generate-contacts.ts';

/** One kind of thing that the demo does, to so many records. */
interface Phase {
  readonly name: string;
  readonly event: Topic<EventName>;
  readonly kind: Kind;
  readonly count: number;
  /** Does it to the records from one position to another, and answers them as the CRM has them. */
  readonly act: (from: number, until: number) => Promise<readonly Row[]>;
}

/** What the demo lets happen, in this order. */
export function planPhases(crm: Crm, newContacts: readonly NewContact[], seed: number): readonly Phase[] {
  const contacts: Row[] = [];
  const cars: Row[] = [];
  const carOwners = () => contacts.filter((_, index) => index % 8 === 0).map(({ id }) => id);
  const nth = (share: number) => Math.ceil(newContacts.length / share);
  const each = async (from: number, until: number, act: (position: number) => Promise<Row>) =>
    Promise.all(Array.from({ length: until - from }, async (_, index) => act(from + index)));
  const tagging =
    (kind: Kind, records: readonly Row[], step: number, verb: 'addTag' | 'removeTag', tag: number): Phase['act'] =>
    (from, until) =>
      each(from, until, async (position) => {
        const { id } = records[position * step] as Row;
        await crm[verb](kind, id, tag);
        return crm.find(kind, id);
      });

  return [
    {
      name: 'contacts imported',
      event: 'object_create(0)',
      kind: 'contacts',
      count: newContacts.length,
      async act(from, until) {
        const created = await crm.createAll('contacts', newContacts.slice(from, until));
        contacts.push(...created);
        return created;
      },
    },
    {
      name: 'tags added',
      event: 'sub_tag(3)',
      kind: 'contacts',
      count: nth(2),
      act: tagging('contacts', contacts, 2, 'addTag', 3),
    },
    {
      name: 'other tags added',
      event: 'sub_tag(4)',
      kind: 'contacts',
      count: nth(3),
      act: tagging('contacts', contacts, 3, 'addTag', 4),
    },
    {
      name: 'tags removed',
      event: 'unsub_tag(3)',
      kind: 'contacts',
      count: nth(4),
      act: tagging('contacts', contacts, 4, 'removeTag', 3),
    },
    {
      name: 'forms submitted',
      event: 'object_submits_form(2)',
      kind: 'contacts',
      count: nth(5),
      act: (from, until) =>
        each(from, until, async (position) => crm.submitForm(2, { contact_id: (contacts[position * 5] as Row).id })),
    },
    {
      name: 'cars created',
      event: 'object_create(10001)',
      kind: 'cars',
      count: nth(8),
      async act(from, until) {
        const created = await crm.createAll('cars', generateCars(carOwners(), seed).slice(from, until));
        cars.push(...created);
        return created;
      },
    },
    { name: 'cars tagged', event: 'sub_tag(3)', kind: 'cars', count: nth(16), act: tagging('cars', cars, 2, 'addTag', 3) },
  ];
}
