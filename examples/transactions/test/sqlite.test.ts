import { sqliteStorage } from '@hookwell/adapters/sqlite';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { startForReal, startReceiver, temporaryFile } from '../../../test/engine-fixture.ts';
import type { Open } from '../src/host.ts';
import { findHosts } from '../src/hosts.ts';
import { promises, type Ground } from './promises.ts';

async function groundFor(t: ExecutionContext, open: Open): Promise<Ground> {
  const filename = temporaryFile(t);
  const behind = new Database(filename);
  behind.exec('create table contacts (id integer primary key, firstname text not null)');
  t.teardown(() => behind.close());
  const number = (text: string, ...values: string[]): number =>
    Number(
      behind
        .prepare(text)
        .pluck()
        .get(...values),
    );
  const host = await open(filename);
  t.teardown(async () => host.close());
  const receiver = await startReceiver(t);
  const { engine } = await startForReal(t, sqliteStorage({ filename }), { pollEveryMs: 300_000 });
  return {
    host,
    engine,
    receiver,
    count: async (...tables) => number(`select ${tables.map((table) => `(select count(*) from hookwell_${table})`).join(' + ')}`),
    contacts: async (firstname) => number('select count(*) from contacts where firstname = ?', firstname),
  };
}

for (const [name, open] of await findHosts('sqlite')) {
  for (const [promise, holds] of Object.entries(promises)) {
    test(`${name}: ${promise}`, async (t) => holds(t, await groundFor(t, open)));
  }
}
