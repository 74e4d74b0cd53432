import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClaimRequest, NewSubscription, StoreBatch, StorageAdapter, StoredEvent, Subscription } from '@hookwell/core';
import { exampleSubscription, testClock } from '@hookwell/core/testing';

export { exampleOutcome as outcomeOf } from '@hookwell/core/testing';

/** When events of these tests happen and attempts begin, in milliseconds since the epoch. */
const noon = testClock().now();

/** A folder of the test's own, and what removes it. */
export function temporaryFolder(): { readonly file: (name: string) => string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'hookwell-sqlite-'));
  return {
    file: (name) => join(folder, name),
    remove() {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function subscribe(storage: StorageAdapter, wish: Partial<NewSubscription> = {}): Promise<Subscription> {
  return storage.createSubscription(exampleSubscription(wish));
}

/** A batch with one event per lane that is named, and its delivery. Ids are `<name>-e0`, `<name>-d0` and so on. */
export function batchFor(
  name: string,
  lanes: readonly number[],
  given: Partial<StoredEvent> & { leased?: boolean } = {},
): StoreBatch {
  const { leased = false, ...fields } = given;
  const events = lanes.map((_, index) => ({
    id: `${name}-e${index}`,
    accountId: 'a',
    topic: 'sub_tag(3)',
    objectType: 0,
    record: { id: index },
    occurredAt: noon,
    idempotencyKey: null,
    metadata: {},
    ...fields,
  }));
  const deliveries = lanes.map((subscriptionId, index) => ({
    id: `${name}-d${index}`,
    accountId: 'a',
    subscriptionId,
    eventId: `${name}-e${index}`,
    leased,
  }));
  return { events, deliveries, fence: `fence of ${name}`, leaseMs: 60_000 };
}

/** A batch with a hundred events of 1 KiB for a lane, and their deliveries. */
export function largeBatch(name: string, lane: number): StoreBatch {
  const lanes = Array.from({ length: 100 }, () => lane);
  return batchFor(name, lanes, { record: { id: 1, text: 'x'.repeat(1_024) } });
}

export function claimRequest(given: Partial<ClaimRequest> = {}): ClaimRequest {
  return { fence: 'fence', leaseMs: 60_000, limit: 100, perLane: 100, lanes: new Map(), after: 0, ...given };
}
