import type { StoredEvent } from './event.ts';

/** Which stored events of an account, from where on, and how far to look for them. */
export interface EventSearch {
  /** Null for all topics. */
  readonly topic: string | null;
  /** Behind which place to go on, as an answer named it; empty to begin with the newest. */
  readonly after: string;
  /** At most how many events to answer. */
  readonly limit: number;
  /** At most how many events to look at, whoever they belong to. */
  readonly looks: number;
}

/** What a search has found, the newest first, and where it goes on; null when nothing is left to look at. */
export interface EventPage {
  readonly events: readonly StoredEvent[];
  readonly after: string | null;
}
