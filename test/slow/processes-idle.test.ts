import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import { testDatabase, type TestDatabase } from '../../packages/adapters/test/postgres-fixture.ts';
import { makeSchema, startFleet, startReceiver } from './processes-fleet.ts';
import { sumOf } from './processes-statements.ts';

/** How long it takes an engine that has nothing to do to look more rarely. */
const settlingMs = 35_000;
/** For how long they are watched: longer than what an engine does least often, which is to look for what may be forgotten. */
const watchedMs = 65_000;
/** Nothing is to be done, and so a statement for each process and five seconds is the most that it may cost the database. */
const mostPerSecond = 1 / 5;

let database: TestDatabase;
test.before(async () => {
  database = await testDatabase();
});
test.after.always(async () => database?.remove());

test('four processes that have nothing to do hardly ask the database anything', async (t) => {
  t.timeout(settlingMs + watchedMs + 120_000);
  const schema = 'idle';
  const arrivals = await startReceiver(t);
  await makeSchema(database, schema, arrivals.url);
  const members = await startFleet(t, database, ['a', 'b', 'c', 'd'], { schema, leaseMs: 60_000, totalMs: 15_000 });
  await Promise.all(members.map(async (member) => member.start()));
  await wait(settlingMs);
  const before = await Promise.all(members.map(async (member) => member.account()));
  await wait(watchedMs);
  const after = await Promise.all(members.map(async (member) => member.stop()));
  for (const [index, { statements, errors }] of after.entries()) {
    const earlier = before[index]?.statements ?? {};
    const kinds = Object.entries(statements).map(([kind, count]) => [kind, count - (earlier[kind] ?? 0)] as const);
    const asked = sumOf(Object.fromEntries(kinds));
    const perSecond = asked / (watchedMs / 1_000);
    const listed = kinds.filter(([, count]) => count > 0).map(([kind, count]) => `${kind} ${count}`);
    t.log(`${members[index]?.name}: ${asked} statements, one in ${(1 / perSecond).toFixed(1)} s (${listed.join(', ')})`);
    t.deepEqual(errors, []);
    t.true(perSecond <= mostPerSecond, `${asked} statements in ${watchedMs / 1_000} s`);
  }
});
