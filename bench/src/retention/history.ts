import { recordAfter, recordBefore } from '../history-rows.ts';

/** Accounts of the history: as many as have their 10,000 lines each when it has 10,000,000. */
export const historyAccounts = 1_000;
/** Days that it goes back: two more than the log keeps anything by default. */
export const historyDays = 9;
/** Deliveries of each event. */
export const fanOut = 2;
/** One event in so many has an idempotency key, and one delivery in so many has failed. */
export const keyedEvery = 10;
export const failedEvery = 50;

export const dayMs = 86_400_000;

/** The JSON of the record of the event with that number. */
export function recordOf(event: number): string {
  return recordBefore + event + recordAfter;
}

/** The account of an event; its numbers go on behind those of the live traffic. */
export function accountOf(event: number): string {
  return `past-${event % historyAccounts}`;
}

/** An id as long as a UUIDv7, that sorts by time as one. */
export function idOf(at: number, number: number, kind: 'd' | 'e'): string {
  const time = at.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${kind}${number.toString(16).padStart(11, '0')}`;
}
