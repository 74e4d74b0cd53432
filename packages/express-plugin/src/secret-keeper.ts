import type { AccountId, Subscription } from '@hookwell/core';
import type { WebhooksEngine } from './webhooks.ts';

/** What keeps a signing secret of its own for each subscription, such as `managedSecrets` of `@hookwell/core`. */
export interface SecretKeeper {
  /** Gives a subscription a new secret, and answers it: nobody is shown it again. The old one goes on for a while beside it. */
  readonly rotate: (engine: WebhooksEngine, accountId: AccountId, id: number) => Promise<{ readonly secret: string }>;
  /** The secrets that its payloads are signed with now, newest first; none when it has none. Never shown to anybody. */
  readonly secretsOf: (subscription: Subscription) => readonly string[];
}

/** Every member of a keeper, for checks at run time. */
export const secretKeeperMembers = ['rotate', 'secretsOf'] as const satisfies readonly (keyof SecretKeeper)[];
