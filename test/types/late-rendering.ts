// Checked by the compiler and never run: `npx tsc -b` fails when something here does not compile that must, and when
// something compiles that must not, because an expected error that does not come is an error itself.

import {
  createEngine,
  ontraportCatalog,
  type EmitInput,
  type LoadRecords,
  type Plugin,
  type StorageAdapter,
  type TransportAdapter,
} from '@hookwell/core';

declare const storage: StorageAdapter;
declare const transports: readonly TransportAdapter[];
declare const rows: readonly { readonly id: number; readonly firstname: string | null; readonly since: Date }[];

const made = { storage, transports, catalog: ontraportCatalog } as const;
const contact = { accountId: 7, objectType: 'Contact' } as const;

export const asList: LoadRecords = () => rows;
export const asMap: LoadRecords = async (_objectType, ids) =>
  new Map(rows.filter(({ id }) => ids.includes(id)).map((row) => [row.id, row]));
export const input: EmitInput = { ...contact, recordId: 8n };
export const policy: Plugin = { name: 'policy', fields: ({ url }) => (url.startsWith('https:') ? undefined : ['id']) };

export async function emits(): Promise<void> {
  const engine = createEngine({ ...made, loadBatchSize: 50, loadRecords: ({ name }) => (name === 'Contact' ? rows : []) });
  await engine.emit('sub_tag(3)', { ...contact, recordId: 8 });
  await engine.emit('sub_tag(3)', { ...contact, recordId: 'a8' }, { within: {} });

  // @ts-expect-error a record or the id of one
  await engine.emit('sub_tag(3)', contact);
  // @ts-expect-error not both
  await engine.emit('sub_tag(3)', { ...contact, recordId: 8, record: { id: 8 } });
  // @ts-expect-error an id is a number or a text
  await engine.emit('sub_tag(3)', { ...contact, recordId: { id: 8 } });
  // @ts-expect-error records have values that a form can carry
  createEngine({ ...made, loadRecords: () => [{ id: 8, tags: ['a'] }] });
}

// @ts-expect-error a policy answers at once
export const late: Plugin = { name: 'late', fields: async () => ['id'] };
