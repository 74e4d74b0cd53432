import { notApplicable, storageConformance, type StorageHarness } from '@hookwell/core/testing';
import test from 'ava';
import { testDatabase } from './postgres-fixture.ts';
import { postgresHarness } from './postgres-harness.ts';
import { forgetfulPool } from './postgres-pooler.ts';

const database = await testDatabase();
test.after.always(async () => database.remove());

const plain = database.pool({ max: 6, lock_timeout: 500 });

/** Settings of a host that mean something else for its own queries. */
const settings = {
  search_path: 'hostile,public',
  timezone: 'America/St_Johns',
  datestyle: 'SQL,DMY',
  standard_conforming_strings: 'off',
  default_transaction_isolation: 'serializable',
  default_transaction_read_only: 'off',
  lock_timeout: '500',
};
const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
const strange = database.pool({ max: 6, options: options.join(' ') });
test.before(async () => {
  await plain.query(`
    create schema hostile;
    create function hostile.now_ms() returns bigint language sql return 0;
    create table hostile.events (id text); create table hostile.deliveries (id text); create table hostile.attempts (id text);
    create table hostile.subscriptions (id text); create table hostile.event_keys (id text); create table hostile.migrations (version text);
  `);
});

const harnesses: Readonly<Record<string, () => StorageHarness>> = {
  'postgresStorage keeps': () => postgresHarness({ database, pool: plain }),
  'postgresStorage, behind a pooler and with strange settings, keeps': () =>
    postgresHarness({ database, pool: forgetfulPool(strange), prepare: false }),
};

for (const [title, makeHarness] of Object.entries(harnesses)) {
  for (const promise of storageConformance) {
    test(`${title} the promise: ${promise.name}`, async (t) => {
      const harness = makeHarness();
      t.is(notApplicable(promise.needs, harness), null);
      await t.notThrowsAsync(promise.run(harness));
    });
  }
}
