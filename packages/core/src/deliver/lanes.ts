import type { Held } from '../model/held.ts';

/** One lane as this process sees it: the deliveries of one subscription that are in memory. */
export interface LaneState {
  readonly subscriptionId: number;
  /** In memory and not yet sent. */
  readonly waiting: number;
  readonly inFlight: number;
  /** How many may be in flight at once. */
  readonly limit: number;
  /** Whether its endpoint asked for time, or is suspended, so that nothing of it is sent from memory. */
  readonly paused: boolean;
}

/** How wide lanes are. */
export interface LaneLimits {
  /** Requests in flight at once to one subscription. */
  readonly laneConcurrency: number;
  /** Deliveries in memory at once, over all lanes. */
  readonly maxDeliveriesInMemory: number;
  /** The most that one lane may have waiting in memory, however fast it is. */
  readonly groupSize: number;
}

/** A job of p-queue's: calling it sends one delivery. */
export type Job = () => Promise<unknown>;

interface Lane {
  readonly subscriptionId: number;
  /** Places taken in memory: reserved, waiting and in flight. */
  taken: number;
  inFlight: number;
  /** First attempts go before retries that have become due. */
  readonly fresh: Job[];
  readonly retries: Job[];
  /** Smoothed time from request to outcome, in milliseconds; 0 before the first. */
  durationMs: number;
}

/** How long the deliveries that one lane has waiting in memory may take it, in milliseconds. */
const waitingMs = 250;

/**
 * The lanes that have something in memory. It hands jobs out in turn over the lanes, none beyond its limit, and says
 * how many more each lane can take, so that no backlog is claimed into memory ahead of others.
 */
export class Lanes {
  readonly #limits: LaneLimits;
  readonly #lanes = new Map<number, Lane>();
  /** Lanes that are closed for now; a claim from one opens it again. */
  readonly #paused = new Set<number>();
  /** Lanes with a job that may start, in the order in which they come to their turn. */
  readonly #turns = new Set<Lane>();
  #taken = 0;
  #startable = 0;
  #draining = false;

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  /** Places taken in memory over all lanes. */
  get taken(): number {
    return this.#taken;
  }

  /** How many more deliveries fit into memory. */
  get room(): number {
    return this.#limits.maxDeliveriesInMemory - this.#taken;
  }

  /** How many jobs could start now, slots aside: what p-queue takes for its size. */
  get startable(): number {
    return this.#startable;
  }

  /** How many more deliveries of each lane that has any fit into memory. Paused lanes have no say: the storage knows. */
  rooms(): Map<number, number> {
    const rooms = new Map<number, number>();
    for (const lane of this.#lanes.values()) rooms.set(lane.subscriptionId, Math.max(0, this.#capacity(lane) - lane.taken));
    return rooms;
  }

  /** How many more deliveries of one lane fit into memory. */
  roomOf(subscriptionId: number): number {
    const lane = this.#lanes.get(subscriptionId);
    return Math.min(this.room, lane ? this.#capacity(lane) - lane.taken : this.newLaneCapacity);
  }

  /** How many deliveries of a lane that has none in memory fit into it. */
  get newLaneCapacity(): number {
    return 2 * this.#limits.laneConcurrency;
  }

  isPaused(subscriptionId: number): boolean {
    return this.#paused.has(subscriptionId);
  }

  pause(subscriptionId: number): void {
    this.#paused.add(subscriptionId);
  }

  resume(subscriptionId: number): void {
    this.#paused.delete(subscriptionId);
  }

  /** Takes a place; the caller gives it back with {@link Lanes.leave}. */
  take(subscriptionId: number): void {
    let lane = this.#lanes.get(subscriptionId);
    if (!lane) {
      lane = { subscriptionId, taken: 0, inFlight: 0, fresh: [], retries: [], durationMs: 0 };
      this.#lanes.set(subscriptionId, lane);
    }
    lane.taken += 1;
    this.#taken += 1;
  }

  /** Gives a place back. */
  leave(subscriptionId: number): void {
    const lane = this.#lanes.get(subscriptionId);
    if (!lane) return;
    lane.taken -= 1;
    this.#taken -= 1;
    if (lane.taken === 0) this.#lanes.delete(subscriptionId);
  }

  /** Puts a job behind the others of its lane, which has a place taken for it. */
  enqueue(job: Job, { claim, subscription }: Held): void {
    const lane = this.#lanes.get(subscription.id);
    if (!lane) throw new Error(`lane ${subscription.id} has no place taken`);
    const before = this.#startableOf(lane);
    (claim.attempts === 0 ? lane.fresh : lane.retries).push(job);
    this.#settle(lane, before);
  }

  /** Takes the next job of the lane whose turn it is, and counts it as in flight. */
  dequeue(): Job | undefined {
    for (const lane of this.#turns) {
      const before = this.#startableOf(lane);
      this.#turns.delete(lane);
      const job = lane.fresh.shift() ?? lane.retries.shift();
      lane.inFlight += 1;
      this.#settle(lane, before);
      return job;
    }
    return undefined;
  }

  /** Ends what {@link Lanes.dequeue} began. `durationMs` is null when nothing was sent. */
  finish(subscriptionId: number, durationMs: number | null): void {
    const lane = this.#lanes.get(subscriptionId);
    if (!lane) return;
    const before = this.#startableOf(lane);
    lane.inFlight -= 1;
    if (durationMs !== null) lane.durationMs = lane.durationMs === 0 ? durationMs : 0.8 * lane.durationMs + 0.2 * durationMs;
    this.#settle(lane, before);
  }

  /** Lets every waiting job start at once, beyond all limits: to hand all of them back. */
  drain(): void {
    for (const lane of this.#lanes.values()) {
      const waiting = this.#waiting(lane);
      this.#startable += waiting - this.#startableOf(lane);
      if (waiting > 0) this.#turns.add(lane);
    }
    this.#draining = true;
  }

  /** The lanes that have something in memory. */
  list(): readonly LaneState[] {
    return [...this.#lanes.values()].map((lane) => ({
      subscriptionId: lane.subscriptionId,
      waiting: this.#waiting(lane),
      inFlight: lane.inFlight,
      limit: this.#limits.laneConcurrency,
      paused: this.#paused.has(lane.subscriptionId),
    }));
  }

  /** A fast lane may hold more in memory, as much as it sends in a moment; a lane that hangs never gets beyond the start. */
  #capacity(lane: Lane): number {
    if (lane.durationMs === 0) return this.newLaneCapacity;
    const inAMoment = this.#limits.laneConcurrency * Math.ceil(waitingMs / Math.max(lane.durationMs, 1));
    return Math.max(this.newLaneCapacity, Math.min(inAMoment, this.#limits.laneConcurrency + this.#limits.groupSize));
  }

  #waiting(lane: Lane): number {
    return lane.fresh.length + lane.retries.length;
  }

  #startableOf(lane: Lane): number {
    const waiting = this.#waiting(lane);
    return this.#draining ? waiting : Math.max(0, Math.min(waiting, this.#limits.laneConcurrency - lane.inFlight));
  }

  /** Brings the sums up to date after a change of one lane, which goes to the end of the turns. */
  #settle(lane: Lane, before: number): void {
    const after = this.#startableOf(lane);
    this.#startable += after - before;
    if (after > 0) this.#turns.add(lane);
    else this.#turns.delete(lane);
  }
}
