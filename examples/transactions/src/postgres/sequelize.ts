import { DataTypes, QueryTypes, Sequelize, type Transaction } from 'sequelize';
import type { Emitter, Host } from '../host.ts';

const within = (sequelize: Sequelize, transaction: Transaction | null) => ({
  query: async (text: string, bind: unknown[]) => sequelize.query(text, { bind, transaction, type: QueryTypes.SELECT }),
});

export async function open(url: string): Promise<Host<Transaction>> {
  const sequelize = new Sequelize(url, { logging: false, pool: { max: 2 } });
  const contacts = sequelize.define('Contact', { firstname: DataTypes.TEXT }, { tableName: 'contacts', timestamps: false });

  async function addContact(transaction: Transaction, engine: Emitter, firstname: string): Promise<number> {
    const contact = await contacts.create({ firstname }, { transaction });
    const record: { id: number } = contact.get();
    await engine.emit(
      'object_create(0)',
      { accountId: 1, objectType: 'Contact', record },
      { within: within(sequelize, transaction) },
    );
    return record.id;
  }

  return {
    transaction: async (work) => sequelize.transaction(work),
    savepoint: async (transaction, work) => sequelize.transaction({ transaction }, work),
    addContact,
    within: (transaction) => within(sequelize, transaction),
    outside: () => within(sequelize, null),
    close: async () => sequelize.close(),
  };
}
