import Type, { type Static } from 'typebox';
import { definePlugin } from '../define-plugin.ts';
import type { Subscription } from '../model/subscription.ts';
import type { Plugin } from '../plugin.ts';
import { signer } from './signing.ts';

/** One secret, or several of them while one replaces another: receivers accept a signature by any. */
export type SigningSecrets = string | readonly string[];

/** The options of `standardWebhooks`: type, default and manual in one. */
export const StandardWebhooksOptionsSchema = Type.Object(
  {
    secret: Type.Unsafe<SigningSecrets | ((subscription: Subscription) => SigningSecrets)>({
      description:
        'What to sign with: `whsec_` and the base64 of 24 to 64 random bytes, or the `whsk_…` of a key pair; several while one replaces another; or a function that answers them for a subscription, at once.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `standardWebhooks`. */
export type StandardWebhooksOptions = Readonly<Static<typeof StandardWebhooksOptionsSchema>>;

/**
 * Signs every request as Standard Webhooks 1.0 says: adds `webhook-signature`, by HMAC-SHA256 (`v1`, with a secret) or
 * Ed25519 (`v1a`, with a key pair) over the id, the time of the attempt and the body. The engine itself sends the other two headers, `webhook-id` and `webhook-timestamp`. For a
 * secret of each subscription's own that the engine keeps, see `managedSecrets`.
 *
 * @throws {HookwellError} `invalid_option`, which never shows the secret
 * @example
 * createEngine({ …, plugins: [standardWebhooks({ secret: ({ id }) => secrets.get(id) })] })
 */
export const standardWebhooks: (options: StandardWebhooksOptions) => Plugin = definePlugin({
  name: 'standard-webhooks',
  options: StandardWebhooksOptionsSchema,
  setup({ secret }) {
    const { sign, check } = signer('standardWebhooks');
    if (typeof secret !== 'function') check(listOf(secret));
    return {
      request: (context) => [
        'webhook-signature',
        sign(listOf(typeof secret === 'function' ? secret(context.subscription) : secret), context),
      ],
    };
  },
});

function listOf(secrets: SigningSecrets): readonly string[] {
  return typeof secrets === 'string' ? [secrets] : secrets;
}
