import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StorageAdapter } from '@hookwell/core';
import test, { type ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { sqliteStorage } from '../src/sqlite/index.ts';
import { largeBatch, subscribe, temporaryFolder } from './storage-fixture.ts';

const folder = temporaryFolder();
test.after.always(() => folder.remove());

/** Frames in a log file of that many bytes, at 8 KiB a page. */
const framesIn = (file: string): number => Math.floor((statSync(`${file}-wal`).size - 32) / (24 + 8_192));

/** A database of a host's own, which notes the checkpoints that it is asked for. */
async function begin(t: ExecutionContext): Promise<{
  readonly file: string;
  readonly database: Database.Database;
  readonly storage: StorageAdapter;
  readonly here: () => number;
  /** Stores events with records of 1 KiB until so many frames were written. */
  readonly write: (frames: number) => Promise<void>;
}> {
  const file = folder.file(`${t.title.slice(0, 20).replaceAll(' ', '-')}.sqlite`);
  const database = new Database(file);
  database.pragma('page_size = 8192');
  let here = 0;
  const noted = new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...given: unknown[]): unknown => {
        if (name === 'pragma' && String(given[0]).startsWith('wal_checkpoint')) here += 1;
        return Reflect.apply(value, target, given);
      };
    },
  });
  const storage = sqliteStorage({ database: noted });
  await storage.start({ now: Date.now });
  const { id: lane } = await subscribe(storage);
  let batches = 0;
  t.teardown(() => database.close());
  return {
    file,
    database,
    storage,
    here: () => here,
    async write(frames) {
      // A large batch changes 20 pages at the least.
      for (let written = 0; written < frames; written += 20) {
        batches += 1;
        await storage.storeEvents(largeBatch(`b${batches}`, lane));
      }
    },
  };
}

async function until(holds: () => boolean): Promise<boolean> {
  for (let looks = 0; looks < 500 && !holds(); looks += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  return holds();
}

test('a thread of its own moves what is in the log, and the connection does not', async (t) => {
  const { file, database, storage, here, write } = await begin(t);
  t.is(database.pragma('wal_autocheckpoint', { simple: true }), 16_000);
  const before = statSync(file).size;
  await write(1_500);
  t.true(await until(() => statSync(file).size > before + 4_000_000));
  t.is(here(), 0);
  await storage.stop();
  t.is(database.pragma('wal_autocheckpoint', { simple: true }), 1_000, 'the host has its own setting back');
});

test('however much is written, the log stays short', async (t) => {
  const { file, storage, here, write } = await begin(t);
  await write(12_000);
  t.true(await until(() => here() > 0));
  await write(2_000);
  t.true(framesIn(file) < 8_000, `${framesIn(file)} frames`);
  await storage.stop();
});

test('where the thread has ended while the host has a transaction open, the rest waits for the end of that', async (t) => {
  const { file, database, storage, here, write } = await begin(t);
  // Somebody who reads keeps the log from beginning anew, so that it becomes long.
  const reader = new Database(file, { readonly: true });
  reader.exec('begin; select count(*) from hookwell_events');
  while (framesIn(file) < 3_800) await write(20);
  t.is(here(), 0);
  while (framesIn(file) < 5_200) {
    await write(20);
    database.exec('begin; select count(*) from hookwell_events');
    await new Promise((resolve) => setTimeout(resolve, 40));
    database.exec('commit');
    t.is(database.pragma('wal_autocheckpoint', { simple: true }), 16_000, 'it has given up');
  }
  await write(20);
  t.true(await until(() => here() > 0));
  reader.close();
  await storage.stop();
});

test('where the thread cannot open the file, the connection makes its checkpoints again', async (t) => {
  const { file, database, storage, write } = await begin(t);
  // It goes on for whoever has it open.
  rmSync(file);
  await write(1_500);
  t.true(await until(() => database.pragma('wal_autocheckpoint', { simple: true }) === 1_000));
  await write(1_500);
  await storage.stop();
});

test('a process that does not stop its storage ends all the same', async (t) => {
  const script = fileURLToPath(new URL('sqlite-checkpoints-process.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=source', script, folder.file('left-open.sqlite')], { stdio: 'ignore' });
  const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  clearTimeout(late);
  t.deepEqual([code, signal], [0, null]);
});

test('when the storage has stopped, nothing of it has the file open any more', async (t) => {
  const file = folder.file('own.sqlite');
  const storage = sqliteStorage({ filename: file });
  await storage.start({ now: Date.now });
  const { id: lane } = await subscribe(storage);
  for (let batch = 0; batch < 70; batch += 1) await storage.storeEvents(largeBatch(`b${batch}`, lane));
  await storage.stop();
  t.false(existsSync(`${file}-wal`), 'the last connection that closes removes the log');
});
