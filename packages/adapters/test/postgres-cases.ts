import { notApplicable, storageConformance, type StorageHarness } from '@hookwell/core/testing';
import test from 'ava';
import PQueue from 'p-queue';

/** Few at a time: a case that waited for a connection behind all others would measure that as time that passed. */
const cases = new PQueue({ concurrency: 4 });

/**
 * Makes a test of each case.
 *
 * @param title what the storage does, e.g. `postgresStorage keeps`
 * @param which whether a case is to be one of them, by its name
 */
export function testCases(title: string, makeHarness: () => StorageHarness, which: (name: string) => boolean = () => true): void {
  for (const promise of storageConformance.filter(({ name }) => which(name))) {
    test(`${title} the promise: ${promise.name}`, async (t) => {
      const harness = makeHarness();
      t.is(notApplicable(promise.needs, harness), null);
      await t.notThrowsAsync(cases.add(async () => promise.run(harness)));
    });
  }
}
