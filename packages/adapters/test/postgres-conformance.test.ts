import test from 'ava';
import { testCases } from './postgres-cases.ts';
import { testDatabase } from './postgres-fixture.ts';
import { postgresHarness } from './postgres-harness.ts';
import { forgetfulPool } from './postgres-pooler.ts';

const database = await testDatabase();
const account = await database.role('nologin');
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

testCases('postgresStorage keeps', () => postgresHarness({ database, pool: plain }));
testCases('postgresStorage, behind a pooler and with strange settings, keeps', () =>
  postgresHarness({ database, pool: forgetfulPool(strange), prepare: false }),
);

/** What an account asks for, one call after the other; `test/slow/postgres-row-level-security.test.ts` has all cases. */
const isOfAccounts = (name: string): boolean =>
  /^(?:create|list|update|end)Subscription|^(?:list|count)|^findEvents|^(?:replay|cancel)Delivery|^(?:list|end)Keys/.test(name) &&
  !name.endsWith(' at once');
testCases(
  'postgresStorage under row-level security keeps',
  () => postgresHarness({ database, pool: plain, rowLevelSecurity: { role: account } }),
  isOfAccounts,
);
