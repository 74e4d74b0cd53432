import type { Attempt, Delivery } from '@hookwell/core';
import { AttemptLog } from './attempt-log.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import { EventRows } from './event-rows.ts';
import { KeyRows } from './key-rows.ts';
import { ReplayRows } from './replay-rows.ts';
import { SubscriptionRows } from './subscription-rows.ts';

/** All that a storage in memory holds. What refers to events and subscriptions is added and removed here, and counted. */
export class Contents {
  readonly subscriptions = new SubscriptionRows();
  readonly events = new EventRows();
  readonly queue = new DeliveryQueue();
  readonly log = new AttemptLog();
  readonly keys = new KeyRows();
  readonly replays = new ReplayRows();

  addDelivery(delivery: Delivery): void {
    this.queue.add(delivery);
    this.#refer(delivery, 1);
  }

  /** Gives a delivery that waits another event in the place of its own. */
  giveEvent(delivery: Delivery, eventId: string): void {
    this.events.refer(eventId, 1);
    this.queue.replace(delivery, { ...delivery, eventId });
    this.events.refer(delivery.eventId, -1);
  }

  removeDelivery(delivery: Delivery): void {
    this.queue.delete(delivery);
    this.#refer(delivery, -1);
  }

  /** Puts a line of the log in the place of the delivery that it is about: what it refers to stays as needed as it was. */
  finishDelivery(delivery: Delivery, line: Omit<Attempt, 'id'>): void {
    this.queue.delete(delivery);
    this.log.add(line);
    if (line.eventId === delivery.eventId && line.subscriptionId === delivery.subscriptionId) return;
    this.#refer(line, 1);
    this.#refer(delivery, -1);
  }

  addAttempt(line: Omit<Attempt, 'id'>): void {
    this.log.add(line);
    this.#refer(line, 1);
  }

  removeAttempt(attempt: Attempt): void {
    this.log.delete(attempt);
    this.#refer(attempt, -1);
  }

  #refer({ eventId, subscriptionId }: Pick<Attempt, 'eventId' | 'subscriptionId'>, count: 1 | -1): void {
    this.events.refer(eventId, count);
    this.subscriptions.refer(subscriptionId, count);
  }
}
