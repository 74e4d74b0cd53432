import { isClosed, type NewSubscription, type Subscription, type TopicKey, type WhichSubscriptions } from '@hookwell/core';
import { Groups } from './groups.ts';

/** The subscriptions, those that ended included. A changed one is a new object. */
export class SubscriptionRows {
  readonly #byId = new Map<number, Subscription>();
  readonly #byAccount = new Groups<number, Subscription>();
  /** Those that are not unsubscribed. */
  readonly #byTopic = new Groups<number, Subscription>();
  /** Those that are. */
  readonly #ended = new Set<number>();
  /** How many deliveries and log lines refer to each, where any does. */
  readonly #references = new Map<number, number>();
  #lastId = 0;

  get(id: number): Subscription | undefined {
    return this.#byId.get(id);
  }

  *ofAccount(accountId: string, which: WhichSubscriptions = 'all'): Generator<Subscription> {
    for (const subscription of this.#byAccount.of(accountId).values()) {
      if (which === 'all' || (subscription.health === 'unsubscribed') === (which === 'ended')) yield subscription;
    }
  }

  /** Those of a key that are not unsubscribed, in the order of their ids. */
  ofTopic(key: TopicKey): Iterable<Subscription> {
    return this.#byTopic.of(keyOf(key)).values();
  }

  /** Those that are suspended or paused, with ids larger than that, in the order of their ids. */
  closedAfter(id: number): Subscription[] {
    const closed = [...this.#byId.values()].filter((row) => row.id > id && isClosed(row));
    return closed.toSorted((a, b) => a.id - b.id);
  }

  add(given: NewSubscription, now: number): Subscription {
    const { accountId, url, topic, format, encoding, data, attributes, ordering = 'none', coalesceMs = 0 } = given;
    this.#lastId += 1;
    const subscription: Subscription = {
      id: this.#lastId,
      accountId,
      url,
      topic,
      format,
      encoding,
      data,
      attributes: { ...attributes },
      ordering,
      coalesceMs,
      createdAt: now,
      health: 'healthy',
      healthReason: '',
      healthSince: now,
      healthVersion: 0,
      consecutiveFailures: 0,
      failingSince: null,
      pausedUntil: null,
      reopenedAt: null,
      lastAttemptAt: null,
      lastStatus: 0,
      lastEventId: null,
    };
    this.replace(subscription);
    return subscription;
  }

  /** Puts a row in the place of the one with its id. */
  replace(subscription: Subscription): void {
    const { id, accountId, health } = subscription;
    const before = this.#byId.get(id);
    if (before && before.topic !== subscription.topic) this.#byTopic.delete(keyOf(before), id);
    this.#byId.set(id, subscription);
    this.#byAccount.set(accountId, id, subscription);
    if (health === 'unsubscribed') {
      this.#byTopic.delete(keyOf(subscription), id);
      this.#ended.add(id);
    } else {
      this.#byTopic.set(keyOf(subscription), id, subscription);
      this.#ended.delete(id);
    }
  }

  /** Counts one more row that refers to it, or one less. */
  refer(id: number, count: 1 | -1): void {
    const references = (this.#references.get(id) ?? 0) + count;
    if (references === 0) this.#references.delete(id);
    else this.#references.set(id, references);
  }

  /** Forgets those that ended before, and that nothing refers to; answers how many. */
  forgetEnded(before: (accountId: string) => number, limit: number): number {
    let forgotten = 0;
    for (const id of this.#ended) {
      if (forgotten === limit) break;
      const subscription = this.#byId.get(id);
      if (!subscription || subscription.healthSince >= before(subscription.accountId)) continue;
      if (this.#references.has(id)) continue;
      this.#ended.delete(id);
      this.#byId.delete(id);
      this.#byAccount.delete(subscription.accountId, id);
      forgotten += 1;
    }
    return forgotten;
  }
}

/** A subscription of which nobody else holds a part. */
export function copySubscription(subscription: Subscription): Subscription {
  return { ...subscription, attributes: { ...subscription.attributes } };
}

/** With the length of the account id, so that the two parts cannot run into each other. */
function keyOf({ accountId, topic }: TopicKey): string {
  return `${accountId.length} ${accountId} ${topic}`;
}
