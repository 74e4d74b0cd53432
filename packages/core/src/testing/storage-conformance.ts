import { refusingWhereInapplicable } from './conformance-case.ts';
import type { StorageConformanceCase } from './storage-checks.ts';
import { storageClaimCases } from './storage-claim-cases.ts';
import { storageCoalesceCases } from './storage-coalesce-cases.ts';
import { storageCountCases } from './storage-count-cases.ts';
import { storageCutCases } from './storage-cut-cases.ts';
import { storageDueCases } from './storage-due-cases.ts';
import { storageEraseCases } from './storage-erase-cases.ts';
import { storageEventCases } from './storage-event-cases.ts';
import { storageExpireCases } from './storage-expire-cases.ts';
import { storageFenceCases } from './storage-fence-cases.ts';
import type { StorageHarness } from './storage-harness.ts';
import { storageHealthCases } from './storage-health-cases.ts';
import { storageJoinCases } from './storage-join-cases.ts';
import { storageKeyCases } from './storage-key-cases.ts';
import { storageLifeCases } from './storage-life-cases.ts';
import { storageManageCases } from './storage-manage-cases.ts';
import { storageOrderCases } from './storage-order-cases.ts';
import { storageOrderRaces } from './storage-order-races.ts';
import { storagePruneCases } from './storage-prune-cases.ts';
import { storageQueryCases } from './storage-query-cases.ts';
import { storageRaceCases } from './storage-race-cases.ts';
import { storageRecordCases } from './storage-record-cases.ts';
import { storageReplayCases } from './storage-replay-cases.ts';
import { storageReplayStepCases } from './storage-replay-step-cases.ts';
import { storageStoreCases } from './storage-store-cases.ts';
import { storageSubscriptionCases } from './storage-subscription-cases.ts';
import { storageTurnCases } from './storage-turn-cases.ts';
import { storageUpdateCases } from './storage-update-cases.ts';

/**
 * The promises of `StorageAdapter`, each as a case that any test runner can run. A case that a harness declares
 * impossible rejects when it is run all the same: ask `notApplicable` first, and show the reason.
 *
 * @example
 * import { test } from 'node:test'
 * const harness: StorageHarness = { createStorage: (place) => myStorage(place), clock: 'engine', unsupported: {} }
 * for (const { name, needs, run } of storageConformance) {
 *   const reason = notApplicable(needs, harness)
 *   test(name, { skip: reason ?? false }, () => run(harness))
 * }
 */
export const storageConformance: readonly StorageConformanceCase[] = [
  ...storageLifeCases,
  ...storageSubscriptionCases,
  ...storageUpdateCases,
  ...storageQueryCases,
  ...storageStoreCases,
  ...storageCoalesceCases,
  ...storageJoinCases,
  ...storageClaimCases,
  ...storageTurnCases,
  ...storageFenceCases,
  ...storageRecordCases,
  ...storageHealthCases,
  ...storageDueCases,
  ...storageManageCases,
  ...storageEventCases,
  ...storageCountCases,
  ...storageCutCases,
  ...storageEraseCases,
  ...storageReplayCases,
  ...storageReplayStepCases,
  ...storageKeyCases,
  ...storageOrderCases,
  ...storagePruneCases,
  ...storageExpireCases,
  ...storageRaceCases,
  ...storageOrderRaces,
].map(({ name, needs, run }, index) =>
  refusingWhereInapplicable({ name, needs, run: async (harness) => run(atPlacesOf(`case_${index + 1}`, harness)) }),
);

/** The harness with places that no other case uses. */
function atPlacesOf(prefix: string, harness: StorageHarness): StorageHarness {
  const { createStorage, begin, lock } = harness;
  return {
    ...harness,
    createStorage: (place) => createStorage(`${prefix}_${place}`),
    ...(begin && { begin: async (place: string) => begin(`${prefix}_${place}`) }),
    ...(lock && { lock: async (place: string) => lock(`${prefix}_${place}`) }),
  };
}
