import type { ClaimBounds, Claimed } from '../../src/deliver/claim.ts';
import type { Held } from '../../src/model/held.ts';
import { violated } from './violation.ts';

export type FinalState = 'delivered' | 'failed' | 'cancelled';

/** A delivery: waits in its lane, is held under a fence, or has come to its final state. */
export interface StoredDelivery {
  readonly id: number;
  readonly lane: StoredLane;
  attempts: number;
  failures: number;
  dueAt: number;
  /** 0 while nobody holds it. */
  fence: number;
  state: 'unknown' | 'waiting' | FinalState;
}

/** A subscription and what waits for it, first what is due first. */
export interface StoredLane {
  readonly id: number;
  readonly accountId: string;
  readonly waiting: StoredDelivery[];
  health: 'healthy' | 'suspended' | 'unsubscribed';
  pausedUntil: number;
  failuresInARow: number;
  /** Claims in a row that could have brought some of it and did not. */
  passedOver: number;
}

/** What a claim holds in the simulation: as much of `Held` as the scheduler looks at, and the row. */
export interface SimulatedHeld {
  readonly claim: { readonly id: string; readonly attempts: number };
  readonly subscription: { readonly id: number; readonly accountId: string; readonly health: StoredLane['health'] };
  readonly heldSince: number;
  readonly delivery: StoredDelivery;
  readonly fence: number;
}

/** The storage as the scheduler sees it: lanes of due deliveries, leases and fences, with the promises of the port. */
export class SimulatedStorage {
  readonly lanes: readonly StoredLane[];
  /** How many came to each final state. */
  readonly ended: Record<FinalState, number> = { delivered: 0, failed: 0, cancelled: 0 };
  #fences = 0;

  constructor(accounts: readonly string[]) {
    this.lanes = accounts.map((accountId, index) => ({
      id: index + 1,
      accountId,
      waiting: [],
      health: 'healthy',
      pausedUntil: 0,
      failuresInARow: 0,
      passedOver: 0,
    }));
  }

  /** Stores a delivery that is already held. */
  storeHeld(delivery: StoredDelivery, heldSince: number): SimulatedHeld {
    delivery.state = 'waiting';
    return this.#hold(delivery, heldSince);
  }

  /** Lets a delivery wait until it is due. */
  wait(delivery: StoredDelivery, dueAt: number): void {
    const { waiting } = delivery.lane;
    delivery.fence = 0;
    delivery.dueAt = dueAt;
    delivery.state = 'waiting';
    let at = waiting.length;
    while (at > 0 && (waiting[at - 1] as StoredDelivery).dueAt > dueAt) at -= 1;
    if (at === waiting.length) waiting.push(delivery);
    else waiting.splice(at, 0, delivery);
  }

  /** Claims lane after lane, as `claimDeliveries` of the port promises. */
  claim({ after, limit, rooms, perLane }: ClaimBounds, now: number): Claimed {
    if (limit < 1) violated(`a claim asks for ${limit}`);
    const held: SimulatedHeld[] = [];
    const { lanes } = this;
    let cursor = after;
    let more = false;
    const first = lanes.findIndex(({ id }) => id > after);
    for (let step = 0; step < lanes.length; step += 1) {
      const lane = lanes[(Math.max(first, 0) + step) % lanes.length] as StoredLane;
      const room = rooms.get(lane.id) ?? perLane;
      if (!this.#mayClaim(lane, now) || room === 0) {
        lane.passedOver = 0;
        if (!more) cursor = lane.id;
        continue;
      }
      if (more) {
        lane.passedOver += 1;
        if (lane.passedOver >= lanes.length)
          violated(`lane ${lane.id} has due work and was passed over by ${lane.passedOver} claims`);
        continue;
      }
      lane.passedOver = 0;
      cursor = lane.id;
      const wanted = Math.min(room, limit - held.length, lane.health === 'suspended' ? 1 : room);
      for (let count = 0; count < wanted && this.#mayClaim(lane, now); count += 1) {
        held.push(this.#hold(lane.waiting.shift() as StoredDelivery, now));
      }
      more = held.length >= limit;
    }
    return { held: held as unknown as readonly Held[], cursor, more };
  }

  /** Writes what became of a delivery under its fence. */
  end({ delivery, fence }: SimulatedHeld, state: FinalState): void {
    this.#checkFence(delivery, fence);
    delivery.fence = 0;
    delivery.state = state;
    this.ended[state] += 1;
  }

  /** Lets a delivery that was held wait again. */
  giveBack({ delivery, fence }: SimulatedHeld, dueAt: number): void {
    this.#checkFence(delivery, fence);
    this.wait(delivery, dueAt);
  }

  /** When the next one can be claimed; infinity when none waits. */
  nextDueAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const lane of this.lanes) {
      const [first] = lane.waiting;
      if (first) next = Math.min(next, Math.max(first.dueAt, lane.health === 'unsubscribed' ? 0 : lane.pausedUntil));
    }
    return next;
  }

  #mayClaim({ waiting, health, pausedUntil }: StoredLane, now: number): boolean {
    const [first] = waiting;
    return first !== undefined && first.dueAt <= now && (health === 'unsubscribed' || pausedUntil <= now);
  }

  #hold(delivery: StoredDelivery, heldSince: number): SimulatedHeld {
    const { lane, attempts } = delivery;
    if (delivery.fence !== 0 || delivery.state !== 'waiting') violated(`delivery ${delivery.id} is held twice`);
    this.#fences += 1;
    delivery.fence = this.#fences;
    const subscription = { id: lane.id, accountId: lane.accountId, health: lane.health };
    return { claim: { id: String(delivery.id), attempts }, subscription, heldSince, delivery, fence: this.#fences };
  }

  #checkFence(delivery: StoredDelivery, fence: number): void {
    if (delivery.state !== 'waiting') violated(`delivery ${delivery.id} ended as ${delivery.state} and ends again`);
    if (delivery.fence !== fence)
      violated(`delivery ${delivery.id} is written under fence ${fence}, held under ${delivery.fence}`);
  }
}
