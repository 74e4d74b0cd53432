import type { Held } from '../model/held.ts';
import type { ClaimBounds, Claimed } from './claim.ts';
import { ClippedLanes } from './clipped-lanes.ts';
import type { LanePaces } from './lane-paces.ts';
import type { Lanes } from './lanes.ts';

/** What claiming lane after lane works with. */
export interface LaneClaimsContext {
  readonly lanes: Lanes;
  readonly claim: (bounds: ClaimBounds) => Promise<Claimed>;
  /** Hands a delivery back unsent. */
  readonly release: (held: Held) => void;
  /** At most how many deliveries are claimed at once. */
  readonly maxClaims: number;
  /** What is about to be stored: says how many places in memory are kept for it. */
  readonly newcomers: { readonly promised: () => number };
  /** The paces of lanes that catch up, where those are kept. */
  readonly paces: () => LanePaces | null;
}

/** For how long lanes that are slow gather before more of them is claimed, in milliseconds: there may be many of them. */
const slowClaimMs = 100;

/** What a group of claims came to. */
export interface ClaimedGroup {
  /** How many were claimed, each with its place in its lane. */
  readonly count: number;
  /** Whether there may be more to claim right now. */
  readonly more: boolean;
}

/** Claims lane after lane into memory, as far as that and the lanes have room, from where the last claim has ended. */
export class LaneClaims {
  readonly #context: LaneClaimsContext;
  readonly #clipped = new ClippedLanes();
  #cursor = 0;
  /** How often the claims came past the last lane without finding anything, since somebody wanted them. */
  #emptyLaps = 0;

  constructor(context: LaneClaimsContext) {
    this.#context = context;
  }

  /** The lanes that may have more in the storage than fitted into memory. */
  get clipped(): Pick<ClippedLanes, 'add' | 'has' | 'size'> {
    return this.#clipped;
  }

  /** Takes note of what was stored for a lane and waits; says whether a claim now may bring it. */
  waits(lane: number): boolean {
    const isFull = this.#context.lanes.roomInLane(lane) <= 0 || (this.#context.paces()?.waitMs(lane) ?? 0) > 0;
    if (isFull) this.#clipped.add(lane);
    return !isFull;
  }

  /** In how many milliseconds a lane of which something has left memory is worth a claim; null while it is not. */
  worthwhileInMs(lane: number): number | null {
    const { lanes, paces } = this.#context;
    if (!this.#clipped.has(lane) || !lanes.wantsMore(lane)) return null;
    return Math.max(lanes.isSlow(lane) ? slowClaimMs : 0, paces()?.waitMs(lane) ?? 0);
  }

  /** Takes note that somebody wants claims: however little the last ones found, all lanes are worth another look. */
  beginLap(): void {
    this.#emptyLaps = 0;
  }

  /** Claims one group; null when there is no room in memory for any. */
  async claimGroup(): Promise<ClaimedGroup | null> {
    const { lanes, maxClaims, newcomers } = this.#context;
    const limit = Math.min(Math.floor(lanes.room - newcomers.promised()), maxClaims);
    if (limit <= 0) return null;
    const number = this.#clipped.beginClaim();
    const pauses = lanes.pauses.serial;
    const paces = this.#context.paces();
    const rooms = lanes.rooms();
    paces?.bound(rooms, (lane) => lanes.roomInLane(lane));
    const bounds = { after: this.#cursor, limit, rooms, perLane: lanes.newLaneCapacity };
    lanes.expect(limit);
    const { held, cursor, more } = await this.#context.claim(bounds).finally(() => lanes.expect(-limit));
    paces?.claimed(held, bounds, more);
    this.#clipped.endClaim(number, this.#take(held, pauses), bounds, more);
    if (held.length > 0) this.#emptyLaps = 0;
    else if (cursor <= this.#cursor) this.#emptyLaps += 1;
    this.#cursor = cursor;
    return { count: held.length, more: more && this.#emptyLaps < 2 };
  }

  /** Puts claims into their lanes; answers how many each of them got, which is all of it for a lane that is being probed. */
  #take(claims: readonly Held[], pauses: number): ReadonlyMap<number, number> {
    const { lanes, release } = this.#context;
    const got = new Map<number, number>();
    for (const held of claims) {
      const { id, health } = held.subscription;
      const probe = health === 'suspended';
      lanes.pauses.endUpTo(id, pauses);
      lanes.take(held.subscription, probe);
      if (!lanes.enqueue(held)) release(held);
      got.set(id, probe ? Number.POSITIVE_INFINITY : (got.get(id) ?? 0) + 1);
    }
    return got;
  }
}
