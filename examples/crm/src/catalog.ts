import { defineCatalog, ontraportCatalog } from '@hookwell/core';

const ready = ontraportCatalog.definition.objectTypes;
const readyContact = ready.filter((type) => type.id === 0);

/** The fields of a contact: the ready-made ones and one of this CRM's own. */
export const contactFields: readonly string[] = [...readyContact.flatMap((type) => type.fields), 'county'];

/** The fields of a car, a custom object of this CRM, in the order in which payloads carry them. */
export const carFields: readonly string[] = ['id', 'make', 'model', 'year', 'colour', 'price', 'contact_id'];

/** What this CRM can tell the world: the ready-made objects and events, its own contact fields, and cars. */
export const catalog = defineCatalog({
  objectTypes: [
    { id: 0, name: 'Contact', fields: contactFields, lightweight: ['id', 'firstname', 'lastname', 'email'] },
    { id: 10_001, name: 'Car', fields: carFields },
    ...ready.filter((type) => type.id !== 0),
  ],
  events: ontraportCatalog.definition.events,
  changes: [
    {
      at: '2026-11-02',
      kind: 'added',
      title: 'Cars',
      description: 'Object type 10001: subscribe to object_create(10001). Tags on cars fire sub_tag and unsub_tag, too.',
    },
    { at: '2026-10-12', kind: 'added', title: 'The field county of contacts', description: 'It comes last in payloads.' },
  ],
});

/** The two kinds of records that this CRM keeps, by the name of their table and of their route. */
export const kinds = {
  contacts: { objectType: 0, name: 'contact', fields: contactFields },
  cars: { objectType: 10_001, name: 'car', fields: carFields },
} as const;
export type Kind = keyof typeof kinds;
