import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { HookwellError, StorageAdapter } from '@hookwell/core';
import { testClock } from '@hookwell/core/testing';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { sqliteStorage } from '../src/sqlite/index.ts';
import { migrations } from '../src/sqlite/migrations.ts';
import { batchFor, claimRequest, subscribe, temporaryFolder } from './storage-fixture.ts';

const folder = temporaryFolder();
test.after.always(() => folder.remove());

let files = 0;
const newFile = (): string => folder.file(`${(files += 1)}.db`);

async function started(storage: StorageAdapter, now: () => number = Date.now): Promise<StorageAdapter> {
  await storage.start({ now });
  return storage;
}

const allRows = { which: 'active', where: null, sort: { field: 'id', direction: 'asc' }, offset: 0, limit: 1_000 } as const;

function run(task: string, filename: string): ChildProcess & { readonly lines: () => string[] } {
  const file = fileURLToPath(new URL('sqlite-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=source', file, task, filename], { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return Object.assign(child, {
    lines: () =>
      text
        .slice(0, text.lastIndexOf('\n') + 1)
        .split('\n')
        .filter(Boolean),
  });
}

test('while the host has a transaction open, every call is refused as busy and nothing of it joins the transaction', async (t) => {
  const database = new Database(newFile());
  const storage = await started(sqliteStorage({ database }));
  const { id } = await subscribe(storage);
  database.exec('create table contacts (id integer)');
  database.exec('begin; insert into contacts values (1)');
  const calls = [
    () => storage.storeEvents(batchFor('x', [id])),
    () => storage.claimDeliveries(claimRequest()),
    () => storage.recordOutcomes([]),
    () => storage.moveHealth([]),
    () => storage.releaseDeliveries([]),
    () => storage.findSubscriptions([{ accountId: 'a', topic: 'sub_tag(3)' }]),
    () => storage.listAttempts('a', allRows),
    () => storage.findEvents('a', ['x-e0']),
    () => storage.nextDueInMs(),
    () => storage.prune({ deliveredAfterMs: 0, failedAfterMs: 0, maxAttemptsPerAccount: 0, accounts: [], limit: 1 }),
    () => sqliteStorage({ database }).start({ now: Date.now }),
  ];
  for (const call of calls) {
    const error = await t.throwsAsync<HookwellError>(call, { name: 'HookwellError' });
    t.is(error.code, 'storage_busy');
  }
  t.true(database.inTransaction);
  database.exec('rollback');
  t.deepEqual(await storage.findEvents('a', ['x-e0']), []);
  await storage.storeEvents(batchFor('x', [id]));
  t.is((await storage.findEvents('a', ['x-e0'])).length, 1);
  t.deepEqual(database.prepare('select * from contacts').all(), []);
});

test('while the host reads through an open iterator, a call is refused as busy', async (t) => {
  const database = new Database(newFile());
  const storage = await started(sqliteStorage({ database }));
  const { id } = await subscribe(storage);
  for (const row of database.prepare('select 1 union select 2').iterate()) {
    t.truthy(row);
    const error = await t.throwsAsync<HookwellError>(storage.storeEvents(batchFor('x', [id])));
    t.is(error.code, 'storage_busy');
  }
  await storage.storeEvents(batchFor('x', [id]));
  t.is((await storage.findEvents('a', ['x-e0'])).length, 1);
});

test('while another connection holds the lock, a call is refused as busy in a moment, and the host keeps its busy timeout', async (t) => {
  const file = newFile();
  const database = new Database(file, { timeout: 4_321 });
  const storage = await started(sqliteStorage({ database }));
  const other = new Database(file);
  other.exec('begin immediate');
  const before = performance.now();
  const error = await t.throwsAsync<HookwellError>(subscribe(storage));
  t.is(error.code, 'storage_busy');
  t.is((error.cause as { code?: string }).code, 'SQLITE_BUSY');
  t.true(performance.now() - before < 2_000);
  t.is(database.pragma('busy_timeout', { simple: true }), 4_321);
  t.is((await storage.findSubscriptions([{ accountId: 'a', topic: 'sub_tag(3)' }])).length, 0);
  other.exec('rollback');
  other.close();
  t.is((await subscribe(storage)).id, 1);
});

test('a call that fails in the middle leaves nothing behind', async (t) => {
  const storage = await started(sqliteStorage({ filename: newFile() }));
  const { id } = await subscribe(storage);
  const batch = batchFor('x', [id, id]);
  const twice = { ...batch, deliveries: [...batch.deliveries, ...batch.deliveries] };
  const error = await t.throwsAsync<HookwellError>(storage.storeEvents(twice));
  t.is(error.code, 'storage_failed');
  t.truthy(error.cause);
  t.deepEqual(await storage.findEvents('a', ['x-e0', 'x-e1']), []);
  t.is((await storage.claimDeliveries(claimRequest())).claims.length, 0);
  await storage.stop();
});

test('stop closes a file that start opened, and leaves the database of the host open', async (t) => {
  const database = new Database(newFile());
  const shared = await started(sqliteStorage({ database }));
  await shared.stop();
  t.true(database.open);
  const own = await started(sqliteStorage({ filename: newFile() }));
  await own.stop();
  await own.stop();
  const error = await t.throwsAsync<HookwellError>(own.nextDueInMs());
  t.is(error.code, 'storage_failed');
});

test('a file is switched to WAL with full durability unless NORMAL is chosen, whatever the host had set', async (t) => {
  for (const [synchronous, level] of [
    ['FULL', 2],
    ['NORMAL', 1],
  ] as const) {
    const database = new Database(newFile());
    database.pragma('synchronous = off');
    await started(sqliteStorage({ database, synchronous }));
    t.is(database.pragma('journal_mode', { simple: true }), 'wal');
    t.is(database.pragma('synchronous', { simple: true }), level);
  }
});

test('a file that is made has pages for several records each, and one that is there keeps its own', async (t) => {
  const made = newFile();
  const there = newFile();
  new Database(there).exec('create table contacts (id integer)').close();
  for (const [filename, size] of [
    [made, 8_192],
    [there, 4_096],
  ] as const) {
    const storage = await started(sqliteStorage({ filename }));
    t.is(new Database(filename).pragma('page_size', { simple: true }), size);
    await storage.stop();
  }
});

test('a database in memory works', async (t) => {
  const storage = await started(sqliteStorage({ filename: ':memory:' }));
  const { id } = await subscribe(storage);
  await storage.storeEvents(batchFor('x', [id]));
  t.is((await storage.claimDeliveries(claimRequest())).claims.length, 1);
});

test('the settings of the host, BigInt integers and a LIKE that respects case, change no answer', async (t) => {
  const database = new Database(newFile());
  database.defaultSafeIntegers(true);
  database.pragma('case_sensitive_like = on');
  const clock = testClock();
  const storage = await started(sqliteStorage({ database }), clock.now);
  const subscription = await subscribe(storage);
  t.is(subscription.id, 1);
  t.is(subscription.createdAt, clock.now());
  const where = { kind: 'compare', field: 'url', operator: 'LIKE', value: '%EXAMPLE%' } as const;
  const { rows, total } = await storage.listSubscriptions('a', { ...allRows, where });
  t.deepEqual([rows[0]?.id, total], [1, 1]);
});

test('a call that forgets a hundred rows at the most is one short transaction, and one for more goes on to its limit', async (t) => {
  const clock = testClock(1_000);
  const storage = await started(sqliteStorage({ filename: newFile() }), clock.now);
  const ages = { deliveredAfterMs: 0, failedAfterMs: 0, maxAttemptsPerAccount: 0, accounts: [] };
  const forgotten: number[] = [];
  for (const limits of [
    [100, 100, 100, 100],
    [1_000, 1_000],
  ]) {
    for (let event = 0; event < 60; event += 1) {
      await storage.storeEvents({ ...batchFor(`${limits.length}-${event}`, [1]), deliveries: [] });
    }
    clock.move(1_000);
    for (const limit of limits) forgotten.push((await storage.prune({ ...ages, limit })).events);
  }
  t.deepEqual(forgotten, [25, 25, 10, 0, 60, 0]);
  await storage.stop();
});

test('a file that a newer version has written is refused, and left as it is', async (t) => {
  const filename = newFile();
  await (await started(sqliteStorage({ filename }))).stop();
  const database = new Database(filename);
  database.exec('insert into hookwell_migrations (version, applied_at) values (9999, 0)');
  const before = database.prepare('select * from hookwell_migrations').all();
  const error = await t.throwsAsync<HookwellError>(sqliteStorage({ filename }).start({ now: Date.now }));
  t.is(error.code, 'storage_failed');
  t.regex(error.message, /version 9999.*newer.*Update the package/);
  t.deepEqual(database.prepare('select * from hookwell_migrations').all(), before);
});

test('a file that is no database, and a folder that is not there, are refused with the name of the file', async (t) => {
  const text = newFile();
  writeFileSync(text, 'This is a text and certainly no database. '.repeat(50));
  const noDatabase = await t.throwsAsync<HookwellError>(sqliteStorage({ filename: text }).start({ now: Date.now }));
  t.is(noDatabase.code, 'storage_failed');
  t.regex(noDatabase.message, /\.db" is not an SQLite database/);
  const nowhere = folder.file('missing/x.db');
  const noFolder = await t.throwsAsync<HookwellError>(sqliteStorage({ filename: nowhere }).start({ now: Date.now }));
  t.is(noFolder.code, 'storage_failed');
  t.true(noFolder.message.includes(nowhere));
});

test('options are refused unless they name exactly one database, of better-sqlite3', (t) => {
  const refused = (options: object): string => {
    const error = t.throws<HookwellError>(() => sqliteStorage(options as { filename: string }));
    t.is(error?.code, 'invalid_option');
    return error?.message ?? '';
  };
  t.regex(refused({}), /either "filename" or "database", and got neither/);
  t.regex(refused({ filename: 'x', database: new Database(':memory:') }), /got both/);
  t.regex(refused({ database: {} }), /not a better-sqlite3 database/);
  t.regex(refused({ filename: 'x', synchronous: 'OFF' }), /synchronous/);
  t.regex(refused({ filname: 'x' }), /Did you mean "filename"/);
});

test('two processes that start on a new file and claim at once never get the same delivery', async (t) => {
  // A busy machine may let one process claim all before the other begins: another round then, until they have met.
  let met = false;
  for (let round = 0; round < 10 && !met; round += 1) {
    const claimed = await claimByTwo(t, newFile());
    t.is(claimed.flat().length, 600);
    t.is(new Set(claimed.flat()).size, 600);
    met = claimed.every((ids) => ids.length > 0);
  }
  t.true(met, 'in no round did both processes claim');
});

/** Lets two processes start on a new file, and then claim all of its 600 deliveries at once; answers what each got. */
async function claimByTwo(t: ExecutionContext, filename: string): Promise<readonly (readonly string[])[]> {
  const starting = [run('start', filename), run('start', filename)].map(async (child) => once(child, 'close'));
  for (const ended of await Promise.all(starting)) t.deepEqual(ended, [0, null]);
  const storage = await started(sqliteStorage({ filename }));
  const lanes: number[] = [];
  for (let lane = 0; lane < 3; lane += 1) lanes.push((await subscribe(storage)).id);
  await storage.storeEvents(
    batchFor(
      'x',
      Array.from({ length: 600 }, (_, index) => lanes[index % 3] as number),
    ),
  );
  await storage.stop();
  const claiming = [run('claim', filename), run('claim', filename)];
  const ending = Promise.all(claiming.map(async (child) => once(child, 'close')));
  for (const child of claiming) if (child.lines().length === 0) await once(child.stdout as NodeJS.ReadableStream, 'data');
  for (const child of claiming) child.stdin?.end('go');
  for (const ended of await ending) t.deepEqual(ended, [0, null]);
  return claiming.map((child) => child.lines().slice(1));
}

test('a file that an earlier version has written is brought up to date, and nothing of it is lost', async (t) => {
  const filename = newFile();
  const old = new Database(filename);
  old.exec(migrations[0]!);
  old.exec('create table hookwell_migrations (version integer primary key, applied_at integer not null)');
  old.exec('insert into hookwell_migrations values (1, 0)');
  old.exec(`
    insert into hookwell_subscriptions (account_id, url, topic, format, encoding, data, created_at, health, health_reason,
      health_since, health_version, consecutive_failures, last_status)
    values ('a', 'https://example.com/', 'sub_tag(3)', 'full', 'form', '', 1, 'healthy', '', 1, 0, 0, 0);
    insert into hookwell_events (id, account_id, topic, object_type, occurred_at, stored_at, record)
    values ('e', 'a', 'sub_tag(3)', 0, 1, 1, '{"id":1}');
    insert into hookwell_deliveries values ('d', 'a', 1, 'e', 0, 0, 0, 1, 1, null);
  `);
  old.close();
  const storage = await started(sqliteStorage({ filename }));
  const { claims, subscriptions, events } = await storage.claimDeliveries(claimRequest());
  t.deepEqual([claims.length, subscriptions[0]?.attributes, events[0]?.metadata], [1, {}, {}]);
  const changed = await storage.updateSubscription('a', 1, { attributes: { sealed: 'x' } });
  t.deepEqual(changed?.attributes, { sealed: 'x' });
  await storage.stop();
});

test('a process that is killed while it stores loses no event that it was told of, and leaves no half of one', async (t) => {
  const filename = newFile();
  const storage = await started(sqliteStorage({ filename }));
  const { id } = await subscribe(storage);
  await storage.stop();
  for (let round = 0; round < 3; round += 1) {
    const child = run('store', filename);
    while (child.lines().length < 300 * (round + 1)) await once(child.stdout as NodeJS.ReadableStream, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');
    const told = child.lines();
    const database = new Database(filename);
    t.is(database.pragma('integrity_check', { simple: true }), 'ok');
    const events = database.prepare('select id from hookwell_events').pluck().all() as string[];
    const needed = database
      .prepare('select event_id from hookwell_deliveries where subscription_id = ?')
      .pluck()
      .all(id) as string[];
    t.deepEqual(needed.toSorted(), events.toSorted());
    t.is(events.length % 3, 0);
    const stored = new Set(events);
    t.deepEqual(
      told.filter((event) => !stored.has(event)),
      [],
    );
    database.close();
  }
});
