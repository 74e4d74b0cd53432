import { deepEqual, equal, fail, ok } from 'node:assert/strict';
import type { StoredEvent } from '../model/event.ts';
import type { EventSearch } from '../model/event-search.ts';
import { storageCase } from './storage-checks.ts';
import type { StorageTrial } from './storage-trial.ts';

/** Stores these events, one after the other, and the second of each two with a delivery. */
async function storeInTurn(trial: StorageTrial, given: readonly Partial<StoredEvent>[]): Promise<readonly StoredEvent[]> {
  const lane = await trial.subscribe();
  const stored: StoredEvent[] = [];
  for (const [index, one] of given.entries()) {
    const batch = trial.batch([lane], one);
    await trial.storage.storeEvents(index % 2 === 0 ? { ...batch, deliveries: [] } : batch);
    stored.push(...batch.events);
    if (trial.harness.clock === 'engine') await trial.pass(1_000);
  }
  return stored;
}

/** All that a search finds, part by part. */
async function listAll(
  trial: StorageTrial,
  accountId: string,
  search: Partial<EventSearch> = {},
): Promise<readonly StoredEvent[]> {
  const events: StoredEvent[] = [];
  let after: string | null = '';
  for (let parts = 0; after !== null; parts += 1) {
    if (parts === 100) fail('a list of events does not come to an end');
    const wanted: EventSearch = { topic: null, limit: 100, looks: 100, ...search, after };
    const page = await trial.storage.listEvents(accountId, wanted);
    if (page.events.length > wanted.limit) fail(`a list of ${wanted.limit} events has ${page.events.length}`);
    events.push(...page.events);
    ({ after } = page);
  }
  return events;
}

/** The promises about listing stored events. */
export const storageEventCases = [
  storageCase(
    'listEvents answers an account’s own events, whole, the newest first, whether or not anybody gets them',
    async (trial) => {
      const given = [{}, { topic: 'sub_tag(4)' }, { accountId: 'b' }, {}, { idempotencyKey: 'once' }];
      const [first, other, foreign, fourth, last] = await storeInTurn(trial, given);
      deepEqual(
        await listAll(trial, 'a'),
        [last, fourth, other, first],
        'it does not list just the events of the account, the newest first',
      );
      deepEqual(await listAll(trial, 'a', { topic: 'sub_tag(3)' }), [last, fourth, first], 'it lists events of another topic');
      deepEqual(await listAll(trial, 'b'), [foreign], 'an account does not see its own event alone');
      deepEqual(await listAll(trial, 'c'), [], 'an account without events is shown some');
    },
  ),

  storageCase('listEvents goes on from any place, as far as it is told to look', async (trial) => {
    const { storage } = trial;
    await storeInTurn(trial, [{}, {}, { accountId: 'b' }, {}, { accountId: 'b' }, { accountId: 'b' }, {}]);
    const all = await listAll(trial, 'a');
    equal(all.length, 4, 'not all events are listed');
    for (const limit of [1, 2, 3]) {
      deepEqual(await listAll(trial, 'a', { limit }), all, `${limit} at a time, other events are listed`);
      deepEqual(await listAll(trial, 'a', { looks: limit }), all, `with ${limit} looks at a time, other events are listed`);
    }
    const search = { topic: 'sub_tag(9)', after: '', limit: 100, looks: 3 };
    const { events, after } = await storage.listEvents('a', search);
    ok(after !== null && events.length === 0, 'it looks at more rows than it is told to');
  }),
];
