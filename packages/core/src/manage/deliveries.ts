import { HookwellError } from '../errors.ts';
import { checkAccountId, type AccountId } from '../model/account.ts';
import type { AttemptCount, AttemptCountQuery, DeliveryCount } from '../model/counts.ts';
import type { Delivery } from '../model/delivery.ts';
import { whyExpired } from '../model/event-times.ts';
import { lacksRecord } from '../model/gone-record.ts';
import { isKeyText } from '../model/key-text.ts';
import { shown } from '../model/shown.ts';
import type { TestResult } from '../model/test-result.ts';
import type { StoredEvent } from '../model/event.ts';
import type { Attempt } from '../model/outcome.ts';
import type { Page, Query } from '../model/query.ts';
import type { Subscription } from '../model/subscription.ts';
import type { AttemptField, DeliveryField, StorageAdapter } from '../storage-adapter.ts';
import { cancelEvent, type CancelledEvent } from './cancel-event.ts';
import { findSubscription } from './find-subscription.ts';
import { listEvents, type StoredEvents, type StoredEventsQuery } from './list-events.ts';

/** `engine.deliveries`: every call is about one account, and sees nothing of another. */
export interface Deliveries {
  /** The account's unfinished deliveries, oldest first, 50 of them, unless the query says otherwise. */
  readonly list: (accountId: AccountId, query?: Partial<Query<DeliveryField>>) => Promise<Page<Delivery>>;
  /** The account's log, newest attempt first, 50 lines, unless the query says otherwise. */
  readonly attempts: (accountId: AccountId, query?: Partial<Query<AttemptField>>) => Promise<Page<Attempt>>;
  /**
   * What the account has emitted last, newest first, whether or not anybody got it: among the 20,000 events of all accounts
   * that were stored last.
   * @throws {HookwellError} `invalid_input`
   */
  readonly events: (accountId: AccountId, query?: StoredEventsQuery) => Promise<StoredEvents>;
  /** The bodies that subscriptions are sent for events, as far as the events are stored with their records and can be composed; else empty texts. */
  readonly bodies: (
    accountId: AccountId,
    wanted: readonly { readonly subscription: Subscription; readonly eventId: string }[],
  ) => Promise<readonly string[]>;
  /**
   * How many lines of the account's log began in each span of time, by what they led to and how long they took: what charts
   * are made of. Spans without any are left out.
   * @throws {HookwellError} `invalid_query`
   */
  readonly counts: (
    accountId: AccountId,
    query: Omit<AttemptCountQuery, 'subscriptionId'> & Partial<Pick<AttemptCountQuery, 'subscriptionId'>>,
  ) => Promise<readonly AttemptCount[]>;
  /** What each of the account's subscriptions has left to be sent, of those that have any: 10,000 are counted at the most. */
  readonly backlog: (accountId: AccountId) => Promise<readonly DeliveryCount[]>;
  /**
   * One delivery with all that is known of it.
   * @throws {HookwellError} `not_found` when the account has none of that id, or it is no longer kept
   */
  readonly get: (accountId: AccountId, deliveryId: string) => Promise<DeliveryDetails>;
  /**
   * Sends a subscription a made-up event at once, and once: past its lane and whatever its health, so that its owner sees
   * what its endpoint answers. It is stored and logged like any other. A good answer ends a suspension; a bad one is not
   * held against the endpoint. The record has id 0, and words in the fields of the lightweight format.
   * @throws {HookwellError} `not_found`, `overloaded` when ten are under way
   */
  readonly test: (accountId: AccountId, subscriptionId: number) => Promise<TestResult>;
  /**
   * Sends a finished delivery again, under its old id.
   * @throws {HookwellError} `wrong_state` when it is not finished, its event has expired, or what it needs is gone
   */
  readonly replay: (accountId: AccountId, deliveryId: string) => Promise<void>;
  /**
   * Ends a delivery before it is sent.
   * @throws {HookwellError} `wrong_state` when it is being sent, is finished or unknown
   */
  readonly cancel: (accountId: AccountId, deliveryId: string, reason?: string) => Promise<void>;
  /**
   * Ends all deliveries of an event that wait, before they are sent, and answers how many there were, and how many were not
   * cancelled: those go on that are being sent, and those have ended. What is stored for it later on, by a replay, is not cancelled.
   * @throws {HookwellError} `not_found` when the account has no such event, or it is no longer kept
   */
  readonly cancelEvent: (accountId: AccountId, eventId: string, reason?: string) => Promise<CancelledEvent>;
}

/** A delivery with all that is known of it. */
export interface DeliveryDetails {
  readonly id: string;
  /** As it waits in the queue; null once it is finished. */
  readonly delivery: Delivery | null;
  /** Its lines of the log, oldest first: at most 1,000. */
  readonly attempts: readonly Attempt[];
  /** Null once it is no longer kept. */
  readonly subscription: Subscription | null;
  /** Null once it is no longer kept. Once its record is no longer, that has its `id` only, and `lacksRecord` says so. */
  readonly event: StoredEvent | null;
  /** What its requests look like, composed anew; null when what that takes is gone, or cannot be composed. */
  readonly request: DeliveryRequest | null;
}

/** A request as it is composed, without the headers that plugins add when it is sent. */
export interface DeliveryRequest {
  readonly url: string;
  readonly contentType: string;
  readonly body: string;
}

/** Deliveries counted of one subscription: beyond, an owner wants to know that there are many. */
const mostCounted = 10_000;

/** What `deliveries` works with. */
export interface DeliveriesContext {
  readonly storage: Pick<
    StorageAdapter,
    | 'listSubscriptions'
    | 'listDeliveries'
    | 'countDeliveries'
    | 'listAttempts'
    | 'countAttempts'
    | 'findEvents'
    | 'listEvents'
    | 'replayDelivery'
    | 'cancelDelivery'
  >;
  readonly compose: (
    event: StoredEvent,
    subscription: Subscription,
  ) => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly sendTest: (subscription: Subscription) => Promise<TestResult>;
  readonly now: () => number;
  /** @throws {HookwellError} `not_running` */
  readonly checkRunning: () => void;
  readonly onDue: () => void;
}

/** Makes `engine.deliveries`. */
export function deliveries(context: DeliveriesContext): Deliveries {
  const { storage } = context;
  return {
    async list(accountId, query) {
      context.checkRunning();
      return storage.listDeliveries(checkAccountId(accountId), {
        where: null,
        sort: { field: 'id', direction: 'asc' },
        offset: 0,
        limit: 50,
        ...query,
      });
    },

    async attempts(accountId, query) {
      context.checkRunning();
      return storage.listAttempts(checkAccountId(accountId), {
        where: null,
        sort: { field: 'id', direction: 'desc' },
        offset: 0,
        limit: 50,
        ...query,
      });
    },

    async events(accountId, query = {}) {
      context.checkRunning();
      return listEvents(accountId, query, storage);
    },

    async bodies(accountId, wanted) {
      context.checkRunning();
      const ids = [...new Set(wanted.map(({ eventId }) => eventId))];
      const events = ids.length === 0 ? [] : await storage.findEvents(checkAccountId(accountId), ids);
      const byId = new Map(events.map((event) => [event.id, event]));
      return Promise.all(
        wanted.map(async ({ subscription, eventId }) => {
          const event = byId.get(eventId);
          return (event && (await composed(event, subscription, context))?.body) ?? '';
        }),
      );
    },

    async counts(accountId, query) {
      context.checkRunning();
      return storage.countAttempts(checkAccountId(accountId), { subscriptionId: null, ...query });
    },

    async backlog(accountId) {
      context.checkRunning();
      return storage.countDeliveries(checkAccountId(accountId), mostCounted);
    },

    async get(accountId, deliveryId) {
      context.checkRunning();
      return findDetails(checkAccountId(accountId), deliveryId, context);
    },

    async test(accountId, subscriptionId) {
      context.checkRunning();
      const subscription = await findSubscription(checkAccountId(accountId), subscriptionId, storage);
      if (!subscription || subscription.health === 'unsubscribed') throw missing('subscription', subscriptionId);
      return context.sendTest(subscription);
    },

    async replay(accountId, deliveryId) {
      context.checkRunning();
      const account = checkAccountId(accountId);
      const expired = await whyNotAgain(account, deliveryId, context);
      if (expired !== null) {
        throw new HookwellError('wrong_state', `Delivery "${deliveryId}" cannot be sent again: ${expired}.`, {
          value: deliveryId,
        });
      }
      if (!(await storage.replayDelivery(account, deliveryId))) {
        throw new HookwellError(
          'wrong_state',
          `Delivery "${deliveryId}" cannot be sent again: only a finished delivery can, while its event and its subscription are there.`,
          { value: deliveryId },
        );
      }
      context.onDue();
    },

    async cancelEvent(accountId, eventId, reason = 'cancelled by the account') {
      context.checkRunning();
      return cancelEvent(checkAccountId(accountId), eventId, reason, storage);
    },

    async cancel(accountId, deliveryId, reason = 'cancelled by the account') {
      context.checkRunning();
      if (!(await storage.cancelDelivery(checkAccountId(accountId), deliveryId, reason))) {
        throw new HookwellError(
          'wrong_state',
          `Delivery "${deliveryId}" cannot be cancelled: only one that waits can, not one that is being sent or has ended.`,
          { value: deliveryId },
        );
      }
      // Another one may have waited for it.
      context.onDue();
    },
  };
}

/** Why the event of a delivery is not to be sent any more; null when nothing is known that says so. */
async function whyNotAgain(accountId: string, deliveryId: string, { storage, now }: DeliveriesContext): Promise<string | null> {
  if (!isKeyText(deliveryId)) return null;
  const where = { kind: 'compare', field: 'deliveryId', operator: '=', value: deliveryId } as const;
  const { rows } = await storage.listAttempts(accountId, { where, sort: byId, offset: 0, limit: 1 });
  const [event] = rows[0] ? await storage.findEvents(accountId, [rows[0].eventId]) : [];
  if (!event) return null;
  if (lacksRecord(event)) return 'the record of its event is no longer kept';
  const expired = whyExpired(event, now());
  return expired && `its event has ${expired}`;
}

async function findDetails(accountId: string, deliveryId: string, context: DeliveriesContext): Promise<DeliveryDetails> {
  const { storage } = context;
  if (!isKeyText(deliveryId)) throw missing('delivery', deliveryId);
  const of = (field: 'id' | 'deliveryId') => ({ kind: 'compare', field, operator: '=', value: deliveryId }) as const;
  const [waiting, log] = await Promise.all([
    storage.listDeliveries(accountId, { where: { ...of('id'), field: 'id' }, sort: byId, offset: 0, limit: 1 }),
    storage.listAttempts(accountId, { where: { ...of('deliveryId'), field: 'deliveryId' }, sort: byId, offset: 0, limit: 1_000 }),
  ]);
  const delivery = waiting.rows[0] ?? null;
  const known = delivery ?? log.rows[0];
  if (!known) throw missing('delivery', deliveryId);
  const [subscription, [event = null]] = await Promise.all([
    findSubscription(accountId, known.subscriptionId, storage),
    storage.findEvents(accountId, [known.eventId]),
  ]);
  const request = subscription && event && (await composed(event, subscription, context));
  return { id: deliveryId, delivery, attempts: log.rows, subscription, event, request };
}

const byId = { field: 'id', direction: 'asc' } as const;

/** One event that cannot be composed, or no longer, keeps nobody from seeing the others. */
async function composed(
  event: StoredEvent,
  subscription: Subscription,
  { compose }: DeliveriesContext,
): Promise<DeliveryRequest | null> {
  try {
    const { contentType, body } = await compose(event, subscription);
    return { url: subscription.url, contentType, body };
  } catch {
    return null;
  }
}

function missing(what: 'delivery' | 'subscription', id: unknown): HookwellError {
  return new HookwellError('not_found', `No ${what} ${shown(id)} in this account; list them to see which there are.`, {
    value: id,
  });
}
