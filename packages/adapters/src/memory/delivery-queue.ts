import type { Delivery } from '@hookwell/core';
import { orderTexts, SortedSet } from './sorted-set.ts';

/** A delivery, as far as its place in the queue goes. */
type Place = Pick<Delivery, 'subscriptionId' | 'dueAt' | 'id'>;

function orderPlaces(a: Place, b: Place): number {
  return a.subscriptionId - b.subscriptionId || a.dueAt - b.dueAt || orderTexts(a.id, b.id);
}

/** The unfinished deliveries, by id, and lane by lane in the order in which they are due. A changed one is a new object. */
export class DeliveryQueue {
  readonly #byId = new Map<string, Delivery>();
  readonly #places = new SortedSet<Place>(orderPlaces);
  /** Those that a later event may be given to, by lane and key. */
  readonly #byKey = new Map<string, Delivery>();

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
    this.#places.add(delivery);
    if (coalesceKey !== undefined) this.#byKey.set(`${subscriptionId} ${coalesceKey}`, delivery);
  }

  replace(before: Delivery, after: Delivery): void {
    this.#leavePlace(before);
    this.add(after);
  }

  delete(delivery: Delivery): void {
    this.#byId.delete(delivery.id);
    this.#leavePlace(delivery);
  }

  #leavePlace(delivery: Delivery): void {
    const { subscriptionId, coalesceKey } = delivery;
    this.#places.delete(delivery);
    if (coalesceKey !== undefined) this.#byKey.delete(`${subscriptionId} ${coalesceKey}`);
  }

  /** The deliveries of a lane, those due first at the head. The lane must not be changed before the last one was taken. */
  *ofLane(subscriptionId: number): Generator<Delivery> {
    for (const place of this.#places.from({ subscriptionId, dueAt: Number.NEGATIVE_INFINITY, id: '' })) {
      if (place.subscriptionId !== subscriptionId) return;
      yield place as Delivery;
    }
  }

  /** The first of a lane's deliveries that are due. */
  due(subscriptionId: number, now: number, limit: number): Delivery[] {
    const due: Delivery[] = [];
    if (limit <= 0) return due;
    for (const delivery of this.ofLane(subscriptionId)) {
      if (delivery.dueAt > now) break;
      due.push(delivery);
      if (due.length === limit) break;
    }
    return due;
  }

  /**
   * The lanes that have deliveries, each by the one that is due first: in the order of their ids after the given lane,
   * and round again up to it. The queue may be changed on the way.
   */
  *lanesFrom(after: number): Generator<Place> {
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
}
