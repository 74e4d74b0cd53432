import fs from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HookwellError, StorageAdapter } from '@hookwell/core';
import test from 'ava';
import Database from 'better-sqlite3';
import { sqliteStorage, type SqliteStorageOptionsInput } from '../src/sqlite/index.ts';
import { batchFor, subscribe, temporaryFolder } from './storage-fixture.ts';

type Callback = (error: NodeJS.ErrnoException | null) => void;

/** A sync that the test holds up. */
interface HeldSync {
  readonly descriptor: number;
  /** Lets the disk have it, or fail. */
  readonly end: (error?: NodeJS.ErrnoException) => void;
}

const folder = temporaryFolder();
test.after.always(() => folder.remove());

let files = 0;
function newFile(): string {
  files += 1;
  return folder.file(`${files}.db`);
}

/** Holds up what Node is asked to make durable, from now on until the test ends. */
function holdSyncs(t: { teardown(end: () => void): void }): HeldSync[] {
  const held: HeldSync[] = [];
  const original = fs.fdatasync;
  t.teardown(() => {
    fs.fdatasync = original;
  });
  fs.fdatasync = ((descriptor: number, callback: Callback) => {
    const end = (error?: NodeJS.ErrnoException): void => (error ? callback(error) : original(descriptor, callback));
    held.push({ descriptor, end });
  }) as typeof original;
  return held;
}

async function ready(options: SqliteStorageOptionsInput): Promise<{ storage: StorageAdapter; subscriptionId: number }> {
  const storage = sqliteStorage(options);
  await storage.start({ now: Date.now });
  return { storage, subscriptionId: (await subscribe(storage)).id };
}

/** Whether a call has come to an end by now; a few turns are given to it. */
async function hasEnded(call: Promise<unknown>): Promise<boolean> {
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  call.then(end, end);
  for (let turn = 0; turn < 5; turn += 1) await nextTurn();
  return ended;
}

for (const whose of ['a file of its own', 'the database of the host']) {
  test.serial(`${whose}: a call is answered once the log is on the disk, and the process goes on meanwhile`, async (t) => {
    const filename = newFile();
    const database = whose === 'a file of its own' ? undefined : new Database(filename);
    const { storage, subscriptionId } = await ready(database ? { database } : { filename });
    const syncs = holdSyncs(t);
    const stored = storage.storeEvents(batchFor('x', [subscriptionId]));
    t.false(await hasEnded(stored));
    t.is((await storage.findEvents('a', ['x-e0'])).length, 1);
    t.is(syncs.length, 1);
    t.is(fs.fstatSync(syncs[0]!.descriptor).ino, fs.statSync(`${filename}-wal`).ino);
    syncs[0]!.end();
    await stored;
    if (database) t.is(database.pragma('synchronous', { simple: true }), 2);
    await storage.stop();
    database?.close();
  });
}

test.serial(
  'one sync does for all calls that have committed before it begins, and none for those that commit later',
  async (t) => {
    const { storage, subscriptionId } = await ready({ filename: newFile() });
    const syncs = holdSyncs(t);
    const first = storage.storeEvents(batchFor('x', [subscriptionId]));
    const second = storage.storeEvents(batchFor('y', [subscriptionId]));
    const third = storage.storeEvents(batchFor('z', [subscriptionId]));
    t.is(syncs.length, 1);
    syncs[0]!.end();
    await first;
    t.deepEqual([await hasEnded(second), await hasEnded(third)], [false, false]);
    t.is(syncs.length, 2);
    syncs[1]!.end();
    await Promise.all([second, third]);
    t.is(syncs.length, 2);
    await storage.stop();
  },
);

test.serial('a call that finds what another has written waits for the disk as well', async (t) => {
  const { storage, subscriptionId } = await ready({ filename: newFile() });
  await storage.storeEvents(batchFor('x', [subscriptionId], { idempotencyKey: 'k' }));
  const syncs = holdSyncs(t);
  const again = storage.storeEvents(batchFor('y', [subscriptionId], { idempotencyKey: 'k' }));
  t.false(await hasEnded(again));
  syncs[0]!.end();
  t.is((await again)[0]?.id, 'x-e0');
  await storage.stop();
});

test.serial(
  'when the disk fails, the call is refused and nothing more is written until the storage is started again',
  async (t) => {
    const { storage, subscriptionId } = await ready({ filename: newFile() });
    const syncs = holdSyncs(t);
    const stored = storage.storeEvents(batchFor('x', [subscriptionId]));
    syncs[0]!.end(new Error('EIO: i/o error, fdatasync'));
    const error = await t.throwsAsync<HookwellError>(stored);
    t.is(error.code, 'storage_failed');
    t.regex(error.message, /The disk did not keep ".*\.db-wal": EIO.*started again/);
    await t.throwsAsync(storage.storeEvents(batchFor('y', [subscriptionId])), { message: error.message });
    t.deepEqual(await storage.findEvents('a', ['y-e0']), []);
    await storage.stop();
    await storage.start({ now: Date.now });
    const afterwards = storage.storeEvents(batchFor('y', [subscriptionId]));
    syncs[1]!.end();
    await afterwards;
    await storage.stop();
  },
);

test.serial('with NORMAL nothing waits for the disk', async (t) => {
  const { storage, subscriptionId } = await ready({ filename: newFile(), synchronous: 'NORMAL' });
  const syncs = holdSyncs(t);
  await storage.storeEvents(batchFor('x', [subscriptionId]));
  t.is(syncs.length, 0);
  await storage.stop();
});

test.serial('a call that waits for the disk is still answered when the storage is stopped', async (t) => {
  const { storage, subscriptionId } = await ready({ filename: newFile() });
  const syncs = holdSyncs(t);
  const stored = storage.storeEvents(batchFor('x', [subscriptionId]));
  await storage.stop();
  syncs[0]!.end();
  await stored;
  t.throws(() => fs.fstatSync(syncs[0]!.descriptor), { code: 'EBADF' });
});
