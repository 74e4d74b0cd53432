import type { Held } from '../model/held.ts';
import type { LaneState } from '../model/lane-state.ts';

/** How wide lanes are. */
export interface LaneLimits {
  /** Requests in flight at once to one subscription. */
  readonly laneConcurrency: number;
  /** Deliveries in memory at once, over all lanes. */
  readonly maxDeliveriesInMemory: number;
  /** The most that one lane may have waiting in memory, however fast it is. */
  readonly groupSize: number;
  /** A clock that never jumps, in milliseconds, for how long lanes stay closed. */
  readonly monotonicNow: () => number;
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
  /** Whether its subscription is suspended, so that what is in memory is a probe and nothing may join it. */
  probing: boolean;
}

/** A lane that is closed for now, in the storage too. */
interface Pause {
  /** On the monotonic clock. */
  readonly until: number;
  /** Its place among all pauses. */
  readonly serial: number;
}

/** How long the deliveries that one lane has waiting in memory may take it, in milliseconds. */
const waitingMs = 250;
/** For how long an answer closes its lane until it is recorded for how long that is to be, in milliseconds. */
const closedMs = 5_000;
/** Pauses that are remembered before those that are over are looked for and forgotten. */
const rememberedPauses = 1_000;

/**
 * The lanes that have something in memory. It hands jobs out in turn over the lanes, none beyond its limit, and says
 * how many more each lane can take, so that no backlog is claimed into memory ahead of others.
 */
export class Lanes {
  readonly #limits: LaneLimits;
  readonly #lanes = new Map<number, Lane>();
  readonly #pauses = new Map<number, Pause>();
  #pauseSerial = 0;
  /** Lanes that an answer has just closed, and until when on the monotonic clock at the latest. */
  readonly #closed = new Map<number, number>();
  /** Lanes with a job that may start, in the order in which they come to their turn. */
  readonly #turns = new Set<Lane>();
  #taken = 0;
  #expected = 0;
  #startable = 0;
  #draining = false;
  #onEmpty: (() => void)[] = [];

  constructor(limits: LaneLimits) {
    this.#limits = limits;
  }

  /** Places taken in memory over all lanes. */
  get taken(): number {
    return this.#taken;
  }

  /** How many deliveries fit into memory. */
  get size(): number {
    return this.#limits.maxDeliveriesInMemory;
  }

  /** How many more deliveries fit into memory, beside those that a claim under way may bring. */
  get room(): number {
    return this.#limits.maxDeliveriesInMemory - this.#taken - this.#expected;
  }

  /** Keeps room for what a claim may bring, until the same number is given back as a negative one. */
  expect(deliveries: number): void {
    this.#expected += deliveries;
  }

  /** How many jobs could start now, slots aside: what p-queue takes for its size. */
  get startable(): number {
    return this.#startable;
  }

  /**
   * How many more deliveries of each lane that has any fit into memory. One that was just closed has no room; of all
   * other pauses the storage knows best.
   */
  rooms(): Map<number, number> {
    const rooms = new Map<number, number>();
    for (const id of this.#lanes.keys()) rooms.set(id, this.roomInLane(id));
    for (const id of this.#closed.keys()) if (this.#isClosed(id)) rooms.set(id, 0);
    return rooms;
  }

  /** How many more deliveries of one lane fit into memory. */
  roomOf(subscriptionId: number): number {
    return Math.min(this.room, this.roomInLane(subscriptionId));
  }

  /** How many more deliveries one lane may have, if there is memory for them. */
  roomInLane(subscriptionId: number): number {
    const lane = this.#lanes.get(subscriptionId);
    return lane ? Math.max(0, this.#capacity(lane) - lane.taken) : this.newLaneCapacity;
  }

  /** How many deliveries of a lane that has none in memory fit into it. */
  get newLaneCapacity(): number {
    return 2 * this.#limits.laneConcurrency;
  }

  isPaused(subscriptionId: number): boolean {
    if (this.#isClosed(subscriptionId)) return true;
    const pause = this.#pauses.get(subscriptionId);
    if (pause === undefined) return false;
    if (pause.until > this.#limits.monotonicNow()) return true;
    this.#pauses.delete(subscriptionId);
    return false;
  }

  /** Closes a lane for the moment until it is recorded for how long. */
  close(subscriptionId: number): void {
    this.#closed.set(subscriptionId, this.#limits.monotonicNow() + closedMs);
  }

  /** Closes a lane for so many milliseconds, as the storage does. */
  pause(subscriptionId: number, ms: number): void {
    const now = this.#limits.monotonicNow();
    if (this.#pauses.size >= rememberedPauses) {
      for (const [id, { until }] of this.#pauses) if (until <= now) this.#pauses.delete(id);
    }
    const until = Math.max(this.#pauses.get(subscriptionId)?.until ?? 0, now + ms);
    this.#pauses.set(subscriptionId, { until, serial: ++this.#pauseSerial });
    this.#closed.delete(subscriptionId);
  }

  /** The number of the last pause. */
  get pauseSerial(): number {
    return this.#pauseSerial;
  }

  /** Opens a lane from which something was claimed, unless it was closed after the claim had begun. */
  resume(subscriptionId: number, pauseSerial: number): void {
    const pause = this.#pauses.get(subscriptionId);
    if (pause && pause.serial <= pauseSerial) this.#pauses.delete(subscriptionId);
  }

  /** Opens a lane whose subscription is well again. */
  open(subscriptionId: number): void {
    this.#pauses.delete(subscriptionId);
    this.#closed.delete(subscriptionId);
    const lane = this.#lanes.get(subscriptionId);
    if (lane) lane.probing = false;
  }

  /** Takes a place; the caller gives it back with {@link Lanes.leave}. Nothing may join a probe of a suspended one. */
  take(subscriptionId: number, probe = false): void {
    let lane = this.#lanes.get(subscriptionId);
    if (!lane) {
      lane = { subscriptionId, taken: 0, inFlight: 0, fresh: [], retries: [], durationMs: 0, probing: false };
      this.#lanes.set(subscriptionId, lane);
    }
    if (probe) lane.probing = true;
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
    if (this.#taken > 0) return;
    for (const resolve of this.#onEmpty) resolve();
    this.#onEmpty = [];
  }

  /** Resolves when nothing is in memory. */
  async empty(): Promise<void> {
    if (this.#taken === 0) return;
    await new Promise<void>((resolve) => {
      this.#onEmpty.push(resolve);
    });
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
      paused: this.isPaused(lane.subscriptionId),
    }));
  }

  /** A fast lane may hold more in memory, as much as it sends in a moment; a lane that hangs never gets beyond the start. */
  #capacity(lane: Lane): number {
    if (lane.probing) return 1;
    if (lane.durationMs === 0) return this.newLaneCapacity;
    const inAMoment = this.#limits.laneConcurrency * Math.ceil(waitingMs / Math.max(lane.durationMs, 1));
    return Math.max(this.newLaneCapacity, Math.min(inAMoment, this.#limits.laneConcurrency + this.#limits.groupSize));
  }

  #isClosed(subscriptionId: number): boolean {
    const until = this.#closed.get(subscriptionId);
    if (until === undefined) return false;
    if (until > this.#limits.monotonicNow()) return true;
    this.#closed.delete(subscriptionId);
    return false;
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
