import postgres, { type Sql, type TransactionSql } from 'postgres';
import type { Emitter, Host } from '../host.ts';

const within = (sql: Pick<Sql, 'unsafe'>) => ({
  query: async (text: string, parameters: (string | number | null)[]) => sql.unsafe(text, parameters),
});

async function addContact(sql: TransactionSql, engine: Emitter, firstname: string): Promise<number> {
  const [record] = await sql<
    { id: number; firstname: string }[]
  >`insert into contacts (firstname) values (${firstname}) returning *`;
  if (!record) throw new Error('no contact was inserted');
  await engine.emit('object_create(0)', { accountId: 1, objectType: 'Contact', record }, { within: within(sql) });
  return record.id;
}

export async function open(url: string): Promise<Host<TransactionSql>> {
  const sql = postgres(url, { max: 2 });
  return {
    async transaction(work) {
      await sql.begin(work);
    },
    async savepoint(trx, work) {
      await trx.savepoint(work);
    },
    addContact,
    within,
    outside: () => within(sql),
    close: async () => sql.end(),
  };
}
