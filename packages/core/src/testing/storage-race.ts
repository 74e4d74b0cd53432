import type { StorageAdapter } from '../storage-adapter.ts';
import { storageCase, type StorageConformanceCase } from './storage-checks.ts';
import type { StorageTrial } from './storage-trial.ts';

/** How often a race is run unless told otherwise: one that is lost now and then is caught in one of these. */
const usually = 25;

/** How often a race is run that is lost in most rounds where it can be lost at all. */
export const fewRounds = 10;

/** One round of a race, counted from 0, so that rounds can take turns at who comes first. */
type Race = (trial: StorageTrial, callers: readonly StorageAdapter[], round: number) => Promise<void>;

/** A race of callers of one storage, and the same race of callers of two, as two processes would have it. */
export function race(name: string, run: Race, rounds: number = usually): StorageConformanceCase[] {
  const runAll = async (trial: StorageTrial, callers: readonly StorageAdapter[]): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) await run(trial, callers, round);
  };
  return [
    storageCase(`${name}, when several call at once`, async (trial) =>
      runAll(trial, [trial.storage, trial.storage, trial.storage]),
    ),
    storageCase(
      `${name}, when two storages are called at once`,
      async (trial) => runAll(trial, [trial.storage, await trial.start(trial.make())]),
      ['opens twice'],
    ),
  ];
}

/** Lets the first caller do one thing while the others do another; in every second round the others are called first. */
export async function against<One, Other>(
  callers: readonly StorageAdapter[],
  round: number,
  one: (caller: StorageAdapter) => Promise<One>,
  other: (caller: StorageAdapter) => Promise<Other>,
): Promise<{ readonly one: One; readonly others: Other[] }> {
  const [first, ...rest] = callers as [StorageAdapter, ...StorageAdapter[]];
  const early = round % 2 === 0 ? one(first) : null;
  const late = rest.map(async (caller) => other(caller));
  return { one: await (early ?? one(first)), others: await Promise.all(late) };
}
