import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import QuickLRU from 'quick-lru';
import Type, { type Static } from 'typebox';
import { definePlugin, type PluginSetup } from '../define-plugin.ts';
import { HookwellError } from '../errors.ts';
import { isReservedHeader } from '../model/request-headers.ts';
import type { Subscription } from '../model/subscription.ts';
import type { OptionsInput } from '../options.ts';
import type { Plugin } from '../plugin.ts';

/** Keys kept ready for use. */
const preparedKeys = 1_000;
/** The options of `legacySignature`: type, default and manual in one. */
export const LegacySignatureOptionsSchema = Type.Object(
  {
    header: Type.String({
      pattern: '^[A-Za-z0-9-]{1,64}$',
      description: 'The header that the signature goes into, such as `x-hub-signature-256`.',
    }),
    secret: Type.Unsafe<string | ((subscription: Subscription) => string)>({
      description: 'What to sign with, as text; or a function that answers it for a subscription, at once.',
    }),
    algorithm: Type.Union([Type.Literal('sha256'), Type.Literal('sha512'), Type.Literal('sha1')], {
      default: 'sha256',
      description: 'The hash of the HMAC.',
    }),
    encoding: Type.Union([Type.Literal('hex'), Type.Literal('base64')], {
      default: 'hex',
      description: 'How the signature is written.',
    }),
    prefix: Type.String({
      default: '',
      pattern: '^[!-~]{0,32}$',
      description: 'What stands before the signature, such as `sha256=`.',
    }),
    timestampHeader: Type.String({
      default: '',
      pattern: '^[A-Za-z0-9-]{0,64}$',
      description:
        'A header for the time of the attempt, in seconds, that is then signed too, with a dot between it and the body. Empty for none.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `legacySignature` as a host writes them. */
export type LegacySignatureOptions = OptionsInput<Static<typeof LegacySignatureOptionsSchema>, 'header' | 'secret'>;

/**
 * Signs every request the homemade way, beside Standard Webhooks or instead of it: an HMAC over the body in a header of the
 * host's choice, so that receivers of the webhooks it had before go on without a change. Such a signature says nothing about
 * when it was made, unless there is a `timestampHeader`.
 *
 * @throws {HookwellError} `invalid_option`, which never shows the secret
 * @example
 * legacySignature({ header: 'x-hub-signature-256', prefix: 'sha256=', secret: process.env.OLD_SECRET })
 */
export const legacySignature: (options: LegacySignatureOptions) => Plugin = definePlugin({
  name: 'legacy-signature',
  options: LegacySignatureOptionsSchema,
  setup,
});

function setup(options: Readonly<Static<typeof LegacySignatureOptionsSchema>>): PluginSetup {
  const { header, secret, algorithm, encoding, prefix, timestampHeader } = options;
  for (const name of [header, timestampHeader]) {
    if (isReservedHeader(name)) {
      throw new HookwellError('invalid_option', `legacySignature: the header "${name}" has another use; choose another name.`, {
        value: name,
      });
    }
  }
  const keys = new QuickLRU<string, KeyObject>({ maxSize: preparedKeys });

  function keyOf(text: unknown): KeyObject {
    if (typeof text !== 'string' || text === '') {
      throw new HookwellError(
        'invalid_option',
        `legacySignature: the secret cannot be used: it is ${text === '' ? 'empty' : `of type ${typeof text}`}; give a text.`,
      );
    }
    let key = keys.get(text);
    if (key === undefined) {
      key = createSecretKey(Buffer.from(text));
      keys.set(text, key);
    }
    return key;
  }
  if (typeof secret !== 'function') keyOf(secret);

  return {
    name: `legacy-signature-${header.toLowerCase()}`,
    request({ subscription, body, startedAt }) {
      const time = timestampHeader === '' ? null : String(Math.floor(startedAt / 1_000));
      const key = keyOf(typeof secret === 'function' ? secret(subscription) : secret);
      const hmac = createHmac(algorithm, key).update(time === null ? body : `${time}.${body}`);
      const signed = [header, `${prefix}${hmac.digest(encoding)}`];
      return time === null ? signed : [...signed, timestampHeader, time];
    },
  };
}
