import { randomBytes } from 'node:crypto';
import Type, { type Static } from 'typebox';
import { definePlugin, type PluginSetup } from '../define-plugin.ts';
import { HookwellError } from '../errors.ts';
import type { AccountId } from '../model/account.ts';
import type { Subscription } from '../model/subscription.ts';
import type { Plugin } from '../plugin.ts';
import type { SealingKey } from './key-ring.ts';
import type { Accounts, RekeyEngine, RekeyResult } from './rekey.ts';
import { sealedAttribute, type Belonging } from './sealed-attribute.ts';
import { signer } from './signing.ts';

const day = 86_400_000;

/** The options of `managedSecrets`: type, default and manual in one. */
export const ManagedSecretsOptionsSchema = Type.Object(
  {
    // The key ring checks them, because it shows no key where a schema would.
    keys: Type.Unsafe<readonly SealingKey[]>({
      description:
        'What secrets are sealed with in the database: the first one seals, all of them open. `id` names a key, `key` is the base64 of 32 random bytes.',
    }),
    overlapMs: Type.Integer({
      default: day,
      minimum: 0,
      maximum: 30 * day,
      description: 'For how long requests are signed with the old secret, too, after it was replaced.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `managedSecrets` as a host writes them. */
export type ManagedSecretsOptions = Pick<Readonly<Static<typeof ManagedSecretsOptionsSchema>>, 'keys'> &
  Partial<Readonly<Static<typeof ManagedSecretsOptionsSchema>>>;

/** How a secret is to be replaced. */
export interface RotateOptions {
  /** For how long the old one signs, too, in milliseconds; the option `overlapMs` by default, 0 when it has become known. */
  readonly overlapMs?: number | undefined;
}

/** The part of an engine that a secret is replaced through. */
export interface SecretsEngine {
  readonly subscriptions: {
    readonly get: (accountId: AccountId, id: number) => Promise<Subscription>;
    readonly update: (
      accountId: AccountId,
      id: number,
      changes: { readonly attributes: Readonly<Record<string, string | null>> },
    ) => Promise<Subscription>;
  };
}

/** Knows the signing secret of each subscription. */
export interface SecretKeeper {
  /**
   * Gives a subscription a new secret and answers it, this once.
   * @throws {HookwellError} `not_found`
   */
  readonly rotate: (
    engine: SecretsEngine,
    accountId: AccountId,
    id: number,
    options?: RotateOptions,
  ) => Promise<{ readonly secret: string }>;
  /** The secrets that a subscription's requests are signed with now, the newest first; none before it has one. */
  readonly secretsOf: (subscription: Belonging & Pick<Subscription, 'attributes'>) => readonly string[];
}

/** Seals secrets anew. */
export interface SecretRekeying {
  /**
   * Seals the secrets of these accounts with the first key. It can be stopped and begun again; a call of `rotate` for the
   * same subscription at the same instant may be lost, so let it run while nobody replaces secrets.
   */
  readonly rekey: (engine: RekeyEngine, accounts: Accounts) => Promise<RekeyResult>;
}

interface Kept {
  readonly secret: string;
  /** Until when it signs, in milliseconds since the epoch; null for the present one. */
  readonly until: number | null;
}

const attribute = 'signing-secrets';
/** Signatures that one request carries at the most; older secrets end early. */
const maxSecrets = 5;

/**
 * Gives each subscription a signing secret of its own when it is made, keeps it sealed beside it, and signs every request
 * with it as Standard Webhooks 1.0 says. Several processes agree, because a secret travels with its subscription.
 * Subscriptions that are older than the plugin are not signed for until they are given a secret.
 *
 * @throws {HookwellError} `invalid_option`, which never shows a key
 * @example
 * const secrets = managedSecrets({ keys: [{ id: '2026', key: process.env.WEBHOOK_KEY }] })
 * const engine = createEngine({ …, plugins: [secrets] })
 * const { secret } = await secrets.rotate(engine, accountId, subscription.id)
 */
export const managedSecrets: (options: ManagedSecretsOptions) => Plugin & SecretKeeper & SecretRekeying = definePlugin({
  name: 'managed-secrets',
  options: ManagedSecretsOptionsSchema,
  setup,
});

function setup({
  keys,
  overlapMs,
}: Readonly<Static<typeof ManagedSecretsOptionsSchema>>): PluginSetup<SecretKeeper & SecretRekeying> {
  const sealed = sealedAttribute<readonly Kept[]>(keys, attribute, 'managedSecrets');
  const { sign } = signer('managedSecrets');
  let now: (() => number) | undefined;

  function clock(): number {
    if (now) return now();
    throw new HookwellError('not_running', 'managedSecrets: its engine has not been started; await engine.start() first.');
  }

  return {
    start(context) {
      now = context.now;
    },
    subscribe: ({ accountId }) => sealed.seal([{ secret: newSecret(), until: null }], { accountId }),
    request(context) {
      const secrets = valid(sealed.read(context.subscription) ?? [], context.startedAt);
      return secrets.length === 0 ? [] : ['webhook-signature', sign(secrets, context)];
    },

    api: {
      async rotate(engine, accountId, id, { overlapMs: overlap = overlapMs } = {}) {
        if (!Number.isSafeInteger(overlap) || overlap < 0 || overlap > 30 * day) {
          throw new HookwellError('invalid_input', `Invalid overlapMs ${overlap}: pass milliseconds from 0 to 30 days.`, {
            value: overlap,
          });
        }
        const at = clock();
        const subscription = await engine.subscriptions.get(accountId, id);
        const secret = newSecret();
        const old = (sealed.read(subscription) ?? [])
          .map(({ secret: one, until }) => ({ secret: one, until: Math.min(until ?? at + overlap, at + overlap) }))
          .filter(({ until }) => until > at);
        const kept = [{ secret, until: null }, ...old].slice(0, maxSecrets);
        await engine.subscriptions.update(accountId, id, { attributes: sealed.seal(kept, subscription) });
        return { secret };
      },

      secretsOf: (subscription) => valid(sealed.read(subscription) ?? [], clock()),

      rekey: sealed.rekey,
    },
  };
}

function valid(kept: readonly Kept[], at: number): readonly string[] {
  return kept.filter(({ until }) => until === null || until > at).map(({ secret }) => secret);
}

function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}
