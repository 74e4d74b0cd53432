import QuickLRU from 'quick-lru';
import type { Subscription } from '../model/subscription.ts';
import { keyRing, type SealingKey } from './key-ring.ts';
import { rekey, type Accounts, type RekeyEngine, type RekeyResult } from './rekey.ts';

/** What a sealed value belongs to: a subscription, or one that is to be made, whose id nobody knows yet. */
export type Belonging = Pick<Subscription, 'accountId'> & { readonly id?: number | undefined };

/** Something that subscriptions keep sealed. */
export interface SealedAttribute<Value> {
  /** The value of this subscription, or one that was sealed for its account before the subscription had an id; null for none. */
  readonly read: (subscription: Belonging & Pick<Subscription, 'attributes'>) => Value | null;
  /** The attributes that a subscription is to be given. */
  readonly seal: (value: Value, to: Belonging) => Record<string, string>;
  /** Seals what these accounts have with the first key. */
  readonly rekey: (engine: RekeyEngine, accounts: Accounts) => Promise<RekeyResult>;
}

/** A value that was opened, and what it was opened from. */
interface Opened<Value> {
  readonly accountId: string;
  readonly sealed: string;
  readonly value: Value;
}

/** Subscriptions whose values are kept open in memory. */
const openedValues = 10_000;

/**
 * Keeps values in an attribute of subscriptions, sealed as JSON. They belong to that attribute of a subscription of an
 * account: moved to another attribute, account or subscription they cannot be opened.
 *
 * @throws {HookwellError} `invalid_option`, which never shows a key
 */
export function sealedAttribute<Value>(keys: readonly SealingKey[], name: string, owner: string): SealedAttribute<Value> {
  const ring = keyRing(keys, owner);
  const kept = new QuickLRU<number, Opened<Value>>({ maxSize: openedValues });
  const belonging = ({ accountId, id }: Belonging): string => `${accountId}\n${name}${id === undefined ? '' : `\n${id}`}`;

  function openOwn(sealed: string, of: Belonging): string | null {
    try {
      return ring.open(sealed, belonging(of));
    } catch {
      return null;
    }
  }

  const open = (sealed: string, of: Belonging): string =>
    openOwn(sealed, of) ?? ring.open(sealed, belonging({ accountId: of.accountId }));

  return {
    read(subscription) {
      const { accountId, id, attributes } = subscription;
      const sealed = attributes[name];
      if (sealed === undefined) return null;
      // What was opened for one account is not for another, whatever ids they have.
      const known = id === undefined ? undefined : kept.get(id);
      if (known && known.sealed === sealed && known.accountId === accountId) return known.value;
      const value = JSON.parse(open(sealed, subscription)) as Value;
      if (id !== undefined) kept.set(id, { accountId, sealed, value });
      return value;
    },

    seal: (value, to) => ({ [name]: ring.seal(JSON.stringify(value), belonging(to)) }),

    rekey: async (engine, accounts) =>
      rekey(engine, accounts, name, {
        open,
        seal: (text, to) => ring.seal(text, belonging(to)),
        isFresh: (sealed, of) => sealed.startsWith(`${keys[0]?.id}.`) && openOwn(sealed, of) !== null,
      }),
  };
}
