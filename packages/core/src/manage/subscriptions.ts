import { HookwellError } from '../errors.ts';
import type { Catalog } from '../model/catalog.ts';
import { findObjectType } from '../model/crm-record.ts';
import { whatHappensNext, type Health, type HealthPolicy } from '../model/health.ts';
import type { Page, Query } from '../model/query.ts';
import { builtInFormats, type Encoding, type NewSubscription, type Subscription } from '../model/subscription.ts';
import { isStorableText } from '../model/key-text.ts';
import { shown } from '../model/shown.ts';
import { listed, suggestion } from '../model/suggestion.ts';
import { parseTopic } from '../model/topic.ts';
import type { TransactionOptions } from '../model/transaction.ts';
import type { Plugin } from '../plugin.ts';
import type { StorageAdapter, SubscriptionField } from '../storage-adapter.ts';
import { checkAccountId, type AccountId } from '../model/account.ts';

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
}

/** How to end a subscription. */
export interface RemoveOptions extends TransactionOptions {
  /** Why, for the log and its owner: `unsubscribed by the account` by default. */
  readonly reason?: string | undefined;
}

/** `engine.subscriptions`: every call is about one account, and sees nothing of another. */
export interface Subscriptions {
  /**
   * Makes a subscription. The same URL and topic twice are two subscriptions. With `within` it is part of that
   * transaction of yours, and nothing is told of it on `events`.
   * @throws {HookwellError} `invalid_url`, `invalid_topic`, `unknown_event`, `unknown_object_type`, `unknown_format`,
   * `invalid_data`, `invalid_input`, or what a plugin refuses it with (`not_permitted`)
   */
  readonly create: (input: SubscriptionInput, options?: TransactionOptions) => Promise<Subscription>;
  /** @throws {HookwellError} `not_found` for an id that the account does not have, or no longer */
  readonly get: (accountId: AccountId, id: number) => Promise<Subscription>;
  /** The account's subscriptions, oldest first, 50 of them, unless the query says otherwise. */
  readonly list: (accountId: AccountId, query?: Partial<Query<SubscriptionField>>) => Promise<Page<Subscription>>;
  /**
   * Ends a subscription; its unfinished deliveries are cancelled with the reason, each as soon as it is due. With
   * `within` that is part of your transaction, and nothing is told of it on `events`.
   * @throws {HookwellError} `not_found`
   */
  readonly remove: (accountId: AccountId, id: number, options?: RemoveOptions) => Promise<Subscription>;
  /** What happens next to it, in plain words; empty while it is healthy. */
  readonly next: (subscription: Health) => string;
}

/** What `subscriptions` works with. */
export interface SubscriptionsContext {
  readonly storage: Pick<StorageAdapter, 'createSubscription' | 'listSubscriptions' | 'endSubscription' | 'join'>;
  readonly catalog: Catalog;
  readonly plugins: readonly Plugin[];
  readonly health: HealthPolicy;
  /** Says in one sentence what is wrong with a URL, and null when nothing is. */
  readonly checkUrl: (url: string) => string | null;
  /** @throws {HookwellError} `not_running` */
  readonly checkRunning: () => void;
  readonly onCreated: (subscription: Subscription) => void;
  readonly onEnded: (subscription: Subscription) => void;
}

/** Makes `engine.subscriptions`. */
export function subscriptions(context: SubscriptionsContext): Subscriptions {
  const { storage } = context;
  return {
    async create(input, { within } = {}) {
      context.checkRunning();
      const subscription = newSubscription(input, context);
      for (const plugin of context.plugins) await plugin.subscribe?.(subscription);
      if (within !== undefined) return (await storage.join(within)).createSubscription(subscription);
      const created = await storage.createSubscription(subscription);
      context.onCreated(created);
      return created;
    },

    async get(accountId, id) {
      context.checkRunning();
      if (!Number.isSafeInteger(id)) return missing(id);
      const where = { kind: 'compare', field: 'id', operator: '=', value: id } as const;
      const page = await storage.listSubscriptions(checkAccountId(accountId), { ...firstPage, where });
      return page.rows[0] ?? missing(id);
    },

    async list(accountId, query) {
      context.checkRunning();
      return storage.listSubscriptions(checkAccountId(accountId), { ...firstPage, ...query });
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

    next: (subscription) => whatHappensNext(subscription, context.health),
  };
}

const firstPage: Query<SubscriptionField> = { where: null, sort: { field: 'id', direction: 'asc' }, offset: 0, limit: 50 };

function newSubscription(input: SubscriptionInput, context: SubscriptionsContext): NewSubscription {
  if (typeof input !== 'object' || input === null) {
    throw new HookwellError('invalid_input', `subscriptions.create takes {accountId, url, topic}, not ${shown(input)}.`, {
      value: input,
    });
  }
  const accountId = checkAccountId(input.accountId);
  const { url, topic, format = 'full', encoding = 'form', data = '' } = input;
  const problem = typeof url === 'string' ? context.checkUrl(url) : `it is ${url === undefined ? 'missing' : `a ${typeof url}`}`;
  if (problem !== null) throw new HookwellError('invalid_url', `Invalid url ${shown(url)}: ${problem}.`, { value: url });
  const { eventType, target } = parseTopic(topic, context.catalog);
  if (eventType.parameter === null) findObjectType(context.catalog, target);
  const formats = [...builtInFormats, ...context.plugins.flatMap((plugin) => plugin.formats ?? [])];
  if (!formats.includes(format)) {
    const hint = typeof format === 'string' ? suggestion(format, formats) : '.';
    throw new HookwellError('unknown_format', `Unknown format ${shown(format)}${hint} Formats: ${listed(formats)}.`, {
      value: format,
    });
  }
  if (encoding !== 'form' && encoding !== 'json') {
    throw new HookwellError('unknown_format', `Unknown encoding ${shown(encoding)}. Encodings: "form", "json".`, {
      value: encoding,
    });
  }
  if (typeof data !== 'string' || data.length > 4_096) {
    throw new HookwellError('invalid_data', 'Invalid data: it must be a text of at most 4096 characters.', { value: data });
  }
  if (!isStorableText(data)) {
    throw new HookwellError('invalid_data', 'Invalid data: it has U+0000 or half of a surrogate pair in it; leave them out.', {
      value: data,
    });
  }
  return { accountId, url, topic, format, encoding, data };
}

function missing(id: unknown): never {
  throw new HookwellError('not_found', `No subscription ${shown(id)} in this account; list them to see which there are.`, {
    value: id,
  });
}
