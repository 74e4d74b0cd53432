import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import QuickLRU from 'quick-lru';
import Type, { type Static } from 'typebox';
import { HookwellError } from '../errors.ts';
import type { Subscription } from '../model/subscription.ts';
import { resolveOptions } from '../options.ts';
import type { Plugin } from '../plugin.ts';

/** One secret, or several of them while one replaces another: receivers accept a signature by any. */
export type SigningSecrets = string | readonly string[];

/** The options of `standardWebhooks`: type, default and manual in one. */
export const StandardWebhooksOptionsSchema = Type.Object(
  {
    secret: Type.Unsafe<SigningSecrets | ((subscription: Subscription) => SigningSecrets)>({
      description:
        'What to sign with: `whsec_` and the base64 of 24 to 64 random bytes; several while one replaces another; or a function that answers them for a subscription, at once.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `standardWebhooks`. */
export type StandardWebhooksOptions = Readonly<Static<typeof StandardWebhooksOptionsSchema>>;

/** Keys kept ready for use; preparing one costs six times as much as signing with it. */
const preparedKeys = 1_000;
/** Signatures that one request may carry. */
const maxSecrets = 5;
const keyBytes = { least: 24, most: 64 };

/**
 * Signs every request as Standard Webhooks 1.0 says: adds `webhook-signature`, by HMAC-SHA256 over the id, the time of
 * the attempt and the body. The engine itself sends the other two headers, `webhook-id` and `webhook-timestamp`.
 *
 * @throws {HookwellError} `invalid_option`, which never shows the secret
 * @example
 * createEngine({ …, plugins: [standardWebhooks({ secret: ({ id }) => secrets.get(id) })] })
 */
export function standardWebhooks(options: StandardWebhooksOptions): Plugin {
  const { secret } = resolveOptions(StandardWebhooksOptionsSchema, options, 'standardWebhooks');
  const prepared = new QuickLRU<string, KeyObject>({ maxSize: preparedKeys });

  function keyOf(text: string): KeyObject {
    let key = prepared.get(text);
    if (key === undefined) {
      key = readSecret(text);
      prepared.set(text, key);
    }
    return key;
  }

  function keysOf(secrets: SigningSecrets): readonly KeyObject[] {
    if (typeof secrets === 'string') return [keyOf(secrets)];
    if (!Array.isArray(secrets)) throw refusal(`it is ${kindOf(secrets)}, not text`);
    if (secrets.length === 0) throw refusal('there is none; give at least one, or leave the plugin out');
    if (secrets.length > maxSecrets) throw refusal(`there are ${secrets.length}; give at most ${maxSecrets}`);
    return secrets.map(keyOf);
  }

  if (typeof secret !== 'function') keysOf(secret);
  return {
    name: 'standard-webhooks',
    request({ deliveryId, subscription, body, startedAt }) {
      const keys = keysOf(typeof secret === 'function' ? secret(subscription) : secret);
      const signed = `${deliveryId}.${Math.floor(startedAt / 1_000)}.${body}`;
      return ['webhook-signature', keys.map((key) => signature(signed, key)).join(' ')];
    },
  };
}

function signature(signed: string, key: KeyObject): string {
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

function readSecret(text: unknown): KeyObject {
  if (typeof text !== 'string') throw refusal(`it is ${kindOf(text)}, not text`);
  const encoded = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text)?.[1];
  const bytes = encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
  if (bytes === undefined || bytes.toString('base64') !== encoded) throw refusal('it is not `whsec_` followed by base64');
  if (bytes.length < keyBytes.least || bytes.length > keyBytes.most) {
    throw refusal(`it holds ${bytes.length} bytes instead of ${keyBytes.least} to ${keyBytes.most}`);
  }
  return createSecretKey(bytes);
}

/** What is wrong with a secret, without the secret. */
function refusal(problem: string): HookwellError {
  return new HookwellError(
    'invalid_option',
    `standardWebhooks: a secret cannot be used: ${problem}. Make one with \`whsec_\${randomBytes(32).toString('base64')}\`.`,
  );
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return value instanceof Promise
    ? 'a promise (secrets must be at hand when a request is signed)'
    : `a value of type ${typeof value}`;
}
