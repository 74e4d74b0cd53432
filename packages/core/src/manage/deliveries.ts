import { HookwellError } from '../errors.ts';
import { checkAccountId, type AccountId } from '../model/account.ts';
import type { Delivery } from '../model/delivery.ts';
import type { StoredEvent } from '../model/event.ts';
import type { Attempt } from '../model/outcome.ts';
import type { Page, Query } from '../model/query.ts';
import type { Subscription } from '../model/subscription.ts';
import type { AttemptField, DeliveryField, StorageAdapter } from '../storage-adapter.ts';

/** `engine.deliveries`: every call is about one account, and sees nothing of another. */
export interface Deliveries {
  /** The account's unfinished deliveries, oldest first, 50 of them, unless the query says otherwise. */
  readonly list: (accountId: AccountId, query?: Partial<Query<DeliveryField>>) => Promise<Page<Delivery>>;
  /** The account's log, newest attempt first, 50 lines, unless the query says otherwise. */
  readonly attempts: (accountId: AccountId, query?: Partial<Query<AttemptField>>) => Promise<Page<Attempt>>;
  /** The bodies that subscriptions are sent for events, as far as the events are stored and can be composed; else empty texts. */
  readonly bodies: (
    accountId: AccountId,
    wanted: readonly { readonly subscription: Subscription; readonly eventId: string }[],
  ) => Promise<readonly string[]>;
  /**
   * Sends a finished delivery again, under its old id.
   * @throws {HookwellError} `wrong_state` when it is not finished, or what it needs is gone
   */
  readonly replay: (accountId: AccountId, deliveryId: string) => Promise<void>;
  /**
   * Ends a delivery before it is sent.
   * @throws {HookwellError} `wrong_state` when it is being sent, is finished or unknown
   */
  readonly cancel: (accountId: AccountId, deliveryId: string, reason?: string) => Promise<void>;
}

/** What `deliveries` works with. */
export interface DeliveriesContext {
  readonly storage: Pick<StorageAdapter, 'listDeliveries' | 'listAttempts' | 'findEvents' | 'replayDelivery' | 'cancelDelivery'>;
  readonly compose: (event: StoredEvent, subscription: Subscription) => { readonly body: string };
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

    async bodies(accountId, wanted) {
      context.checkRunning();
      const ids = [...new Set(wanted.map(({ eventId }) => eventId))];
      const events = ids.length === 0 ? [] : await storage.findEvents(checkAccountId(accountId), ids);
      const byId = new Map(events.map((event) => [event.id, event]));
      return wanted.map(({ subscription, eventId }) => {
        const event = byId.get(eventId);
        return event === undefined ? '' : bodyOf(event, subscription, context);
      });
    },

    async replay(accountId, deliveryId) {
      context.checkRunning();
      if (!(await storage.replayDelivery(checkAccountId(accountId), deliveryId))) {
        throw new HookwellError(
          'wrong_state',
          `Delivery "${deliveryId}" cannot be sent again: only a finished delivery can, while its event and its subscription are there.`,
          { value: deliveryId },
        );
      }
      context.onDue();
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
    },
  };
}

/** One event that cannot be composed, or no longer, keeps nobody from seeing the others. */
function bodyOf(event: StoredEvent, subscription: Subscription, { compose }: DeliveriesContext): string {
  try {
    return compose(event, subscription).body;
  } catch {
    return '';
  }
}
