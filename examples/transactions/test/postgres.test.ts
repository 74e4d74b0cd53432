import { postgresStorage } from '@hookwell/adapters/postgres';
import test, { type ExecutionContext } from 'ava';
import { testDatabase } from '../../../packages/adapters/test/postgres-fixture.ts';
import { startForReal, startReceiver } from '../../../test/engine-fixture.ts';
import type { Host } from '../src/host.ts';
import { findHosts } from '../src/hosts.ts';
import { promises, type Ground } from './promises.ts';

const database = await testDatabase();
const pool = database.pool({ max: 8 });
await pool.query('create table contacts (id serial primary key, firstname text not null)');
const hosts = new Map<string, Host>();
for (const [name, open] of await findHosts('postgres')) hosts.set(name, await open(database.url));
test.after.always(async () => {
  for (const host of hosts.values()) await host.close();
  await database.remove();
});

let grounds = 0;

async function groundFor(t: ExecutionContext, host: Host): Promise<Ground> {
  grounds += 1;
  const schema = `ground_${grounds}`;
  const number = async (text: string, values: string[] = []): Promise<number> =>
    Number((await pool.query<{ count: string }>(text, values)).rows[0]?.count);
  await pool.query('truncate contacts');
  const receiver = await startReceiver(t);
  const { engine } = await startForReal(t, postgresStorage({ pool, schema }), { pollEveryMs: 300_000 });
  return {
    host,
    engine,
    receiver,
    count: async (...tables) =>
      number(`select ${tables.map((table) => `(select count(*) from ${schema}.${table})`).join(' + ')} as count`),
    contacts: async (firstname) => number('select count(*) from contacts where firstname = $1', [firstname]),
  };
}

for (const [name, host] of hosts) {
  for (const [promise, holds] of Object.entries(promises)) {
    test.serial(`${name}: ${promise}`, async (t) => holds(t, await groundFor(t, host)));
  }
}

test.serial(
  'glue that does not run in the transaction of the host breaks the promise of a rollback, and that is seen',
  async (t) => {
    const pg = hosts.get('pg');
    const rolledBack = promises['what is rolled back is neither received nor stored'];
    if (!pg || !rolledBack) throw new Error('there is nothing to try it with');
    const within = {
      async query(text: string, values: unknown[]) {
        const other = await pool.connect();
        try {
          await other.query('begin');
          const answer = await other.query(text, values);
          await other.query('commit');
          return answer;
        } finally {
          other.release();
        }
      },
    };
    const astray: Host = {
      ...pg,
      addContact: async (trx, engine, firstname) =>
        pg.addContact(trx, { emit: async (topic, input) => engine.emit(topic, input, { within }) }, firstname),
    };
    const attempt = await t.try(rolledBack, await groundFor(t, astray));
    attempt.discard();
    t.false(attempt.passed);
    t.regex(attempt.errors.map(({ message }) => message).join('\n'), /Mary would have come first/);
  },
);
