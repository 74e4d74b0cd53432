import type { Held } from '../model/held.ts';
import type { LaneLimit } from './lane-limit.ts';

/** What a lane's turn is for: a first attempt, a retry, or either of a lane that is slow. */
export type Turn = 'fresh' | 'retry' | 'slow';

/** The deliveries of one subscription that are in memory. */
export interface Lane {
  readonly subscriptionId: number;
  readonly accountId: string;
  readonly limit: LaneLimit;
  /** Places taken in memory: reserved, waiting, under way and being recorded. */
  taken: number;
  inFlight: number;
  readonly fresh: Held[];
  readonly retries: Held[];
  /** How many of its requests under way take longer than a slot is kept for. */
  late: number;
  /** Whether its subscription is suspended, so that what is in memory is a probe and nothing may join it. */
  probing: boolean;
}

/** A request under way, and what it holds meanwhile. */
export interface UnderWay {
  readonly held: Held;
  readonly lane: Lane;
  /** When it began, on the monotonic clock, in milliseconds. */
  readonly since: number;
  /** A slot for first attempts or one for retries, or a place beside the slots. */
  holds: Turn;
  late: boolean;
}

export function waitingIn({ fresh, retries }: Pick<Lane, 'fresh' | 'retries'>): number {
  return fresh.length + retries.length;
}
