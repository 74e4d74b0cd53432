import Database from 'better-sqlite3';
import type { Emitter, Host } from '../host.ts';

async function addContact(database: Database.Database, engine: Emitter, firstname: string): Promise<number> {
  const id = Number(database.prepare('insert into contacts (firstname) values (?)').run(firstname).lastInsertRowid);
  await engine.emit('object_create(0)', { accountId: 1, objectType: 'Contact', record: { id, firstname } }, { within: database });
  return id;
}

export async function open(file: string): Promise<Host<Database.Database>> {
  const database = new Database(file);
  return {
    async transaction(work) {
      database.exec('begin immediate');
      try {
        await work(database);
        database.exec('commit');
      } catch (error) {
        if (database.inTransaction) database.exec('rollback');
        throw error;
      }
    },
    async savepoint(_, work) {
      database.exec('savepoint part');
      await work(database).catch((error: unknown) => {
        database.exec('rollback to part');
        throw error;
      });
    },
    addContact,
    within: () => database,
    outside: () => database,
    close: async () => void database.close(),
  };
}
