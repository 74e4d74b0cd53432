import type { Claim } from './delivery.ts';
import type { StoredEvent } from './event.ts';
import type { Subscription } from './subscription.ts';

/** Which deliveries a process would like to send next. */
export interface ClaimRequest {
  readonly fence: string;
  readonly leaseMs: number;
  /** At most how many deliveries in all. */
  readonly limit: number;
  /** At most how many from one lane that `lanes` does not name. A suspended lane yields one at most. */
  readonly perLane: number;
  /** At most how many from these lanes (by subscription id); 0 passes a lane over. */
  readonly lanes: ReadonlyMap<number, number>;
  /** The lane after which to begin, in the order of lane ids and round again: the `cursor` of the last answer, or 0. */
  readonly after: number;
}

/** Deliveries leased to this process, with the subscriptions and events that they need, each once. */
export interface ClaimResult {
  readonly claims: readonly Claim[];
  readonly subscriptions: readonly Subscription[];
  readonly events: readonly StoredEvent[];
  /** The last lane that was visited. */
  readonly cursor: number;
  /** Whether there may be more to claim right now within the same bounds; false only when every lane was visited. */
  readonly more: boolean;
}
