import type { LaneLimit } from '../../src/deliver/lane-limit.ts';
import type { Turn } from '../../src/deliver/lane.ts';

/** Of an account, what it holds. */
export interface WatchedAccount {
  readonly lanes: WatchedLane[];
  slots: number;
  slow: number;
}

/** Of a lane, what is where. */
export interface WatchedLane {
  readonly id: number;
  readonly account: WatchedAccount;
  limit: LaneLimit | undefined;
  reserved: number;
  fresh: number;
  retry: number;
  inFlight: number;
  recording: number;
  /** Starts of others of the same kind while it could have started one all the time. */
  readonly passedOver: Record<Turn, number>;
  /** Starts of its own account in slots, while it waits with a first attempt and is below its own limit. */
  behindItsAccount: number;
}

/** How often something happened that the properties are about, so that a simulation that avoids it is found out. */
export type Reached = Record<
  | 'starts'
  | 'retries'
  | 'slowStarts'
  | 'allSlots'
  | 'allRetrySlots'
  | 'allSlowPlaces'
  | 'allOfAnAccount'
  | 'halfOfSlowPlaces'
  | 'allMemory'
  | 'passedOver',
  number
>;

export function nothingReached(): Reached {
  return {
    starts: 0,
    retries: 0,
    slowStarts: 0,
    allSlots: 0,
    allRetrySlots: 0,
    allSlowPlaces: 0,
    allOfAnAccount: 0,
    halfOfSlowPlaces: 0,
    allMemory: 0,
    passedOver: 0,
  };
}
