import { HookwellError, type Attempt, type EngineEvents } from '@hookwell/core';
import type { WebhooksEngine } from '../webhooks.ts';
import type { ChangeJson } from './schemas-stats.ts';

/** Somebody who wants to be told when something of their account changes. */
export interface Listener {
  readonly onChange: (change: ChangeJson) => void;
  /** Nothing more is told. */
  readonly onEnd: () => void;
}

/** What changed, as far as it is known. */
export interface Touched {
  readonly subscriptionId?: number | undefined;
  readonly deliveryId?: string | undefined;
}

/** How often things are done, in milliseconds. */
export interface LiveTimes {
  /** How long changes gather before they are told. */
  readonly gatherMs: number;
  /** How often the log is looked at for what other processes have done. */
  readonly lookMs: number;
}

export const usualTimes: LiveTimes = { gatherMs: 250, lookMs: 5_000 };

/** How many listeners an account, and all of them together, may have in one process. */
export const maxListeners = { account: 20, all: 1_000 } as const;

/** Ids named in one change, of each kind; beyond it says that there are more. */
const maxIds = 100;

/** What is known of one account while somebody listens. */
interface Audience {
  readonly listeners: Set<Listener>;
  subscriptions: Set<number>;
  deliveries: Set<string>;
  more: boolean;
  gathering: NodeJS.Timeout | undefined;
  /** The newest line of the log that was seen; null before the first look. */
  newest: number | null;
  /** Deliveries that this process told of since the last look, so that the log does not tell them again. */
  told: Set<string>;
}

/** Tells listeners what changes in their account: what this process does at once, what others do after a while. */
export class LiveHub {
  readonly #engine: WebhooksEngine;
  readonly #report: (error: unknown) => void;
  readonly #times: LiveTimes;
  readonly #audiences = new Map<string, Audience>();
  #count = 0;
  #looking: NodeJS.Timeout | undefined;
  #stopListening: (() => void) | undefined;
  #lastLookFailed = false;

  constructor(engine: WebhooksEngine, report: (error: unknown) => void, times: LiveTimes = usualTimes) {
    this.#engine = engine;
    this.#report = report;
    this.#times = times;
  }

  /** Tells from now on; answers what ends that, or null when there are too many listeners. */
  add(accountId: string, listener: Listener): (() => void) | null {
    const audience = this.#audiences.get(accountId) ?? newAudience();
    if (audience.listeners.size >= maxListeners.account || this.#count >= maxListeners.all) return null;
    audience.listeners.add(listener);
    this.#audiences.set(accountId, audience);
    this.#count += 1;
    if (this.#count === 1) this.#open();
    return () => {
      if (!audience.listeners.delete(listener)) return;
      this.#count -= 1;
      if (audience.listeners.size === 0) {
        clearTimeout(audience.gathering);
        this.#audiences.delete(accountId);
      }
      if (this.#count === 0) this.#close();
    };
  }

  /** Notes a change; it is told with those that gather around it. */
  touch(accountId: string, { subscriptionId, deliveryId }: Touched): void {
    const audience = this.#audiences.get(accountId);
    if (!audience) return;
    if (subscriptionId !== undefined) addUpTo(audience, audience.subscriptions, subscriptionId);
    if (deliveryId !== undefined) {
      addUpTo(audience, audience.deliveries, deliveryId);
      if (audience.told.size < 10 * maxIds) audience.told.add(deliveryId);
    }
    audience.gathering ??= setTimeout(() => tell(audience), this.#times.gatherMs).unref();
  }

  /** One listener for each kind of notice, however many clients there are, and none while there is no client. */
  #open(): void {
    const { events } = this.#engine;
    const onEvent: EngineEvents['event:stored'] = ({ event, deliveries }) => {
      if (deliveries > 0) this.touch(event.accountId, {});
    };
    const onSubscription: EngineEvents['subscription:created'] = ({ subscription }) =>
      this.touch(subscription.accountId, { subscriptionId: subscription.id });
    const onDelivery: EngineEvents['delivery:delivered'] = ({ outcome, subscription }) =>
      this.touch(subscription.accountId, { subscriptionId: subscription.id, deliveryId: outcome.deliveryId });
    events.on('event:stored', onEvent);
    for (const name of subscriptionNotices) events.on(name, onSubscription);
    for (const name of deliveryNotices) events.on(name, onDelivery);
    this.#stopListening = () => {
      events.off('event:stored', onEvent);
      for (const name of subscriptionNotices) events.off(name, onSubscription);
      for (const name of deliveryNotices) events.off(name, onDelivery);
    };
    this.#lookLater();
  }

  #close(): void {
    this.#stopListening?.();
    clearTimeout(this.#looking);
  }

  #lookLater(): void {
    this.#looking = setTimeout(() => {
      void this.#look().then(() => {
        if (this.#count > 0) this.#lookLater();
      });
    }, this.#times.lookMs).unref();
  }

  /** Looks at the newest lines of each account that somebody listens for. */
  async #look(): Promise<void> {
    try {
      for (const [accountId, audience] of this.#audiences) await this.#lookAt(accountId, audience);
      this.#lastLookFailed = false;
    } catch (error) {
      if (HookwellError.is(error, 'not_running')) {
        for (const { listeners } of this.#audiences.values()) for (const listener of listeners) listener.onEnd();
        return;
      }
      if (!this.#lastLookFailed) this.#report(error);
      this.#lastLookFailed = true;
    }
  }

  async #lookAt(accountId: string, audience: Audience): Promise<void> {
    const { newest, told } = audience;
    audience.told = new Set();
    const lines = await this.#newerThan(accountId, newest);
    audience.newest = lines[0]?.id ?? newest ?? 0;
    if (newest === null) return;
    if (lines.length === maxIds) audience.more = true;
    for (const { subscriptionId, deliveryId } of lines) {
      if (!told.has(deliveryId)) this.touch(accountId, { subscriptionId, deliveryId });
    }
  }

  async #newerThan(accountId: string, newest: number | null): Promise<readonly Attempt[]> {
    const { rows } = await this.#engine.deliveries.attempts(accountId, {
      where: newest === null ? null : { kind: 'compare', field: 'id', operator: '>', value: newest },
      limit: newest === null ? 1 : maxIds,
    });
    return rows;
  }
}

const subscriptionNotices = [
  'subscription:created',
  'subscription:updated',
  'subscription:failing',
  'subscription:warning',
  'subscription:suspended',
  'subscription:recovered',
  'subscription:paused',
  'subscription:resumed',
  'subscription:unsubscribed',
] as const satisfies readonly (keyof EngineEvents)[];

const deliveryNotices = [
  'delivery:delivered',
  'delivery:retrying',
  'delivery:failed',
  'delivery:cancelled',
] as const satisfies readonly (keyof EngineEvents)[];

function newAudience(): Audience {
  return {
    listeners: new Set(),
    subscriptions: new Set(),
    deliveries: new Set(),
    more: false,
    gathering: undefined,
    newest: null,
    told: new Set(),
  };
}

function addUpTo<Id>(audience: Audience, ids: Set<Id>, id: Id): void {
  if (ids.size < maxIds) ids.add(id);
  else if (!ids.has(id)) audience.more = true;
}

function tell(audience: Audience): void {
  const { subscriptions, deliveries, more } = audience;
  audience.gathering = undefined;
  audience.subscriptions = new Set();
  audience.deliveries = new Set();
  audience.more = false;
  const change = { subscriptions: [...subscriptions], deliveries: [...deliveries], more };
  for (const listener of audience.listeners) listener.onChange(change);
}
