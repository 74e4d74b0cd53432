import test from 'ava';
import { testCases } from '../../packages/adapters/test/postgres-cases.ts';
import { testDatabase } from '../../packages/adapters/test/postgres-fixture.ts';
import { postgresHarness } from '../../packages/adapters/test/postgres-harness.ts';
import { forgetfulPool } from '../../packages/adapters/test/postgres-pooler.ts';
import { rolesFor } from '../../packages/adapters/test/postgres-roles.ts';

const database = await testDatabase();
const { account: role, accountsUrl } = await rolesFor(database, 'unused');
test.after.always(async () => database.remove());

const options = '-c standard_conforming_strings=off -c default_transaction_isolation=serializable -c row_security=off';
const plain = database.pool({ max: 6, lock_timeout: 500 });
const pooled = database.pool({ max: 6, lock_timeout: 500 });
const accounts = database.pool({ max: 6, lock_timeout: 500, connectionString: accountsUrl, options });

testCases('postgresStorage under row-level security keeps', () =>
  postgresHarness({ database, pool: plain, rowLevelSecurity: { role } }),
);
testCases('postgresStorage under row-level security, with a login for accounts behind a pooler, keeps', () =>
  postgresHarness({
    database,
    pool: forgetfulPool(pooled),
    prepare: false,
    rowLevelSecurity: { role, pool: forgetfulPool(accounts) },
  }),
);
