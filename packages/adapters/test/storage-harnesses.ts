import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StorageAdapter } from '@hookwell/core';
import type { StorageHarness } from '@hookwell/core/testing';
import type { ExecutionContext } from 'ava';
import Database from 'better-sqlite3';
import { memoryStorage } from '../src/memory/index.ts';
import { sqliteStorage } from '../src/sqlite/index.ts';

/** Storages in memory, one for each place: it keeps what is in it while it is stopped. */
export function memoryHarness(): StorageHarness {
  const places = new Map<string, StorageAdapter>();
  return {
    createStorage(place) {
      const storage = places.get(place) ?? memoryStorage();
      places.set(place, storage);
      return storage;
    },
    clock: 'engine',
    unsupported: {
      'hears others': 'nobody else has what is in this object',
      'joins transactions': 'nobody else has a transaction open on what is in this object',
      'opens twice': 'what is in memory is in one object, and two of them share nothing',
      locks: 'nobody else can hold what is in this process alone',
    },
  };
}

/** Files in a folder of the test's own. */
export function sqliteHarness(t: ExecutionContext): StorageHarness {
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-conformance-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return {
    createStorage: (place) => sqliteStorage({ filename: join(folder, place), synchronous: 'NORMAL' }),
    clock: 'engine',
    async begin(place) {
      const within = new Database(join(folder, place));
      within.exec('begin');
      const end = async (how: 'commit' | 'rollback') => {
        within.exec(how);
        within.close();
      };
      return { within, commit: async () => end('commit'), rollback: async () => end('rollback') };
    },
    async lock(place) {
      const database = new Database(join(folder, place));
      database.exec('begin immediate');
      return async () => void database.close();
    },
    unsupported: { 'hears others': 'processes have no way to tell each other through a file' },
  };
}
