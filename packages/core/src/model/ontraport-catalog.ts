import { defineCatalog } from './catalog.ts';

const contactFields =
  'id owner firstname lastname email address address2 city state zip country timezone cell_phone home_phone sms_number ' +
  'office_phone fax company title website birthday facebook_link twitter_link linkedin_link contact_cat bulk_mail ' +
  'bulk_sms status priority spent date dla dlm unique_id grade last_activity';

/** Number, name and fields of the objects that come with every account; hosts replace the fields by their own. */
const objects: readonly (readonly [id: number, name: string, fields: string])[] = [
  [1, 'Task', 'id owner subject details object_type_id object_id status date_assigned date_due date_complete'],
  [2, 'User', 'id firstname lastname email role date dlm'],
  [12, 'Note', 'id owner object_type_id object_id data author date dlm'],
  [14, 'Tag', 'tag_id tag_name object_type_id id'],
  [16, 'Product', 'id name price description type date dlm'],
  [17, 'Purchase', 'id contact_id product_id name price quantity total_price status date'],
  [46, 'Transaction', 'id contact_id status total due subtotal tax date dlm'],
  [52, 'Order', 'id contact_id status next_charge_date payments_left total date dlm'],
  [122, 'Form', 'id name type status date dlm'],
  [145, 'Webhook', 'id event data url last_hook last_code last_payload'],
  [149, 'Deal', 'id owner name stage value expected_close date dlm'],
  [150, 'Company', 'id owner name website phone email date dlm'],
];

/**
 * The four events and the standard objects of ONTRAPORT, ready-made, with the Contact object in full. Spread its
 * `definition` into `defineCatalog` to add objects and events of your own; to give an object the fields that your CRM
 * has, leave the ready-made one out: `objectTypes.filter((type) => type.id !== 0)`.
 */
export const ontraportCatalog = defineCatalog({
  objectTypes: [
    { id: 0, name: 'Contact', fields: contactFields.split(' '), lightweight: ['id', 'firstname', 'lastname', 'email'] },
    ...objects.map(([id, name, fields]) => ({ id, name, fields: fields.split(' ') })),
  ],
  events: {
    object_create: { parameter: null },
    object_submits_form: { parameter: 'form_id' },
    sub_tag: { parameter: 'tag_id' },
    unsub_tag: { parameter: 'tag_id' },
  },
});
