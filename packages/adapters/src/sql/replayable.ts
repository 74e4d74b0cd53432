import type { ReplayRow } from '@hookwell/core';

/** What a replay would send, as a statement answers it. */
interface Replayable {
  readonly subscription_id: number;
  readonly event_id: string;
  readonly topic: string;
}

/** A line of the log whose delivery can be sent again. */
export interface ReplayableLine extends Replayable {
  readonly id: number;
  readonly delivery_id: string;
}

/** An event that a subscription never got, at its place among the events. */
export type ReplayablePair<Place> = Replayable & Place;

/** Beyond every place. */
export const endOfPlaces = Number.MAX_SAFE_INTEGER;

/** Reads what a replay would send, with the place after which the next one comes. */
export function readReplayable(row: Replayable, deliveryId: string | null, place: readonly (number | string)[]): ReplayRow {
  const { subscription_id: subscriptionId, event_id: eventId, topic } = row;
  return { deliveryId, subscriptionId, eventId, topic, after: JSON.stringify(place) };
}
