import type { Delivery } from '@hookwell/core';
import { orderTexts, SortedSet } from './sorted-set.ts';

/** A delivery, as far as its place in the queue goes. */
type Place = Pick<Delivery, 'subscriptionId' | 'dueAt' | 'id'>;

function orderPlaces(a: Place, b: Place): number {
  return a.subscriptionId - b.subscriptionId || a.dueAt - b.dueAt || orderTexts(a.id, b.id);
}

/** A delivery, as far as its place in an order goes. */
type OrderPlace = Pick<Delivery, 'subscriptionId' | 'createdAt' | 'id'> & { readonly orderKey: string };

function orderWithinKeys(a: OrderPlace, b: OrderPlace): number {
  return (
    a.subscriptionId - b.subscriptionId ||
    orderTexts(a.orderKey, b.orderKey) ||
    a.createdAt - b.createdAt ||
    orderTexts(a.id, b.id)
  );
}

function keepsOrder(delivery: Delivery): delivery is Delivery & OrderPlace {
  return delivery.orderKey !== undefined;
}

/** The unfinished deliveries, by id, and lane by lane in the order in which they are due. A changed one is a new object. */
export class DeliveryQueue {
  readonly #byId = new Map<string, Delivery>();
  /** All but those that are leased. */
  readonly #places = new SortedSet<Place>(orderPlaces);
  /** Those that a later event may be given to, by lane and key. */
  readonly #byKey = new Map<string, Delivery>();
  /** Those that are leased, in no order: most of them end before anybody asks for their places. */
  readonly #leased = new Set<Delivery>();
  /** No lease ends before. */
  #leasedUntil = Number.POSITIVE_INFINITY;
  /** Those that keep an order. */
  readonly #orders = new SortedSet<OrderPlace>(orderWithinKeys);

  get(id: string): Delivery | undefined {
    return this.#byId.get(id);
  }

  /** The one of a lane that waits under a key, to be given a later event. */
  ofKey(subscriptionId: number, coalesceKey: string): Delivery | undefined {
    return this.#byKey.get(`${subscriptionId} ${coalesceKey}`);
  }

  add(delivery: Delivery): void {
    const { subscriptionId, coalesceKey } = delivery;
    this.#byId.set(delivery.id, delivery);
    if (delivery.fence === null) {
      this.#places.add(delivery);
    } else {
      this.#leased.add(delivery);
      this.#leasedUntil = Math.min(this.#leasedUntil, delivery.dueAt);
    }
    if (coalesceKey !== undefined) this.#byKey.set(`${subscriptionId} ${coalesceKey}`, delivery);
    if (keepsOrder(delivery)) this.#orders.add(delivery);
  }

  replace(before: Delivery, after: Delivery): void {
    this.#leave(before);
    this.add(after);
  }

  delete(delivery: Delivery): void {
    this.#byId.delete(delivery.id);
    this.#leave(delivery);
    if (keepsOrder(delivery)) this.#orders.delete(delivery);
  }

  /** The deliveries of an order, the first one at the head. */
  *inOrder(subscriptionId: number, orderKey: string): Generator<Delivery> {
    for (const place of this.#orders.from({ subscriptionId, orderKey, createdAt: Number.NEGATIVE_INFINITY, id: '' })) {
      if (place.subscriptionId !== subscriptionId || place.orderKey !== orderKey) return;
      yield this.#byId.get(place.id) as Delivery;
    }
  }

  /** When the last delivery of an order was made; null when it has none. */
  lastInOrder(subscriptionId: number, orderKey: string): number | null {
    const last = this.#orders.before({ subscriptionId, orderKey, createdAt: Number.POSITIVE_INFINITY, id: '' });
    return last?.subscriptionId === subscriptionId && last.orderKey === orderKey ? last.createdAt : null;
  }

  /** The deliveries of a lane, those due first at the head. The lane must not be changed before the last one was taken. */
  ofLane(subscriptionId: number): Iterable<Delivery> {
    this.#placeLeased(Number.POSITIVE_INFINITY);
    return this.#placed(subscriptionId);
  }

  *#placed(subscriptionId: number): Generator<Delivery> {
    for (const place of this.#places.from({ subscriptionId, dueAt: Number.NEGATIVE_INFINITY, id: '' })) {
      if (place.subscriptionId !== subscriptionId) return;
      yield place as Delivery;
    }
  }

  /** The first of a lane's deliveries that are due. */
  due(subscriptionId: number, now: number, limit: number): Delivery[] {
    const due: Delivery[] = [];
    if (limit <= 0) return due;
    this.#placeLeased(now);
    for (const delivery of this.#placed(subscriptionId)) {
      if (delivery.dueAt > now) break;
      due.push(delivery);
      if (due.length === limit) break;
    }
    return due;
  }

  /**
   * The lanes that have deliveries, each by the one that is due first: in the order of their ids after the given lane,
   * and round again up to it. Those that are leased beyond `until` count for nothing. The queue may be changed on the way.
   */
  *lanesFrom(after: number, until: number): Generator<Place> {
    this.#placeLeased(until);
    let position = after;
    let goneRound = false;
    for (;;) {
      const first = this.#places.after({ subscriptionId: position, dueAt: Number.POSITIVE_INFINITY, id: '' });
      if (first && !(goneRound && first.subscriptionId > after)) {
        position = first.subscriptionId;
        yield first;
      } else if (goneRound || after <= 0) {
        return;
      } else {
        position = 0;
        goneRound = true;
      }
    }
  }

  /** Gives what is leased no longer than that its place among the others. */
  #placeLeased(until: number): void {
    if (this.#leasedUntil > until) return;
    this.#leasedUntil = Number.POSITIVE_INFINITY;
    for (const delivery of this.#leased) {
      if (delivery.dueAt > until) {
        this.#leasedUntil = Math.min(this.#leasedUntil, delivery.dueAt);
      } else {
        this.#leased.delete(delivery);
        this.#places.add(delivery);
      }
    }
  }

  #leave(delivery: Delivery): void {
    const { subscriptionId, coalesceKey } = delivery;
    if (!this.#leased.delete(delivery)) this.#places.delete(delivery);
    if (coalesceKey !== undefined) this.#byKey.delete(`${subscriptionId} ${coalesceKey}`);
  }
}
