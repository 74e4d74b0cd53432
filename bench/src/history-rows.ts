import { contact, laneCount } from './workload.ts';

/** Days that a history goes back, today included: a quarter of it each. */
export const historyDays = 4;
/** Deliveries of each event. */
export const historyFanOut = 2;
/** Accounts beside the one whose lanes are measured, which has half of the history. */
export const otherAccounts = 200;
/** Subscriptions of those accounts; their ids follow those of the lanes. */
export const otherSubscriptions = 980;
/** One event in so many has an idempotency key. */
export const keyedEvery = 10;
/** One delivery in so many has failed. */
export const failedEvery = 50;

/** The record of every event, as JSON: what comes before its id and after it. */
export const recordBefore = '{"id":';
export const recordAfter = JSON.stringify(contact(0)).slice(`${recordBefore}0`.length);

/** The account of the event with that number, from 0 on. */
export function accountOf(event: number): string {
  return event % 2 === 0 ? '1' : `other-${event % otherAccounts}`;
}

/** The subscription of the delivery with that number, which is of the event with the number beside it. */
export function subscriptionOf(delivery: number, event: number): number {
  return event % 2 === 0 ? (delivery % laneCount) + 1 : laneCount + 1 + (delivery % otherSubscriptions);
}
