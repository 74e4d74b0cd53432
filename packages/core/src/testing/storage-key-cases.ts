import { deepEqual } from 'node:assert/strict';
import type { NewKey, StoredKey } from '../model/stored-key.ts';
import { storageCase } from './storage-checks.ts';
import type { StorageTrial } from './storage-trial.ts';

function newKey(trial: StorageTrial, wish: Partial<NewKey> = {}): NewKey {
  return {
    id: trial.newId(),
    accountId: 'a',
    appId: 'app_1',
    digest: 'ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0',
    last4: 'x9_-',
    name: 'Zoë’s "warehouse"',
    owner: '7',
    permissions: ['read', 'subscribe'],
    ...wish,
  };
}

/** What was to be stored of a key. */
function wantedOf({ createdAt: _createdAt, endsAt: _endsAt, lastUsedAt: _lastUsedAt, ...wanted }: StoredKey): NewKey {
  return wanted;
}

const idsOf = (keys: readonly StoredKey[]): readonly string[] => keys.map(({ id }) => id);

/** The promises about keys. */
export const storageKeyCases = [
  storageCase('createKeys stores keys as of now and without an end, and leaves one that is there as it is', async (trial) => {
    const { storage } = trial;
    const given = [newKey(trial), newKey(trial, { appId: 'app_2', permissions: [], name: '' })];
    await storage.createKeys(given);
    const stored = await storage.listKeys('a');
    deepEqual(stored.map(wantedOf), given.toReversed(), 'it stores something else than it was given');
    for (const { createdAt, endsAt, lastUsedAt } of stored) {
      trial.sameTime(createdAt, await trial.now(), 'a key is not as of now');
      deepEqual([endsAt, lastUsedAt], [null, null], 'a new key has an end, or was used');
    }
    const third = newKey(trial);
    await storage.createKeys([{ ...given[0]!, digest: 'another', accountId: 'b' }, third]);
    deepEqual(
      await storage.findKeys(['app_1']),
      [stored[1]!, ...(await storage.listKeys('a')).slice(0, 1)],
      'a key was changed by another of its id',
    );
  }),

  storageCase('findKeys answers the keys of these App IDs, whosever they are, and no others', async (trial) => {
    const { storage } = trial;
    const keys = [
      newKey(trial),
      newKey(trial),
      newKey(trial, { accountId: 'b', appId: 'app_2' }),
      newKey(trial, { appId: 'App_1' }),
    ];
    await storage.createKeys(keys);
    for (const [appIds, expected] of [
      [['app_1'], [keys[0]!, keys[1]!]],
      [['app_2', 'app_1', 'app_1', 'app_3'], keys.slice(0, 3)],
      [['app_%', 'app_1"', '{}', "' or 1 = 1"], []],
      [[], []],
    ] as const) {
      const found = (await storage.findKeys(appIds)).map(wantedOf).toSorted((a, b) => (a.id < b.id ? -1 : 1));
      deepEqual(found, expected, `it does not find just the keys of ${JSON.stringify(appIds)}`);
    }
  }),

  storageCase("listKeys answers an account's own keys, the newest first", async (trial) => {
    const { storage } = trial;
    const keys = [newKey(trial), newKey(trial, { accountId: 'b' }), newKey(trial, { appId: 'app_2' })];
    await storage.createKeys(keys.toReversed());
    deepEqual(
      (await storage.listKeys('a')).map(wantedOf),
      [keys[2], keys[0]],
      'it does not list just the keys of the account, by their ids',
    );
    deepEqual(await storage.listKeys('c'), [], 'an account without keys has some');
  }),

  storageCase('endKeys ends keys of the account in so many milliseconds, none later than it ends already', async (trial) => {
    const { storage, spanMs } = trial;
    const keys = [newKey(trial), newKey(trial), newKey(trial), newKey(trial, { accountId: 'b' })];
    await storage.createKeys(keys);
    const [later, atOnce, staying, other] = keys.map(({ id }) => id);
    const began = await trial.now();
    await storage.endKeys('a', [later!, other!], 10 * spanMs);
    await storage.endKeys('a', [atOnce!, 'unknown'], 0);
    const left = await storage.listKeys('a');
    deepEqual(idsOf(left), [staying, later], 'a key that has ended is listed, or another one ended with it');
    trial.sameTime(left[1]?.endsAt, began + 10 * spanMs, 'a key does not end when it was told to');
    deepEqual(idsOf(await storage.findKeys(['app_1'])).toSorted(), [later, staying, other], 'a key that has ended is found');
    deepEqual((await storage.listKeys('b'))[0]?.endsAt, null, 'an account ended a key of another');
    await storage.endKeys('a', [later!], 100 * spanMs);
    trial.sameTime((await storage.listKeys('a'))[1]?.endsAt, began + 10 * spanMs, 'a key ends later than it did');
    await trial.pass(9 * spanMs);
    deepEqual(idsOf(await storage.listKeys('a')), [staying, later], 'a key ended before its time');
    await trial.pass(2 * spanMs);
    deepEqual(idsOf(await storage.listKeys('a')), [staying], 'a key is listed after its time');
    deepEqual(idsOf(await storage.findKeys(['app_1'])).toSorted(), [staying, other], 'a key is found after its time');
    await storage.endKeys('a', [], 0);
    deepEqual(idsOf(await storage.listKeys('a')), [staying], 'a key ended that nobody has named');
  }),

  storageCase('touchKeys writes down when keys were used, and goes back with none', async (trial) => {
    const { storage } = trial;
    const keys = [newKey(trial), newKey(trial, { accountId: 'b' })];
    await storage.createKeys(keys);
    const [first, second] = keys.map(({ id }) => id);
    const used = async () =>
      (await storage.findKeys(['app_1'])).toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(({ lastUsedAt }) => lastUsedAt);
    await storage.touchKeys([
      { id: first!, usedAt: 2_000 },
      { id: 'unknown', usedAt: 2_000 },
    ]);
    deepEqual(await used(), [2_000, null], 'it does not write down when a key was used, and of no other');
    await storage.touchKeys([
      { id: first!, usedAt: 1_000 },
      { id: second!, usedAt: 1_500 },
      { id: second!, usedAt: 3_000 },
      { id: second!, usedAt: 2_500 },
    ]);
    deepEqual(await used(), [2_000, 3_000], 'a key was used earlier than is known');
    await storage.touchKeys([]);
    deepEqual((await storage.listKeys('a')).map(wantedOf), [keys[0]], 'something else of a key was changed');
  }),
];
