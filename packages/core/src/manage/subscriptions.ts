import { HookwellError } from '../errors.ts';
import { pauseMove, resumeMove, whatHappensNext, type Health, type HealthMove, type HealthPolicy } from '../model/health.ts';
import type { Page } from '../model/query.ts';
import {
  withChanges,
  type Encoding,
  type NewSubscription,
  type Ordering,
  type Subscription,
  type SubscriptionChanges,
  type WhichSubscriptions,
} from '../model/subscription.ts';
import { isStorableText } from '../model/key-text.ts';
import { shown } from '../model/shown.ts';
import { addTexts } from '../model/small-texts.ts';
import type { TransactionOptions } from '../model/transaction.ts';
import { answeredInTime, type Plugin } from '../plugin.ts';
import type { StorageAdapter, SubscriptionQuery } from '../storage-adapter.ts';
import { checkAccountId, type AccountId } from '../model/account.ts';
import { checkAttributes, givenAttributes, type CheckAttributesContext } from './check-attributes.ts';
import { findSubscription } from './find-subscription.ts';
import { checkChanges, checkSubscription, formatsWith, type CheckSubscriptionContext } from './check-subscription.ts';

/** What a caller gives to subscribe. */
export interface SubscriptionInput {
  readonly accountId: AccountId;
  /** Where payloads go; a transport must know its scheme. At most 2,048 bytes. */
  readonly url: string;
  /** E.g. `sub_tag(3)`; an event of the catalog. */
  readonly topic: string;
  /** `full` (default), `lightweight`, `notify`, or one that a plugin names. */
  readonly format?: string | undefined;
  /** `form` (default) or `json`. */
  readonly encoding?: Encoding | undefined;
  /** Kept as it is and shown again: the `data` text of the wire contract. At most 4,096 characters. */
  readonly data?: string | undefined;
  /**
   * In which order its deliveries are sent: in none (`none`, the default), one after the other those about the same record
   * (`record`), or all of them (`subscription`).
   */
  readonly ordering?: Ordering | undefined;
  /**
   * For how long an event waits for later ones about the same record: then the newest is sent, once. In milliseconds, a day at the
   * most; 0 (the default) for not at all.
   */
  readonly coalesceMs?: number | undefined;
  /** Texts for plugins, by name, such as `filter`: those that a plugin of the engine takes, and no others. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

/** How to end a subscription. */
export interface RemoveOptions extends TransactionOptions {
  /** Why, for the log and its owner: `unsubscribed by the account` by default. */
  readonly reason?: string | undefined;
}

/** `engine.subscriptions`: every call is about one account, and sees nothing of another. */
export interface Subscriptions {
  /** What the format of a subscription can be: `full`, `lightweight`, `notify`, and what plugins name. */
  readonly formats: readonly string[];
  /**
   * Makes a subscription. The same URL and topic twice are two subscriptions. With `within` it is part of that
   * transaction of yours, and nothing is told of it on `events`.
   * @throws {HookwellError} `invalid_url`, `invalid_topic`, `unknown_event`, `unknown_object_type`, `unknown_format`,
   * `invalid_data`, `invalid_input`, or what a plugin refuses it with (`not_permitted`)
   */
  readonly create: (input: SubscriptionInput, options?: TransactionOptions) => Promise<Subscription>;
  /**
   * One subscription: an active one, unless `which` says otherwise.
   * @throws {HookwellError} `not_found` for an id that the account does not have, or no longer
   */
  readonly get: (accountId: AccountId, id: number, options?: { readonly which?: WhichSubscriptions }) => Promise<Subscription>;
  /** The account's active subscriptions, oldest first, 50 of them, unless the query says otherwise. */
  readonly list: (accountId: AccountId, query?: Partial<SubscriptionQuery>) => Promise<Page<Subscription>>;
  /**
   * Changes what an owner chose, and what plugins keep with it; what is left out stays. What is stored for it already goes to
   * the new URL in the new format, but for what is in memory to be sent. When the format or the encoding changes and `data`
   * is left out, the `data` text of the wire contract is made to say so. Another `ordering` is that of what is stored from
   * then on. Plugins may refuse it as they may refuse a new one.
   * @throws {HookwellError} `not_found`, and what `create` throws
   */
  readonly update: (accountId: AccountId, id: number, changes: SubscriptionChanges) => Promise<Subscription>;
  /**
   * Ends a subscription; its unfinished deliveries are cancelled with the reason, each as soon as it is due. With
   * `within` that is part of your transaction, and nothing is told of it on `events`.
   * @throws {HookwellError} `not_found`
   */
  readonly remove: (accountId: AccountId, id: number, options?: RemoveOptions) => Promise<Subscription>;
  /**
   * Sends nothing more to it until it is resumed; its events are kept meanwhile. Requests that are on their way end as they
   * would have; another process may still send what it has in memory. One that is paused stays as it is.
   * @throws {HookwellError} `not_found`
   */
  readonly pause: (accountId: AccountId, id: number, reason?: string) => Promise<Subscription>;
  /**
   * Lets a paused or suspended one flow again, at once and oldest first. It is suspended again at its next failure when it
   * was failing long enough. One that is neither stays as it is.
   * @throws {HookwellError} `not_found`
   */
  readonly resume: (accountId: AccountId, id: number) => Promise<Subscription>;
  /** What happens next to it, in plain words; empty while it is healthy. */
  readonly next: (subscription: Health) => string;
}

/** What `subscriptions` works with. */
export interface SubscriptionsContext extends CheckSubscriptionContext, CheckAttributesContext {
  readonly storage: Pick<
    StorageAdapter,
    'createSubscription' | 'listSubscriptions' | 'updateSubscription' | 'endSubscription' | 'moveHealth' | 'join'
  >;
  readonly plugins: readonly Plugin[];
  readonly health: HealthPolicy;
  /** @throws {HookwellError} `not_running` */
  readonly checkRunning: () => void;
  readonly onCreated: (subscription: Subscription) => void;
  readonly onUpdated: (subscription: Subscription) => void;
  readonly onEnded: (subscription: Subscription) => void;
  readonly onPaused: (subscription: Subscription) => void;
  readonly onResumed: (subscription: Subscription) => void;
}

/** How often a change of health is decided anew because somebody else has just made one. */
const maxTries = 10;

/** Makes `engine.subscriptions`. */
export function subscriptions(context: SubscriptionsContext): Subscriptions {
  const { storage } = context;

  async function get(accountId: AccountId, id: number, which: WhichSubscriptions = 'active'): Promise<Subscription> {
    return (await findSubscription(checkAccountId(accountId), id, storage, which)) ?? missing(id);
  }

  /** Makes a change of health on top of the row as it is then; null when there is nothing to change. */
  async function move(
    accountId: AccountId,
    id: number,
    decide: (subscription: Subscription) => HealthMove | null,
  ): Promise<{ readonly subscription: Subscription; readonly changed: boolean }> {
    for (let tries = 0; tries < maxTries; tries += 1) {
      const subscription = await get(accountId, id);
      const wanted = decide(subscription);
      if (!wanted) return { subscription, changed: false };
      const [changed] = await storage.moveHealth([wanted]);
      if (changed) return { subscription: changed, changed: true };
    }
    throw new HookwellError('storage_busy', `The health of subscription ${id} changes all the time; try again in a moment.`, {
      value: id,
    });
  }

  async function askPlugin(plugin: Plugin, subscription: NewSubscription, before: Subscription | null): Promise<unknown> {
    return answeredInTime(plugin, 'subscribe', plugin.subscribe?.(subscription, before), context.hookTimeoutMs);
  }

  return {
    formats: Object.freeze([...formatsWith(context.plugins)]),

    async create(input, { within } = {}) {
      context.checkRunning();
      let subscription = newSubscription(input, context);
      await checkAttributes(subscription, context);
      for (const plugin of context.plugins) {
        const added = await askPlugin(plugin, subscription, null);
        if (added !== undefined) subscription = withAttributes(subscription, added, plugin.name);
      }
      if (within !== undefined) return (await storage.join(within)).createSubscription(subscription);
      const created = await storage.createSubscription(subscription);
      context.onCreated(created);
      return created;
    },

    async get(accountId, id, { which } = {}) {
      context.checkRunning();
      return get(accountId, id, which);
    },

    async list(accountId, query) {
      context.checkRunning();
      return storage.listSubscriptions(checkAccountId(accountId), { ...firstPage, ...query });
    },

    async update(accountId, id, changes) {
      context.checkRunning();
      const before = await get(accountId, id);
      const checked = checkChanges(before, changes, context);
      const after = withChanges(before, checked);
      const { accountId: owner, url, topic, format, encoding, data, ordering, coalesceMs, attributes } = after;
      const asked = { accountId: owner, url, topic, format, encoding, data, ordering, coalesceMs, attributes };
      const sameTopic = topic === before.topic;
      await checkAttributes(asked, context, Object.keys(sameTopic ? (checked.attributes ?? {}) : attributes));
      if (Object.keys(checked).some((name) => name !== 'attributes')) {
        // What the hooks answer is kept with new subscriptions only; they are asked whether they refuse.
        for (const plugin of context.plugins) await askPlugin(plugin, asked, before);
      }
      const updated = (await storage.updateSubscription(before.accountId, id, checked)) ?? missing(id);
      context.onUpdated(updated);
      return updated;
    },

    async remove(accountId, id, { reason = 'unsubscribed by the account', within } = {}) {
      context.checkRunning();
      const account = checkAccountId(accountId);
      const target = within === undefined ? storage : await storage.join(within);
      const ended = Number.isSafeInteger(id) ? await target.endSubscription(account, id, reason) : null;
      if (!ended) return missing(id);
      if (within === undefined) context.onEnded(ended);
      return ended;
    },

    async pause(accountId, id, reason = 'paused by its owner') {
      context.checkRunning();
      checkReason(reason);
      const { subscription, changed } = await move(accountId, id, (row) => pauseMove(row, reason));
      if (changed) context.onPaused(subscription);
      return subscription;
    },

    async resume(accountId, id) {
      context.checkRunning();
      const { subscription, changed } = await move(accountId, id, resumeMove);
      if (changed) context.onResumed(subscription);
      return subscription;
    },

    next: (subscription) => whatHappensNext(subscription, context.health),
  };
}

const firstPage: SubscriptionQuery = {
  which: 'active',
  where: null,
  sort: { field: 'id', direction: 'asc' },
  offset: 0,
  limit: 50,
};

function newSubscription(input: SubscriptionInput, context: SubscriptionsContext): NewSubscription {
  if (typeof input !== 'object' || input === null) {
    throw new HookwellError('invalid_input', `subscriptions.create takes {accountId, url, topic}, not ${shown(input)}.`, {
      value: input,
    });
  }
  const accountId = checkAccountId(input.accountId);
  const { url, topic, format = 'full', encoding = 'form', data = '', ordering = 'none', coalesceMs = 0 } = input;
  const choices = { url, topic, format, encoding, data, ordering, coalesceMs };
  checkSubscription(choices, context);
  return { accountId, ...choices, attributes: givenAttributes(input.attributes, context) };
}

function withAttributes(subscription: NewSubscription, added: unknown, plugin: string): NewSubscription {
  const attributes = addTexts(subscription.attributes, added, `the subscribe hook of the plugin "${plugin}"`);
  return { ...subscription, attributes };
}

/** @throws {HookwellError} `invalid_input` */
function checkReason(reason: unknown): void {
  if (typeof reason === 'string' && reason.length <= 500 && isStorableText(reason)) return;
  throw new HookwellError('invalid_input', `Invalid reason ${shown(reason)}: pass a text of at most 500 characters.`, {
    value: reason,
  });
}

function missing(id: unknown): never {
  throw new HookwellError('not_found', `No subscription ${shown(id)} in this account; list them to see which there are.`, {
    value: id,
  });
}
