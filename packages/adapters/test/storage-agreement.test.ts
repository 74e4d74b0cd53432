import type { StorageAdapter } from '@hookwell/core';
import { testClock } from '@hookwell/core/testing';
import test from 'ava';
import { memoryStorage } from '../src/memory/index.ts';
import { sqliteStorage } from '../src/sqlite/index.ts';
import { makeCalls } from './storage-calls.ts';

/** What a call came to, so that two storages can be compared: its answer, or the code with which it rejects. */
async function resultOf(call: (storage: StorageAdapter) => Promise<unknown>, storage: StorageAdapter): Promise<unknown> {
  try {
    return await call(storage);
  } catch (error) {
    return { code: (error as { code?: unknown }).code };
  }
}

for (const seed of [1, 2, 3]) {
  test(`memory and SQLite answer the same to the same calls at the same times, whatever they are (${seed})`, async (t) => {
    const clock = testClock();
    const [memory, sqlite] = [memoryStorage(), sqliteStorage({ filename: ':memory:' })];
    for (const storage of [memory, sqlite]) await storage.start({ now: clock.now });
    t.teardown(async () => sqlite.stop());
    const calls = makeCalls(seed, clock);
    for (let step = 0; step < 1_000; step += 1) {
      const { name, call, learn } = calls.next();
      const answer = await resultOf(call, sqlite);
      t.deepEqual(await resultOf(call, memory), answer, `step ${step}: ${name}`);
      learn(answer);
    }
    for (const [name, times] of calls.answered) t.true(times > 5, `${name} was answered only ${times} times`);
  });
}
