import { sign as signWith } from 'node:crypto';
import QuickLRU from 'quick-lru';
import { HookwellError } from '../errors.ts';
import { HmacKey, keyBlockBytes } from './hmac-key.ts';
import { readPrivateKey } from './key-pair.ts';

/** Keys kept ready for use, each of which is read from its text once. */
const preparedKeys = 1_000;
const keyBytes = { least: 24, most: 64 };
/** Signatures that one request may carry. */
const maxSecrets = 5;
/** The bytes that texts are laid out in to be signed; longer ones get some of their own. */
const deskBytes = 32_768;
/** The most that one unit of a string takes in UTF-8. */
const maxBytesPerUnit = 3;

/** What is signed: Standard Webhooks 1.0 names the three. */
export interface Signed {
  readonly deliveryId: string;
  /** When the attempt begins, in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly body: string;
}

/** Signs a message, which begins with bytes that it may write over: `v1,…` or `v1a,…`. */
type Signing = (message: Uint8Array) => string;

/** Signs with secrets, each of which is prepared once. */
export interface Signer {
  /**
   * The value of `webhook-signature`: one signature for each secret.
   * @throws {HookwellError} `invalid_option`, which never shows the secret
   */
  readonly sign: (secrets: readonly string[], signed: Signed) => string;
  /** Checks secrets before they are needed. @throws {HookwellError} likewise */
  readonly check: (secrets: readonly string[]) => void;
}

/** Makes a signer for the plugin of that name. */
export function signer(plugin: string): Signer {
  const prepared = new QuickLRU<string, Signing>({ maxSize: preparedKeys });
  const desk = Buffer.allocUnsafeSlow(deskBytes);

  function keyOf(text: string): Signing {
    let key = prepared.get(text);
    if (key === undefined) {
      key = readSecret(text, plugin);
      prepared.set(text, key);
    }
    return key;
  }

  function keysOf(secrets: readonly string[]): readonly Signing[] {
    if (!Array.isArray(secrets)) throw refusal(plugin, `it is ${kindOf(secrets)}, not text`);
    if (secrets.length === 0) throw refusal(plugin, 'there is none; give at least one, or leave the plugin out');
    if (secrets.length > maxSecrets) throw refusal(plugin, `there are ${secrets.length}; give at most ${maxSecrets}`);
    return secrets.map(keyOf);
  }

  /** A text in UTF-8, with room for a key before it. */
  function laidOut(text: string): Uint8Array {
    const mostBytes = keyBlockBytes + text.length * maxBytesPerUnit;
    const bytes = mostBytes <= desk.length ? desk : Buffer.allocUnsafe(mostBytes);
    return bytes.subarray(0, keyBlockBytes + bytes.write(text, keyBlockBytes));
  }

  return {
    sign(secrets, { deliveryId, startedAt, body }) {
      const message = laidOut(`${deliveryId}.${Math.floor(startedAt / 1_000)}.${body}`);
      return keysOf(secrets)
        .map((signWithKey) => signWithKey(message))
        .join(' ');
    },
    check: (secrets) => void keysOf(secrets),
  };
}

function readSecret(text: unknown, plugin: string): Signing {
  if (typeof text !== 'string') throw refusal(plugin, `it is ${kindOf(text)}, not text`);
  if (text.startsWith('whpk_')) throw refusal(plugin, 'it is a public key, with which nothing can be signed');
  if (text.startsWith('whsk_')) {
    const privateKey = readPrivateKey(text);
    if (privateKey === null) throw refusal(plugin, 'it is not `whsk_` followed by the base64 of an Ed25519 key pair of 64 bytes');
    return (message) => `v1a,${signWith(null, message.subarray(keyBlockBytes), privateKey).toString('base64')}`;
  }
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1];
  const bytes = encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
  if (bytes === undefined || bytes.toString('base64') !== encoded) {
    throw refusal(plugin, 'it is not `whsec_` followed by base64');
  }
  if (bytes.length < keyBytes.least || bytes.length > keyBytes.most) {
    throw refusal(plugin, `it holds ${bytes.length} bytes instead of ${keyBytes.least} to ${keyBytes.most}`);
  }
  const key = new HmacKey(bytes);
  return (message) => `v1,${key.authenticate(message)}`;
}

/** What is wrong with a secret, without the secret. */
function refusal(plugin: string, problem: string): HookwellError {
  return new HookwellError(
    'invalid_option',
    `${plugin}: a secret cannot be used: ${problem}. Make one with \`whsec_\${randomBytes(32).toString('base64')}\`.`,
  );
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return value instanceof Promise
    ? 'a promise (secrets must be at hand when a request is signed)'
    : `a value of type ${typeof value}`;
}
