/** The events about one record of an account: a part of them, in an order of the storage's own. */
export interface EraseRequest {
  /** The number of the record's object type. */
  readonly objectType: number;
  /** The record's id as text. */
  readonly recordId: string;
  /** Where to go on: the `cursor` of the last answer, or null to begin. */
  readonly after: string | null;
}

/** How much was erased. */
export interface Erased {
  readonly events: number;
  /** Unfinished deliveries of these events. */
  readonly deliveries: number;
  /** Lines of the log about them. */
  readonly attempts: number;
}

/** What one call has erased, and where to go on; null once every event was looked at. */
export interface EraseResult extends Erased {
  readonly cursor: string | null;
}
