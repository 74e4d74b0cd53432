import { HookwellError } from '../errors.ts';
import { checkAccountId, type AccountId } from '../model/account.ts';
import { isAboutTheSame } from '../model/coalescing.ts';
import type { StoredEvent } from '../model/event.ts';
import { explainDelivery, explainSubscription, type Explanation, type KnownDelivery } from '../model/explanation.ts';
import type { HealthPolicy } from '../model/health.ts';
import { lacksRecord } from '../model/gone-record.ts';
import { isKeyText } from '../model/key-text.ts';
import type { Condition } from '../model/query.ts';
import { shown } from '../model/shown.ts';
import type { Subscription } from '../model/subscription.ts';
import { answeredInTime, type Plugin } from '../plugin.ts';
import type { StorageAdapter } from '../storage-adapter.ts';
import { findSubscription } from './find-subscription.ts';

/** `engine.explain`: why something was sent or was not, in plain words. Every call is about one account, and sees nothing of another. */
export interface Explain {
  /**
   * Where a delivery stands, and why.
   * @throws {HookwellError} `not_found` when the account has none of that id, or it is no longer kept
   */
  readonly delivery: (accountId: AccountId, deliveryId: string) => Promise<Explanation>;
  /**
   * Why a subscription is sent its events, or is not.
   * @throws {HookwellError} `not_found`
   */
  readonly subscription: (accountId: AccountId, id: number) => Promise<Explanation>;
  /**
   * Why a stored event was sent to a subscription, or was not: where its delivery stands; or, when there is none, what would
   * leave it out now. Plugins are asked anew, one after the other.
   * @throws {HookwellError} `not_found` when the account has no such event or subscription, or it is no longer kept
   */
  readonly event: (accountId: AccountId, eventId: string, subscriptionId: number) => Promise<Explanation>;
}

/** What `explain` works with. */
export interface ExplainContext {
  readonly storage: Pick<StorageAdapter, 'listSubscriptions' | 'listDeliveries' | 'listAttempts' | 'findEvents'>;
  readonly plugins: readonly Pick<Plugin, 'name' | 'match'>[];
  readonly hookTimeoutMs: number;
  readonly health: HealthPolicy;
  readonly now: () => number;
  /** @throws {HookwellError} `not_running` */
  readonly checkRunning: () => void;
}

const newest = { sort: { field: 'id', direction: 'desc' }, offset: 0, limit: 1 } as const;

/** Makes `engine.explain`. */
export function explain(context: ExplainContext): Explain {
  const { storage, health, now } = context;

  /** The newest delivery that the conditions fit, waiting or ended, with its last line of the log. */
  async function findDelivery(
    accountId: string,
    waiting: Condition<'id' | 'eventId' | 'subscriptionId'>,
    logged: Condition<'deliveryId' | 'eventId' | 'subscriptionId'>,
  ): Promise<KnownDelivery | null> {
    const [queue, log] = await Promise.all([
      storage.listDeliveries(accountId, { ...newest, where: waiting }),
      storage.listAttempts(accountId, { ...newest, where: logged }),
    ]);
    const delivery = queue.rows[0] ?? null;
    const last = log.rows[0] ?? null;
    const known = delivery ?? last;
    if (!known) return null;
    const [subscription, [event = null]] = await Promise.all([
      findSubscription(accountId, known.subscriptionId, storage),
      storage.findEvents(accountId, [known.eventId]),
    ]);
    return { delivery, last, subscription, event };
  }

  return {
    async delivery(accountId, deliveryId) {
      context.checkRunning();
      const account = checkAccountId(accountId);
      const found =
        isKeyText(deliveryId) && (await findDelivery(account, equal('id', deliveryId), equal('deliveryId', deliveryId)));
      return found ? explainDelivery(found, health, now()) : missing('delivery', deliveryId);
    },

    async subscription(accountId, id) {
      context.checkRunning();
      const found = await findSubscription(checkAccountId(accountId), id, storage);
      return found ? explainSubscription(found, health, now()) : missing('subscription', id);
    },

    async event(accountId, eventId, subscriptionId) {
      context.checkRunning();
      const account = checkAccountId(accountId);
      const subscription = (await findSubscription(account, subscriptionId, storage)) ?? missing('subscription', subscriptionId);
      const [event] = isKeyText(eventId) ? await storage.findEvents(account, [eventId]) : [];
      if (!event) return missing('event', eventId);
      const both = { kind: 'and', of: [equal('eventId', eventId), equal('subscriptionId', subscriptionId)] } as const;
      const found = await findDelivery(account, both, both);
      if (found) return explainDelivery(found, health, now());
      return explainAbsence(event, subscription, context);
    },
  };
}

function equal<Field extends string>(field: Field, value: string | number): Condition<Field> {
  return { kind: 'compare', field, operator: '=', value };
}

/** Why an event has no delivery for a subscription, as far as can be told from what is there now. */
async function explainAbsence(event: StoredEvent, subscription: Subscription, context: ExplainContext): Promise<Explanation> {
  const { topic, createdAt, health, healthReason, healthSince } = subscription;
  const absent = (state: Explanation['state'], because: string, next = ''): Explanation => ({ state, because, next, at: null });
  if (topic !== event.topic) return absent('not_subscribed', `it is subscribed to ${topic}, and the event is ${event.topic}`);
  if (health === 'unsubscribed' && healthSince <= event.occurredAt) {
    return absent('not_subscribed', `it had ended before: ${healthReason}`);
  }
  if (createdAt > event.occurredAt) return absent('not_subscribed', 'it was subscribed after the event had happened');
  if (lacksRecord(event)) return absent('missing', 'nobody can tell any more: its record is no longer kept');
  for (const plugin of context.plugins) {
    if (!plugin.match) continue;
    const told = await answeredInTime(plugin, 'match', plugin.match(event, [subscription]), context.hookTimeoutMs);
    if (!told.includes(subscription)) return absent('filtered', `the plugin "${plugin.name}" leaves it out`);
  }
  if (subscription.coalesceMs > 0) {
    const later = await findLater(event, subscription, context.storage);
    const because = later
      ? `a later event of its record was stored while it waited, and is sent in its place: ${later.id}`
      : 'later events of its record were stored while it waited, and the last of them is sent in its place, or its log is no longer kept';
    return absent('coalesced', because);
  }
  return absent('missing', 'nothing leaves it out now: it was left out when it happened, or its log is no longer kept');
}

/** At most how many later deliveries of a subscription are looked at, waiting and ended. */
const laterLooked = 200;

/** The first later event of the same record that a subscription has a delivery of. */
async function findLater(
  event: StoredEvent,
  { accountId, id }: Subscription,
  storage: ExplainContext['storage'],
): Promise<StoredEvent | undefined> {
  const where = {
    kind: 'and',
    of: [equal('subscriptionId', id), { kind: 'compare', field: 'eventId', operator: '>', value: event.id }],
  } as const;
  const sort = { field: 'id', direction: 'asc' } as const;
  const found = await Promise.all([
    storage.listDeliveries(accountId, { where, sort, offset: 0, limit: laterLooked }),
    storage.listAttempts(accountId, { where, sort, offset: 0, limit: laterLooked }),
  ]);
  const ids = new Set(found.flatMap(({ rows }) => rows.map(({ eventId }) => eventId)));
  const events = ids.size === 0 ? [] : await storage.findEvents(accountId, [...ids]);
  return events.filter((one) => isAboutTheSame(one, event)).toSorted((a, b) => (a.id < b.id ? -1 : 1))[0];
}

function missing(what: 'delivery' | 'subscription' | 'event', id: unknown): never {
  throw new HookwellError('not_found', `No ${what} ${shown(id)} in this account, or it is no longer kept.`, { value: id });
}
