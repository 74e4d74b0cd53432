import { notApplicable, storageConformance } from '@hookwell/core/testing';
import test from 'ava';
import { testDatabase } from './postgres-fixture.ts';
import { postgresHarness } from './postgres-harness.ts';

const database = await testDatabase();
const pool = database.pool({ max: 10, lock_timeout: 500 });
test.after.always(async () => database.remove());

for (const promise of storageConformance) {
  test(`postgresStorage keeps the promise: ${promise.name}`, async (t) => {
    const harness = postgresHarness({ database, pool });
    t.is(notApplicable(promise.needs, harness), null);
    await t.notThrowsAsync(promise.run(harness));
  });
}
