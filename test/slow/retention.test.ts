import { postgresStorage } from '@hookwell/adapters/postgres';
import type { PruneRequest } from '@hookwell/core';
import test from 'ava';
import { fillPostgres } from '../../bench/src/retention/fill-postgres.ts';
import { dayMs, historyDays } from '../../bench/src/retention/history.ts';
import { testDatabase, type TestDatabase } from '../../packages/adapters/test/postgres-fixture.ts';
import { countingPool } from '../../packages/adapters/test/counting-pool.ts';

const lines = 200_000;
/** Blocks that a call may ask for, for each row that it deletes: its own, those of its indexes, and those of what may need it. */
const blocksPerRow = 60;

let database: TestDatabase;
test.before(async () => {
  database = await testDatabase();
});
test.after.always(async () => database?.remove());

test(`${lines} lines: a call that forgets some of them reads what goes with these, and nothing of the rest`, async (t) => {
  t.timeout(300_000);
  await fillPostgres(database.behind, 'full', lines);
  const pool = countingPool(database.behind, 'full');
  const storage = postgresStorage({ pool, schema: 'full' });
  await storage.start({ now: Date.now });
  // Up to the middle of the oldest day, at whatever time of today: it is not old enough to go as a whole.
  const request: PruneRequest = {
    deliveredAfterMs: (historyDays - 1.5) * dayMs + (Date.now() % dayMs),
    failedAfterMs: 100 * dayMs,
    maxAttemptsPerAccount: 1_000_000,
    accounts: [],
    limit: 500,
  };
  for (let call = 0; call < 5; call += 1) {
    pool.taken();
    const { attempts } = await storage.prune(request);
    const blocks = pool.taken() / Math.max(1, attempts);
    t.log(`${attempts} lines, ${blocks.toFixed(1)} blocks for each`);
    t.is(attempts, request.limit);
    t.true(blocks <= blocksPerRow);
  }
  await storage.stop();
});
