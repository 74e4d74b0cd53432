import type { Held } from '../model/held.ts';
import type { Subscription } from '../model/subscription.ts';
import type { ClaimBounds } from './claim.ts';

/** How fast lanes catch up. */
export interface PaceLimits {
  /** At most how many deliveries of a lane in a second. */
  readonly pacePerSecond: number;
  /** A clock that never jumps, in milliseconds. */
  readonly monotonicNow: () => number;
}

/** What a lane that catches up may take. */
interface Pace {
  /** How many deliveries, when it was looked at last. */
  allowance: number;
  /** When that was, on the monotonic clock. */
  at: number;
  /** Whether it keeps an order, so that it may yield less than it has. */
  readonly isOrdered: boolean;
}

/** For how long allowance gathers before a claim is worth its while, in milliseconds. */
const gatherMs = 25;
/** Lanes that catch up at once and are known to; beyond, those that began first are not held to their pace any more. */
const knownLanes = 10_000;

/**
 * The lanes that catch up: what was held while their subscription was closed flows at a pace, so that neither an endpoint that
 * has just come back nor live traffic beside it is overrun.
 */
export class LanePaces {
  readonly #limits: PaceLimits;
  /** What gathers before a claim, and the most that does. */
  readonly #worthwhile: number;
  readonly #most: number;
  readonly #paces = new Map<number, Pace>();

  constructor(limits: PaceLimits) {
    this.#limits = limits;
    this.#worthwhile = Math.max(1, (limits.pacePerSecond * gatherMs) / 1_000);
    this.#most = 2 * this.#worthwhile;
  }

  /** Bounds how many deliveries may be claimed of each lane that catches up. */
  bound(rooms: Map<number, number>, roomInLane: (lane: number) => number): void {
    for (const [lane, pace] of this.#paces) {
      rooms.set(lane, Math.min(rooms.get(lane) ?? roomInLane(lane), Math.floor(this.#allowanceOf(pace))));
    }
  }

  /** Takes note of what was claimed within these bounds: lanes of which it holds nothing older any more have caught up. */
  claimed(claims: readonly Held[], { rooms, perLane }: Pick<ClaimBounds, 'rooms' | 'perLane'>, more: boolean): void {
    const got = new Map<number, number>();
    const behind = new Map<number, Subscription>();
    for (const { claim, subscription } of claims) {
      got.set(subscription.id, (got.get(subscription.id) ?? 0) + 1);
      if (subscription.reopenedAt !== null && claim.createdAt < subscription.reopenedAt)
        behind.set(subscription.id, subscription);
    }
    for (const [lane, pace] of this.#paces) {
      const room = rooms.get(lane) ?? 0;
      const isVisited = room > 0 && (got.has(lane) || !more);
      if (isVisited && this.#hasCaughtUp(pace, got.get(lane) ?? 0, room, behind.has(lane))) this.#paces.delete(lane);
    }
    for (const [lane, { ordering }] of behind) {
      const count = got.get(lane) ?? 0;
      const isOrdered = ordering !== 'none';
      // One that yields less than it was asked for has nothing more, unless the rest waits for that.
      if (this.#paces.has(lane) || isOrdered || count >= (rooms.get(lane) ?? perLane)) this.#take(lane, count, isOrdered);
    }
  }

  /** @param isBehind whether some of the deliveries that were claimed had been held */
  #hasCaughtUp(pace: Pace, count: number, room: number, isBehind: boolean): boolean {
    if (isBehind) return count < room && !pace.isOrdered;
    // What waits in an order yields nothing while the one before it is under way.
    return count > 0 || !pace.isOrdered || this.#allowanceOf(pace) >= this.#most;
  }

  /** In how many milliseconds a claim of the lane is worth its while, as far as its pace goes. */
  waitMs(lane: number): number {
    const pace = this.#paces.get(lane);
    if (!pace) return 0;
    const missing = this.#worthwhile - this.#allowanceOf(pace);
    return missing <= 0 ? 0 : Math.ceil((missing * 1_000) / this.#limits.pacePerSecond);
  }

  #take(lane: number, count: number, isOrdered: boolean): void {
    let pace = this.#paces.get(lane);
    if (!pace) {
      const [first] = this.#paces.keys();
      if (this.#paces.size >= knownLanes && first !== undefined) this.#paces.delete(first);
      pace = { allowance: this.#worthwhile, at: this.#limits.monotonicNow(), isOrdered };
      this.#paces.set(lane, pace);
    }
    pace.allowance = this.#allowanceOf(pace) - count;
  }

  #allowanceOf(pace: Pace): number {
    const now = this.#limits.monotonicNow();
    pace.allowance = Math.min(this.#most, pace.allowance + ((now - pace.at) * this.#limits.pacePerSecond) / 1_000);
    pace.at = now;
    return pace.allowance;
  }
}
