import { notApplicable, storageConformance, type StorageHarness } from '@hookwell/core/testing';
import test from 'ava';
import { memoryHarness, sqliteHarness } from './storage-harnesses.ts';

for (const [name, makeHarness] of Object.entries({ memoryStorage: memoryHarness, sqliteStorage: sqliteHarness })) {
  for (const promise of storageConformance) {
    test(`${name} keeps the promise: ${promise.name}`, async (t) => {
      const harness: StorageHarness = makeHarness(t);
      const reason = notApplicable(promise.needs, harness);
      if (reason === null) await t.notThrowsAsync(promise.run(harness));
      else await t.throwsAsync(promise.run(harness), { message: new RegExp(reason) });
    });
  }
}
