import test, { type ExecutionContext } from 'ava';
import { testDatabase, type TestDatabase } from '../../packages/adapters/test/postgres-fixture.ts';
import { makeSchema, startFleet, startReceiver, type Arrivals, type Member } from './processes-fleet.ts';
import { eventCount } from './processes-load.ts';
import type { ProcessAccount } from './processes-process.ts';
import { sumOf } from './processes-statements.ts';

const names = ['a', 'b', 'c', 'd'];
/** The least that each of four must have done, and the most that a delivery may cost the database. */
const leastShare = 0.15;
const mostStatements = 0.25;
/** How long a claim lasts that nobody is to outlive here, and one whose end is waited for. */
const longLease = { leaseMs: 60_000, totalMs: 15_000 };
const shortLease = { leaseMs: 10_000, totalMs: 2_000 };
/** How much has arrived when one of four is killed or stopped. */
const middle = eventCount / 4;

let database: TestDatabase;
let schemas = 0;
test.before(async () => {
  database = await testDatabase();
});
test.after.always(async () => database?.remove());

test.serial('four processes that start beside a backlog share it, and deliver each delivery once', async (t) => {
  const { schema, arrivals, members } = await startFour(t, longLease);
  const emitter = await emitBacklog(t, schema);
  await Promise.all(members.map(async (member) => member.start()));
  await finish(t, { schema, arrivals, members, emitter });
});

test.serial('four processes that have nothing to do hear of a backlog, share it, and deliver each delivery once', async (t) => {
  const { schema, arrivals, members } = await startFour(t, longLease);
  await Promise.all(members.map(async (member) => member.start()));
  const emitter = await emitBacklog(t, schema);
  await finish(t, { schema, arrivals, members, emitter });
});

test.serial('four processes that accept events at the same time deliver each delivery once', async (t) => {
  const { schema, arrivals, members } = await startFour(t, longLease);
  await Promise.all(members.map(async (member) => member.start()));
  const each = eventCount / members.length;
  await Promise.all(members.map(async (member, index) => member.emit(1 + index * each, each)));
  await finish(t, { schema, arrivals, members, emitter: null });
});

test.serial('one of four processes is killed: nothing is lost, and only what it held arrives twice', async (t) => {
  const { schema, arrivals, members } = await startFour(t, shortLease);
  await emitBacklog(t, schema);
  await Promise.all(members.map(async (member) => member.start()));
  const [victim, ...others] = members as [Member, ...Member[]];
  await arrivals.until(() => arrivals.sendersOf.size >= middle && arrivals.firstFrom(victim.name) > 100);
  await victim.kill();
  const held = new Set(await heldBy(schema, victim.name));
  await arrivals.until(() => arrivals.sendersOf.size === eventCount);
  await Promise.all(others.map(async (member) => member.stop()));
  const twice = [...arrivals.sendersOf].filter(([, senders]) => senders.length > 1);
  t.log(`held when it was killed: ${held.size}; of these arrived twice: ${twice.length}`);
  t.true(held.size > 0, 'the kill came in the middle');
  for (const [id, [first, ...again]] of twice) {
    t.true(held.has(id), `${id} was held by it`);
    t.is(first, victim.name);
    t.is(again.length, 1);
    t.not(again[0], victim.name);
  }
  await checkTables(t, schema);
});

test.serial('one of four processes is stopped: nothing arrives twice, and the others take over at once', async (t) => {
  const { schema, arrivals, members } = await startFour(t, longLease);
  await emitBacklog(t, schema);
  await Promise.all(members.map(async (member) => member.start()));
  const [leaving, ...others] = members as [Member, ...Member[]];
  await arrivals.until(() => arrivals.sendersOf.size >= middle && arrivals.firstFrom(leaving.name) > 100);
  const { claimed, sent, errors } = await leaving.stop();
  const stoppedAt = performance.now();
  t.deepEqual(errors, []);
  t.deepEqual(await heldBy(schema, leaving.name), []);
  const handedBack = unsent(claimed, sent);
  t.true(handedBack.length > 0, 'the stop came in the middle');
  await arrivals.until(() => handedBack.every((id) => arrivals.sendersOf.has(id)));
  const tookMs = performance.now() - stoppedAt;
  await arrivals.until(() => arrivals.sendersOf.size === eventCount);
  await Promise.all(others.map(async (member) => member.stop()));
  t.log(`handed back: ${handedBack.length}; the last of them arrived ${Math.round(tookMs)} ms later`);
  t.true(tookMs < longLease.leaseMs / 2);
  for (const id of handedBack) t.not(arrivals.sendersOf.get(id)?.[0], leaving.name);
  t.deepEqual(
    [...arrivals.sendersOf].filter(([, senders]) => senders.length > 1),
    [],
  );
  await checkTables(t, schema);
});

interface Four {
  readonly schema: string;
  readonly arrivals: Arrivals;
  readonly members: readonly Member[];
}

/** Four processes that are ready to start, on a schema of their own. */
async function startFour(t: ExecutionContext, lease: typeof longLease): Promise<Four> {
  t.timeout(300_000);
  schemas += 1;
  const schema = `processes_${schemas}`;
  const arrivals = await startReceiver(t);
  await makeSchema(database, schema, arrivals.url);
  return { schema, arrivals, members: await startFleet(t, database, names, { schema, ...lease }) };
}

/** Lets a fifth process, which delivers nothing, store all events; answers what it has done. */
async function emitBacklog(t: ExecutionContext, schema: string): Promise<ProcessAccount> {
  const [emitter] = (await startFleet(t, database, ['emitter'], { schema, ...longLease })) as [Member];
  await emitter.start({ deliver: false });
  await emitter.emit(1, eventCount);
  return emitter.stop();
}

/** Waits until all has arrived, stops all, and checks that it was once, what it has cost, and how it was shared. */
async function finish(
  t: ExecutionContext,
  { schema, arrivals, members, emitter }: Four & { readonly emitter: ProcessAccount | null },
): Promise<void> {
  const began = performance.now();
  await arrivals.until(() => arrivals.sendersOf.size === eventCount);
  const tookMs = performance.now() - began;
  const accounts = await Promise.all(members.map(async (member) => member.stop()));
  const shares = members.map(({ name }) => arrivals.firstFrom(name) / eventCount);
  const all = [...accounts, ...(emitter ? [emitter] : [])];
  const statements = addUp(all.map((account) => account.statements));
  t.log(
    `shares: ${shares.map((share) => `${(100 * share).toFixed(1)} %`).join(', ')}; the last arrived after ${Math.round(tookMs)} ms`,
  );
  t.log(`statements for each delivery: ${(sumOf(statements) / eventCount).toFixed(3)}`);
  for (const [kind, count] of Object.entries(statements).toSorted(([, a], [, b]) => b - a)) t.log(`  ${kind}: ${count}`);
  t.deepEqual(
    all.flatMap(({ errors }) => errors),
    [],
  );
  t.deepEqual(
    [...arrivals.sendersOf].filter(([, senders]) => senders.length > 1),
    [],
    'each arrived once',
  );
  await checkTables(t, schema);
  t.true(sumOf(statements) / eventCount <= mostStatements);
  for (const share of shares) t.true(share >= leastShare);
}

/** Nothing is left in the queue, and the log has one line for each delivery, which says that it was delivered. */
async function checkTables(t: ExecutionContext, schema: string): Promise<void> {
  const { rows } = await database.behind.query(
    `select (select count(*)::integer from "${schema}".deliveries) as queued, count(*)::integer as lines,
      count(distinct delivery_id)::integer as deliveries, (count(*) filter (where outcome = 'delivered'))::integer as delivered
    from "${schema}".attempts`,
  );
  t.deepEqual(rows, [{ queued: 0, lines: eventCount, deliveries: eventCount, delivered: eventCount }]);
}

/** The deliveries that are leased to a process, by the fences that it makes. */
async function heldBy(schema: string, name: string): Promise<readonly string[]> {
  const { rows } = await database.behind.query<{ id: string }>(`select id from "${schema}".deliveries where fence like $1`, [
    `%-${name}`,
  ]);
  return rows.map(({ id }) => id);
}

function unsent(claimed: readonly string[], sent: readonly string[]): readonly string[] {
  const begun = new Set(sent);
  return [...new Set(claimed)].filter((id) => !begun.has(id));
}

function addUp(counts: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const one of counts) for (const [kind, count] of Object.entries(one)) sums[kind] = (sums[kind] ?? 0) + count;
  return sums;
}
