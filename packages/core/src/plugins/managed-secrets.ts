import { randomBytes } from 'node:crypto';
import QuickLRU from 'quick-lru';
import Type, { type Static } from 'typebox';
import { HookwellError } from '../errors.ts';
import type { AccountId } from '../model/account.ts';
import type { Subscription } from '../model/subscription.ts';
import { resolveOptions } from '../options.ts';
import type { Plugin } from '../plugin.ts';
import { keyRing, type SealingKey } from './key-ring.ts';
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
      changes: { readonly attributes: Readonly<Record<string, string>> },
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
  readonly secretsOf: (subscription: Pick<Subscription, 'accountId' | 'attributes'>) => readonly string[];
}

interface Kept {
  readonly secret: string;
  /** Until when it signs, in milliseconds since the epoch; null for the present one. */
  readonly until: number | null;
}

const attribute = 'signing-secrets';
/** Subscriptions whose secrets are kept open in memory. */
const openedSecrets = 10_000;
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
export function managedSecrets(options: ManagedSecretsOptions): Plugin & SecretKeeper {
  const { keys, overlapMs } = resolveOptions(ManagedSecretsOptionsSchema, options, 'managedSecrets');
  const ring = keyRing(keys, 'managedSecrets');
  const { sign } = signer('managedSecrets');
  const opened = new QuickLRU<string, readonly Kept[]>({ maxSize: openedSecrets });
  let now: (() => number) | undefined;

  function read({ accountId, attributes }: Pick<Subscription, 'accountId' | 'attributes'>): readonly Kept[] {
    const sealed = attributes[attribute];
    if (sealed === undefined) return [];
    // The account is part of the key: what was opened for one is not for another.
    const known = `${accountId}\n${sealed}`;
    let kept = opened.get(known);
    if (!kept) {
      kept = JSON.parse(ring.open(sealed, belonging(accountId))) as readonly Kept[];
      opened.set(known, kept);
    }
    return kept;
  }

  const seal = (accountId: string, kept: readonly Kept[]): Record<string, string> => ({
    [attribute]: ring.seal(JSON.stringify(kept), belonging(accountId)),
  });

  function clock(): number {
    if (now) return now();
    throw new HookwellError('not_running', 'managedSecrets: its engine has not been started; await engine.start() first.');
  }

  return {
    name: 'managed-secrets',
    start(context) {
      now = context.now;
    },
    subscribe: ({ accountId }) => seal(accountId, [{ secret: newSecret(), until: null }]),
    request({ subscription, ...signed }) {
      const secrets = valid(read(subscription), signed.startedAt);
      return secrets.length === 0 ? [] : ['webhook-signature', sign(secrets, signed)];
    },

    async rotate(engine, accountId, id, { overlapMs: overlap = overlapMs } = {}) {
      if (!Number.isSafeInteger(overlap) || overlap < 0 || overlap > 30 * day) {
        throw new HookwellError('invalid_input', `Invalid overlapMs ${overlap}: pass milliseconds from 0 to 30 days.`, {
          value: overlap,
        });
      }
      const at = clock();
      const subscription = await engine.subscriptions.get(accountId, id);
      const secret = newSecret();
      const old = read(subscription)
        .map(({ secret: one, until }) => ({ secret: one, until: Math.min(until ?? at + overlap, at + overlap) }))
        .filter(({ until }) => until > at);
      const kept = [{ secret, until: null }, ...old].slice(0, maxSecrets);
      await engine.subscriptions.update(accountId, id, { attributes: seal(subscription.accountId, kept) });
      return { secret };
    },

    secretsOf: (subscription) => valid(read(subscription), clock()),
  };
}

function valid(kept: readonly Kept[], at: number): readonly string[] {
  return kept.filter(({ until }) => until === null || until > at).map(({ secret }) => secret);
}

function newSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

function belonging(accountId: string): string {
  return `${accountId}\n${attribute}`;
}
