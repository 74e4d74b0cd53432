import { createHash, timingSafeEqual } from 'node:crypto';
import type { StoredKey } from '../model/stored-key.ts';

/** How many keys may go by one App ID at a time: one, and those that it replaces. */
export const maxKeysPerApp = 5;

/** What stands where there is no key, so that the same is done with it, and nobody's key has its digest. */
const nobodys: StoredKey = Object.freeze({
  id: '',
  accountId: '',
  appId: '',
  digest: Buffer.alloc(32, 0xa5).toString('base64url'),
  last4: '',
  name: '',
  owner: '',
  permissions: Object.freeze([]),
  createdAt: 0,
  endsAt: null,
  lastUsedAt: null,
});

/** The SHA-256 of a key, as it is stored. A key has 256 random bits, so that there is nothing for a slow hash to slow down. */
export function digestOf(apiKey: string): string {
  return createHash('sha256').update(apiKey).digest('base64url');
}

/**
 * Answers which of the keys of an App ID was sent; null when none was. As many digests are compared, each in constant time,
 * whether the App ID has five keys or is not known at all.
 */
export function compareKeys(apiKey: string, found: readonly StoredKey[]): StoredKey | null {
  const given = Buffer.from(digestOf(apiKey), 'base64url');
  let right: StoredKey | null = null;
  for (let index = 0; index < maxKeysPerApp; index += 1) {
    // Not `found[index] ?? nobodys`: looking beyond the end of a list takes longer than looking into it.
    const key = index < found.length ? (found[index] as StoredKey) : nobodys;
    const isSame = timingSafeEqual(given, Buffer.from(key.digest, 'base64url'));
    if (isSame && key !== nobodys) right = key;
  }
  return right;
}
