import { randomBytes } from 'node:crypto';
import { HookwellError } from '../errors.ts';
import { gather } from '../gather.ts';
import { checkAccountId, type AccountId } from '../model/account.ts';
import { isStorableText } from '../model/key-text.ts';
import { Secret } from '../model/secret.ts';
import { shown } from '../model/shown.ts';
import type { KeyUse, NewKey, StoredKey } from '../model/stored-key.ts';
import { listed } from '../model/suggestion.ts';
import { newIds } from '../new-ids.ts';
import { resolveOptions } from '../options.ts';
import { ApiKeysOptionsSchema, type ApiKeysOptionsInput } from '../api-keys-options.ts';
import { compareKeys, digestOf, maxKeysPerApp } from './compare-keys.ts';

/** What a key may be permitted to do. */
export const keyPermissions = ['read', 'subscribe', 'unsubscribe'] as const;

/** Something that a key may do. */
export type KeyPermission = (typeof keyPermissions)[number];

/** What a caller gives to make a key. */
export interface KeyInput {
  readonly accountId: AccountId;
  /** What its owner calls it: at most 100 characters. */
  readonly name?: string | undefined;
  /** The id of the user, which answers to subscribe carry as `owner`; `1` when left out. */
  readonly owner?: string | number | undefined;
  /** Everything when left out. */
  readonly permissions?: readonly KeyPermission[] | undefined;
}

/** A key pair, this once: nobody can be shown the key again. */
export interface MadeKey {
  readonly appId: string;
  /** `apiKey.reveal()` answers the text. */
  readonly apiKey: Secret;
  readonly key: KeyInfo;
}

/** What can be seen of a key. Times in milliseconds since the epoch. */
export type KeyInfo = Omit<StoredKey, 'id' | 'digest' | 'accountId'>;

/** Whose a key pair is, as `webhooks({ authenticate })` takes it. */
export interface KeyCaller {
  readonly accountId: string;
  readonly owner: string;
  readonly permissions: readonly KeyPermission[];
}

/** The keys of accounts. Every call but `authenticate` is about one account, and sees nothing of another. */
export interface ApiKeys {
  /** Makes an App ID with a key of 256 random bits. @throws {HookwellError} `invalid_input` */
  readonly create: (input: KeyInput) => Promise<MadeKey>;
  /** The account's keys that are taken, the newest first: their last four characters, and roughly when they were used. */
  readonly list: (accountId: AccountId) => Promise<readonly KeyInfo[]>;
  /**
   * Makes another key for an App ID. Those that it had are taken for `overlapMs` more; 0 when one has become known.
   * @throws {HookwellError} `not_found` for an App ID that the account does not have; `invalid_input`
   */
  readonly rotate: (
    accountId: AccountId,
    appId: string,
    options?: { readonly overlapMs?: number | undefined },
  ) => Promise<MadeKey>;
  /** Ends all keys of an App ID at once. @throws {HookwellError} `not_found` */
  readonly revoke: (accountId: AccountId, appId: string) => Promise<void>;
  /**
   * Answers whose a key pair is, or null when it is nobody's; in the same time, as far as can be told from outside, whether
   * it is the App ID that is wrong or the key. Rejects when the storage does.
   */
  readonly authenticate: (credentials: { readonly appId: string; readonly apiKey: string }) => Promise<KeyCaller | null>;
}

/**
 * Keeps key pairs for accounts in the storage of an engine, the keys as digests. Pass its `authenticate` to `webhooks`.
 *
 * @throws {HookwellError} `invalid_option`
 * @example
 * const keys = apiKeys({ storage })
 * const { appId, apiKey } = await keys.create({ accountId: 7, name: 'warehouse' })
 * app.use('/1', webhooks(engine, { authenticate: keys.authenticate }))
 */
export function apiKeys(options: ApiKeysOptionsInput): ApiKeys {
  const { storage, overlapMs, touchEveryMs, now, onError } = resolveOptions(ApiKeysOptionsSchema, options, 'apiKeys');
  for (const member of ['createKeys', 'findKeys', 'listKeys', 'endKeys', 'touchKeys'] as const) {
    if (typeof storage[member] === 'function') continue;
    throw new HookwellError('invalid_option', `apiKeys: option "storage" is no storage: its "${member}" is not a function.`);
  }
  const newId = newIds(now);

  /** Requests of the same turn are looked up together. */
  const lookups = gather<string, readonly StoredKey[]>({
    groupSize: 100,
    waitMs: 'microtask',
    async write(appIds) {
      const found = await storage.findKeys(appIds);
      // Not put into groups: that would take longer where there is something to be put.
      return appIds.map((appId) => found.filter((key) => key.appId === appId));
    },
  });
  const touches = gather<KeyUse, void>({
    groupSize: 100,
    waitMs: 0,
    async write(uses) {
      await storage.touchKeys(uses);
      return [];
    },
  });
  /** Uses that are being written down, so that none is twice. */
  const touching = new Set<string>();

  function touch({ id, lastUsedAt }: StoredKey): void {
    const usedAt = Math.floor(now());
    if (touching.has(id) || (lastUsedAt !== null && usedAt - lastUsedAt < touchEveryMs)) return;
    touching.add(id);
    void touches
      .add({ id, usedAt })
      .catch(onError)
      // What the host's listener throws is its own.
      .catch(() => undefined)
      .finally(() => touching.delete(id));
  }

  async function keysOf(accountId: string, appId: string): Promise<readonly StoredKey[]> {
    const keys = (await storage.listKeys(accountId)).filter((key) => key.appId === appId);
    if (keys.length > 0) return keys;
    throw new HookwellError('not_found', `No App ID ${shown(appId)} in this account; list its keys to see which there are.`, {
      value: appId,
    });
  }

  async function make(wanted: Omit<NewKey, 'id' | 'digest' | 'last4'>): Promise<MadeKey> {
    const apiKey = new Secret(`hwk_${randomBytes(32).toString('base64url')}`);
    const id = newId();
    await storage.createKeys([{ id, digest: digestOf(apiKey.reveal()), last4: apiKey.last4, ...wanted }]);
    const stored = (await storage.listKeys(wanted.accountId)).find((key) => key.id === id);
    if (!stored) throw new HookwellError('storage_failed', 'The key that was just stored is not there; make another one.');
    return { appId: wanted.appId, apiKey, key: infoOf(stored) };
  }

  return {
    async create(input) {
      const accountId = checkAccountId(input.accountId);
      return make({ accountId, appId: `app_${randomBytes(16).toString('base64url')}`, ...checkInput(input) });
    },

    list: async (accountId) => (await storage.listKeys(checkAccountId(accountId))).map(infoOf),

    async rotate(accountId, appId, { overlapMs: overlap = overlapMs } = {}) {
      if (!Number.isSafeInteger(overlap) || overlap < 0 || overlap > 30 * 86_400_000) {
        throw new HookwellError('invalid_input', `Invalid overlapMs ${shown(overlap)}: pass milliseconds from 0 to 30 days.`, {
          value: overlap,
        });
      }
      const account = checkAccountId(accountId);
      const old = await keysOf(account, appId);
      const { name, owner, permissions } = old[0] as StoredKey;
      const made = await make({ accountId: account, appId, name, owner, permissions });
      const ids = old.map(({ id }) => id);
      await storage.endKeys(account, ids, overlap);
      // More than are compared would be keys that are none.
      await storage.endKeys(account, ids.slice(maxKeysPerApp - 1), 0);
      return made;
    },

    async revoke(accountId, appId) {
      const account = checkAccountId(accountId);
      await storage.endKeys(
        account,
        (await keysOf(account, appId)).map(({ id }) => id),
        0,
      );
    },

    async authenticate({ appId, apiKey }) {
      const key = compareKeys(apiKey, await lookups.add(appId));
      if (key === null) return null;
      touch(key);
      return { accountId: key.accountId, owner: key.owner, permissions: key.permissions as readonly KeyPermission[] };
    },
  };
}

function infoOf({ appId, last4, name, owner, permissions, createdAt, endsAt, lastUsedAt }: StoredKey): KeyInfo {
  return { appId, last4, name, owner, permissions, createdAt, endsAt, lastUsedAt };
}

/** @throws {HookwellError} `invalid_input` */
function checkInput({
  name = '',
  owner = '1',
  permissions = keyPermissions,
}: KeyInput): Pick<NewKey, 'name' | 'owner' | 'permissions'> {
  if (typeof name !== 'string' || name.length > 100 || !isStorableText(name)) {
    throw new HookwellError('invalid_input', `Invalid name ${shown(name)}: pass a text of at most 100 characters.`, {
      value: name,
    });
  }
  const id = typeof owner === 'number' ? String(owner) : owner;
  if (typeof id !== 'string' || id === '' || id.length > 200 || !isStorableText(id)) {
    throw new HookwellError('invalid_input', `Invalid owner ${shown(owner)}: pass a number, or a text of 1 to 200 characters.`, {
      value: owner,
    });
  }
  if (!Array.isArray(permissions) || !permissions.every((one: KeyPermission) => keyPermissions.includes(one))) {
    throw new HookwellError(
      'invalid_input',
      `Invalid permissions ${shown(permissions)}: pass some of ${listed(keyPermissions)}.`,
      {
        value: permissions,
      },
    );
  }
  return { name, owner: id, permissions: [...new Set(permissions)] };
}
