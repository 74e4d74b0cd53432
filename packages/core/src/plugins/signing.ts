import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import QuickLRU from 'quick-lru';
import { HookwellError } from '../errors.ts';

/** Keys kept ready for use; preparing one costs six times as much as signing with it. */
const preparedKeys = 1_000;
const keyBytes = { least: 24, most: 64 };
/** Signatures that one request may carry. */
const maxSecrets = 5;

/** What is signed: Standard Webhooks 1.0 names the three. */
export interface Signed {
  readonly deliveryId: string;
  /** When the attempt begins, in milliseconds since the epoch. */
  readonly startedAt: number;
  readonly body: string;
}

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
  const prepared = new QuickLRU<string, KeyObject>({ maxSize: preparedKeys });

  function keyOf(text: string): KeyObject {
    let key = prepared.get(text);
    if (key === undefined) {
      key = readSecret(text, plugin);
      prepared.set(text, key);
    }
    return key;
  }

  function keysOf(secrets: readonly string[]): readonly KeyObject[] {
    if (!Array.isArray(secrets)) throw refusal(plugin, `it is ${kindOf(secrets)}, not text`);
    if (secrets.length === 0) throw refusal(plugin, 'there is none; give at least one, or leave the plugin out');
    if (secrets.length > maxSecrets) throw refusal(plugin, `there are ${secrets.length}; give at most ${maxSecrets}`);
    return secrets.map(keyOf);
  }

  return {
    sign(secrets, { deliveryId, startedAt, body }) {
      const signed = `${deliveryId}.${Math.floor(startedAt / 1_000)}.${body}`;
      return keysOf(secrets)
        .map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
        .join(' ');
    },
    check: (secrets) => void keysOf(secrets),
  };
}

function readSecret(text: unknown, plugin: string): KeyObject {
  if (typeof text !== 'string') throw refusal(plugin, `it is ${kindOf(text)}, not text`);
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1];
  const bytes = encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
  if (bytes === undefined || bytes.toString('base64') !== encoded) {
    throw refusal(plugin, 'it is not `whsec_` followed by base64');
  }
  if (bytes.length < keyBytes.least || bytes.length > keyBytes.most) {
    throw refusal(plugin, `it holds ${bytes.length} bytes instead of ${keyBytes.least} to ${keyBytes.most}`);
  }
  return createSecretKey(bytes);
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
