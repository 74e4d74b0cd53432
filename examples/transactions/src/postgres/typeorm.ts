import { DataSource, EntitySchema, type EntityManager } from 'typeorm';
import type { Emitter, Host } from '../host.ts';

const contacts = new EntitySchema<{ id: number; firstname: string }>({
  name: 'Contact',
  tableName: 'contacts',
  columns: { id: { type: 'integer', primary: true, generated: true }, firstname: { type: 'text' } },
});

async function addContact(manager: EntityManager, engine: Emitter, firstname: string): Promise<number> {
  const record = await manager.save(contacts, { firstname });
  await engine.emit('object_create(0)', { accountId: 1, objectType: 'Contact', record }, { within: manager });
  return record.id;
}

export async function open(url: string): Promise<Host<EntityManager>> {
  const dataSource = new DataSource({ type: 'postgres', url, poolSize: 2, entities: [contacts] });
  await dataSource.initialize();
  return {
    transaction: async (work) => dataSource.transaction(work),
    savepoint: async (manager, work) => manager.transaction(work),
    addContact,
    within: (manager) => manager,
    outside: () => dataSource.manager,
    close: async () => dataSource.destroy(),
  };
}
