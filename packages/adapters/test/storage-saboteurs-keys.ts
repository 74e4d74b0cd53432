import type { StoredKey } from '@hookwell/core';
import type { StorageSaboteur } from './storage-saboteur.ts';

const created = 'createKeys stores keys as of now and without an end, and leaves one that is there as it is';
const found = 'findKeys answers the keys of these App IDs, whosever they are, and no others';
const listed = "listKeys answers an account's own keys, the newest first";
const ended = 'endKeys ends keys of the account in so many milliseconds, none later than it ends already';
const touched = 'touchKeys writes down when keys were used, and goes back with none';

const withoutEnd = (key: StoredKey): StoredKey => ({ ...key, endsAt: null });

/** Storages that break promises about keys. */
export const keySaboteurs: readonly StorageSaboteur[] = [
  {
    does: 'forgets what a key may do',
    sabotage: (sound) => ({
      createKeys: async (keys) => sound.createKeys(keys.map((key) => ({ ...key, permissions: [] }))),
    }),
    caughtBy: created,
    sentence: /^it stores something else than it was given/,
  },
  {
    does: 'stores only the first of several keys',
    sabotage: (sound) => ({ createKeys: async (keys) => sound.createKeys(keys.slice(0, 1)) }),
    caughtBy: created,
    sentence: /^it stores something else than it was given/,
  },
  {
    does: 'dates keys by the machine',
    sabotage: (sound) => ({
      listKeys: async (accountId) => (await sound.listKeys(accountId)).map((key) => Object.assign({}, key, { createdAt: 0 })),
    }),
    caughtBy: created,
    sentence: /^a key is not as of now/,
  },
  {
    does: 'puts a key in the place of another of its id',
    sabotage: (sound, { notes }) => ({
      async createKeys(keys) {
        for (const { id, digest } of keys) notes.set(id, digest);
        await sound.createKeys(keys);
      },
      findKeys: async (appIds) =>
        (await sound.findKeys(appIds)).map((key) => Object.assign({}, key, { digest: notes.get(key.id) ?? key.digest })),
    }),
    caughtBy: created,
    sentence: /^a key was changed by another of its id/,
  },
  {
    does: 'finds App IDs whatever their case',
    sabotage: (sound) => ({
      findKeys: async (appIds) => sound.findKeys(appIds.includes('app_1') ? [...appIds, 'App_1'] : appIds),
    }),
    caughtBy: found,
    sentence: /^it does not find just the keys of/,
  },
  {
    does: 'finds only the keys of the first App ID',
    sabotage: (sound) => ({ findKeys: async (appIds) => sound.findKeys(appIds.slice(0, 1)) }),
    caughtBy: found,
    sentence: /^it does not find just the keys of/,
  },
  {
    does: 'lists the keys of everybody',
    sabotage: (sound) => ({
      listKeys: async (accountId) => [...(await sound.listKeys(accountId)), ...(await sound.listKeys('b'))],
    }),
    caughtBy: listed,
    sentence: /^it does not list just the keys of the account/,
  },
  {
    does: 'lists the oldest key first',
    sabotage: (sound) => ({ listKeys: async (accountId) => (await sound.listKeys(accountId)).toReversed() }),
    caughtBy: listed,
    sentence: /^it does not list just the keys of the account, by their ids/,
  },
  {
    does: 'ends keys of other accounts',
    sabotage: (sound) => ({
      async endKeys(accountId, ids, inMs) {
        for (const account of [accountId, 'b']) await sound.endKeys(account, ids, inMs);
      },
    }),
    caughtBy: ended,
    sentence: /^an account ended a key of another/,
  },
  {
    does: 'ends every key at once',
    sabotage: (sound) => ({ endKeys: async (accountId, ids) => sound.endKeys(accountId, ids, 0) }),
    caughtBy: ended,
    sentence: /^a key that has ended is listed, or another one ended with it/,
  },
  {
    does: 'never ends a key',
    sabotage: () => ({ endKeys: async () => undefined }),
    caughtBy: ended,
    sentence: /^a key that has ended is listed/,
  },
  {
    does: 'tells nobody when a key ends',
    sabotage: (sound) => ({ listKeys: async (accountId) => (await sound.listKeys(accountId)).map(withoutEnd) }),
    caughtBy: ended,
    sentence: /^a key does not end when it was told to/,
  },
  {
    does: 'takes the last use that it is told of for the latest',
    sabotage: (sound, { notes }) => ({
      async touchKeys(uses) {
        for (const { id, usedAt } of uses) notes.set(id, usedAt);
        await sound.touchKeys(uses);
      },
      findKeys: async (appIds) =>
        (await sound.findKeys(appIds)).map((key) => Object.assign({}, key, { lastUsedAt: notes.get(key.id) ?? null })),
    }),
    caughtBy: touched,
    sentence: /^a key was used earlier than is known/,
  },
  {
    does: 'does not write down when keys were used',
    sabotage: () => ({ touchKeys: async () => undefined }),
    caughtBy: touched,
    sentence: /^it does not write down when a key was used/,
  },
];
