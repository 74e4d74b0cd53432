import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { HookwellError } from '../errors.ts';

/** A key that texts are sealed with. */
export interface SealingKey {
  /** Its name, by which what it sealed is known: 1 to 32 letters, digits, dashes and underscores. */
  readonly id: string;
  /** The base64 of 32 random bytes. */
  readonly key: string;
}

/** Seals texts so that who can read the database cannot read them. */
export interface KeyRing {
  /**
   * Seals with the first key.
   * @param belonging what it belongs to; it can be opened as the same only
   */
  readonly seal: (text: string, belonging: string) => string;
  /**
   * Opens what any of the keys has sealed.
   * @throws {Error} when its key is not on the ring, or it was changed, or moved to where it does not belong
   */
  readonly open: (sealed: string, belonging: string) => string;
}

const algorithm = 'aes-256-gcm';
const ivBytes = 12;
const authTagLength = 16;

/**
 * Makes a key ring. The first key seals; the others only open, so that a key can be replaced by another in front of it.
 *
 * @throws {HookwellError} `invalid_option`, which never shows a key
 */
export function keyRing(keys: readonly SealingKey[], owner: string): KeyRing {
  const ring = new Map<string, KeyObject>();
  if (!Array.isArray(keys)) throw refusal(owner, 'the keys are no list');
  for (const { id, key } of keys as readonly SealingKey[]) {
    if (typeof id !== 'string' || !/^[A-Za-z0-9_-]{1,32}$/.test(id)) {
      throw refusal(owner, 'the name of a key is not 1 to 32 letters, digits, dashes and underscores');
    }
    if (ring.has(id)) throw refusal(owner, `two keys are called "${id}"`);
    ring.set(id, readKey(id, key, owner));
  }
  const [first] = keys;
  if (!first) throw refusal(owner, 'there is no key');
  const sealing = ring.get(first.id) as KeyObject;

  return {
    seal(text, belonging) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv(algorithm, sealing, iv, { authTagLength }).setAAD(Buffer.from(belonging));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `${first.id}.${iv.toString('base64url')}.${sealed.toString('base64url')}`;
    },

    open(sealed, belonging) {
      const [id = '', iv = '', rest = ''] = sealed.split('.');
      const key = ring.get(id);
      if (!key) throw new Error(`the key "${id}" that it was sealed with is not among the keys of ${owner}`);
      const bytes = Buffer.from(rest, 'base64url');
      try {
        // Written in the one way that there is: base64url can be read from more texts than it is written as.
        if (sealed !== `${id}.${Buffer.from(iv, 'base64url').toString('base64url')}.${bytes.toString('base64url')}`) {
          throw new Error('it is not what was written');
        }
        const decipher = createDecipheriv(algorithm, key, Buffer.from(iv, 'base64url'), { authTagLength })
          .setAAD(Buffer.from(belonging))
          .setAuthTag(bytes.subarray(-authTagLength));
        return decipher.update(bytes.subarray(0, -authTagLength), undefined, 'utf8') + decipher.final('utf8');
      } catch (cause) {
        throw new Error(`what the key "${id}" of ${owner} has sealed was changed, or the key is another one by now`, { cause });
      }
    },
  };
}

function readKey(id: string, key: string, owner: string): KeyObject {
  const bytes = Buffer.from(typeof key === 'string' ? key : '', 'base64');
  if (bytes.length !== 32 || bytes.toString('base64') !== key) {
    throw refusal(owner, `the key "${id}" is not the base64 of 32 bytes`);
  }
  return createSecretKey(bytes);
}

function refusal(owner: string, problem: string): HookwellError {
  return new HookwellError(
    'invalid_option',
    `${owner}: secrets cannot be sealed: ${problem}. Make a key with \`randomBytes(32).toString('base64')\`, and keep it outside of the database.`,
  );
}
