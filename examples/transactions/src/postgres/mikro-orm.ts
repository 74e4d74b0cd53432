import { defineEntity, MikroORM, p, type EntityManager } from '@mikro-orm/postgresql';
import type { Emitter, Host } from '../host.ts';

const Contact = defineEntity({
  name: 'Contact',
  tableName: 'contacts',
  properties: { id: p.integer().primary(), firstname: p.text() },
});

const within = (em: EntityManager): unknown => em.getTransactionContext() ?? null;

async function addContact(em: EntityManager, engine: Emitter, firstname: string): Promise<number> {
  const contact = em.create(Contact, { firstname });
  await em.flush();
  const record = { id: contact.id, firstname: contact.firstname };
  await engine.emit('object_create(0)', { accountId: 1, objectType: 'Contact', record }, { within: within(em) });
  return contact.id;
}

export async function open(url: string): Promise<Host<EntityManager>> {
  const orm = await MikroORM.init({ clientUrl: url, entities: [Contact], pool: { max: 2 } });
  return {
    transaction: async (work) => orm.em.fork().transactional(work),
    savepoint: async (em, work) => em.transactional(work),
    addContact,
    within,
    outside: () => within(orm.em.fork()),
    close: async () => orm.close(),
  };
}
