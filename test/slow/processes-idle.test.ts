import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import { testDatabase, type TestDatabase } from '../../packages/adapters/test/postgres-fixture.ts';
import { makeSchema, startFleet, startReceiver } from './processes-fleet.ts';
import { sumOf } from './processes-statements.ts';

/** For how long they are watched: longer than what an engine does least often, which is to look for what may be forgotten. */
const watchedMs = 65_000;
/** How much each may ask of it in a second: its poll every five seconds, and to forget things once a minute. */
const mostPerSecond = 0.3;

let database: TestDatabase;
test.before(async () => {
  database = await testDatabase();
});
test.after.always(async () => database?.remove());

test('four processes that have nothing to do hardly ask the database anything', async (t) => {
  t.timeout(watchedMs + 120_000);
  const schema = 'idle';
  const arrivals = await startReceiver(t);
  await makeSchema(database, schema, arrivals.url);
  const members = await startFleet(t, database, ['a', 'b', 'c', 'd'], { schema, leaseMs: 60_000, totalMs: 15_000 });
  await Promise.all(members.map(async (member) => member.start()));
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
