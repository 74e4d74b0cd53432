import QuickLRU from 'quick-lru';
import type { Held } from '../model/held.ts';
import type { LaneState } from '../model/lane-state.ts';
import { waitingIn, type Lane, type UnderWay } from './lane.ts';
import { LaneLimit } from './lane-limit.ts';
import { LanePauses } from './lane-pauses.ts';
import { LaneTurns, type TurnLimits } from './lane-turns.ts';

/** How wide lanes are. */
export interface LaneLimits extends TurnLimits {
  /** The most that the limit of a lane may become. */
  readonly laneConcurrency: number;
  /** How long a request may hold a slot, in milliseconds. */
  readonly slowAfterMs: number;
  /** Deliveries in memory at once, over all lanes. */
  readonly maxDeliveriesInMemory: number;
  /** The most that one lane may have waiting in memory, however fast it is. */
  readonly groupSize: number;
  /** A clock that never jumps, in milliseconds. */
  readonly monotonicNow: () => number;
}

/** What a request says about its endpoint: whether it was trouble, and how long it took. */
export interface LaneAnswer {
  readonly isTrouble: boolean;
  readonly durationMs: number;
}

/** How long the deliveries that one lane has waiting in memory may take it, in milliseconds. */
const waitingMs = 250;
/** Lanes whose limits are remembered while they have nothing in memory; and how many of them as slow. */
const rememberedLanes = 10_000;
const rememberedSlowLanes = 1_000;

/**
 * The lanes that have something in memory. It says whose turn it is, and how many more deliveries each lane can take, so
 * that no backlog is claimed into memory ahead of others.
 */
export class Lanes {
  readonly pauses: LanePauses;
  readonly #limits: LaneLimits;
  readonly #turns: LaneTurns;
  readonly #lanes = new Map<number, Lane>();
  readonly #remembered = new QuickLRU<number, LaneLimit>({ maxSize: rememberedLanes });
  /** The lanes that became slow last. */
  readonly #slow = new Set<number>();
  readonly #onChanged: (lane: () => LaneState) => void;
  #taken = 0;
  #expected = 0;
  #onEmpty: (() => void)[] = [];

  /** @param onChanged is told when a lane becomes slow or is so no longer, and when trouble cuts its limit */
  constructor(limits: LaneLimits, onChanged: (lane: () => LaneState) => void = () => undefined) {
    this.#limits = limits;
    this.#turns = new LaneTurns(limits);
    this.#onChanged = onChanged;
    this.pauses = new LanePauses(limits.monotonicNow);
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

  /**
   * How many more deliveries of each lane fit into memory that has any, or is known for less than a lane that nobody knows.
   * One that was just closed has no room; of all other pauses the storage knows best.
   */
  rooms(): Map<number, number> {
    const rooms = new Map<number, number>();
    for (const id of this.#slow) rooms.set(id, this.roomInLane(id));
    for (const id of this.#lanes.keys()) rooms.set(id, this.roomInLane(id));
    for (const id of this.pauses.justClosed()) rooms.set(id, 0);
    return rooms;
  }

  /** How many more deliveries of one lane fit into memory. */
  roomOf(subscriptionId: number): number {
    return Math.min(this.room, this.roomInLane(subscriptionId));
  }

  /** How many more deliveries one lane may have, if there is memory for them. */
  roomInLane(subscriptionId: number): number {
    return Math.max(0, this.#capacity(subscriptionId) - (this.#lanes.get(subscriptionId)?.taken ?? 0));
  }

  /** Whether half of what a lane may have in memory is free, so that it is worth a claim. */
  wantsMore(subscriptionId: number): boolean {
    const capacity = this.#capacity(subscriptionId);
    return capacity - (this.#lanes.get(subscriptionId)?.taken ?? 0) >= capacity / 2;
  }

  /** Whether its endpoint takes longer to answer than a slot is kept for. */
  isSlow(subscriptionId: number): boolean {
    return this.#slow.has(subscriptionId);
  }

  /** How many deliveries of a lane that nobody knows fit into it. */
  get newLaneCapacity(): number {
    return 2 * LaneLimit.first(this.#limits.laneConcurrency);
  }

  /** Lets a lane flow whose subscription is well again. */
  open(subscriptionId: number): void {
    this.pauses.end(subscriptionId);
    const lane = this.#lanes.get(subscriptionId);
    if (lane) lane.probing = false;
  }

  /** Takes a place; the caller gives it back with {@link Lanes.leave}. Nothing may join a probe of a suspended one. */
  take({ id: subscriptionId, accountId }: { readonly id: number; readonly accountId: string }, probe = false): void {
    let lane = this.#lanes.get(subscriptionId);
    if (!lane) {
      const limit = this.#limitOf(subscriptionId);
      lane = { subscriptionId, accountId, limit, taken: 0, inFlight: 0, fresh: [], retries: [], late: 0, probing: false };
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

  /**
   * Puts a delivery behind the others of its lane, which has a place taken for it. Answers false, and does not, where it would
   * only wait: its lane has become slow since the place was taken, and the delivery is to be handed back.
   */
  enqueue(held: Held): boolean {
    const lane = this.#lanes.get(held.subscription.id);
    if (!lane) throw new Error(`lane ${held.subscription.id} has no place taken`);
    if (lane.limit.isSlow && !lane.probing && lane.inFlight + waitingIn(lane) >= lane.limit.current) return false;
    const { attempts, replayed } = held.claim;
    (attempts === 0 && !replayed ? lane.fresh : lane.retries).push(held);
    this.#turns.settle(lane);
    return true;
  }

  /** Whether a delivery waits that a free slot could send. */
  get hasNext(): boolean {
    return this.#turns.hasNext;
  }

  /** Takes the next delivery that a free slot is to send; the caller ends it with {@link Lanes.finish}. */
  next(): UnderWay | undefined {
    return this.#turns.next(this.#limits.monotonicNow());
  }

  /** Takes the next delivery of a slow lane, which needs no slot; the caller ends it with {@link Lanes.finish}. */
  nextSlow(): UnderWay | undefined {
    return this.#turns.nextSlow(this.#limits.monotonicNow());
  }

  /**
   * Takes note that a request takes longer than a slot is kept for. What waits in its lane beyond the limit takes up memory
   * for nothing: it is answered, to be handed back to the storage.
   */
  isLate(request: UnderWay): readonly Held[] {
    if (request.late) return [];
    const { lane } = request;
    request.late = true;
    lane.late += 1;
    const becomesSlow = !lane.limit.isSlow;
    if (becomesSlow) this.#setSlow(lane, true);
    const kept = Math.max(0, lane.limit.current - lane.inFlight);
    const handedBack = [...lane.fresh.splice(kept), ...lane.retries.splice(Math.max(0, kept - lane.fresh.length))];
    this.#turns.settle(lane);
    if (becomesSlow) this.#onChanged(() => this.#stateOf(lane));
    return handedBack;
  }

  /** Lets a late request go on without its slot, if there is a place for it; answers whether the slot is free. */
  giveUpSlot(request: UnderWay): boolean {
    return this.#turns.giveUpSlot(request);
  }

  /** Ends a request. The answer is null when nothing was sent. */
  finish(request: UnderWay, answer: LaneAnswer | null): void {
    const { lane } = request;
    const { limit } = lane;
    const before = { limit: limit.current, isSlow: limit.isSlow };
    if (request.late) lane.late -= 1;
    if (answer?.isTrouble) limit.halve();
    else if (answer) limit.answered(answer.durationMs, lane.inFlight >= limit.current);
    const isQuick = answer !== null && answer.durationMs < this.#limits.slowAfterMs && lane.late === 0;
    if (isQuick && limit.isSlow) this.#setSlow(lane, false);
    this.#turns.end(request);
    if (limit.current < before.limit || limit.isSlow !== before.isSlow) this.#onChanged(() => this.#stateOf(lane));
  }

  /** Takes all that waits out of memory, to be handed back. */
  takeWaiting(): Held[] {
    const waiting: Held[] = [];
    for (const lane of this.#lanes.values()) {
      waiting.push(...lane.fresh.splice(0), ...lane.retries.splice(0));
      this.#turns.settle(lane);
    }
    return waiting;
  }

  /** The lanes that have something in memory. */
  list(): readonly LaneState[] {
    return [...this.#lanes.values()].map((lane) => this.#stateOf(lane));
  }

  #stateOf(lane: Lane): LaneState {
    return {
      subscriptionId: lane.subscriptionId,
      accountId: lane.accountId,
      waiting: waitingIn(lane),
      inFlight: lane.inFlight,
      limit: lane.limit.current,
      slow: lane.limit.isSlow,
      paused: this.pauses.has(lane.subscriptionId),
    };
  }

  /** A fast lane may hold as much as it sends in a moment; a slow one has nothing waiting that nobody will send soon. */
  #capacity(subscriptionId: number): number {
    if (this.#lanes.get(subscriptionId)?.probing) return 1;
    const limit = this.#remembered.peek(subscriptionId);
    if (!limit) return this.newLaneCapacity;
    if (limit.isSlow) return limit.current;
    if (!limit.hasAnswered) return 2 * limit.current;
    const inAMoment = limit.current * Math.ceil(waitingMs / Math.max(limit.durationMs, 1));
    return Math.max(2 * limit.current, Math.min(inAMoment, limit.current + this.#limits.groupSize));
  }

  #limitOf(subscriptionId: number): LaneLimit {
    let limit = this.#remembered.get(subscriptionId);
    if (!limit) {
      limit = new LaneLimit(this.#limits.laneConcurrency);
      this.#remembered.set(subscriptionId, limit);
    }
    return limit;
  }

  #setSlow(lane: Lane, isSlow: boolean): void {
    const { limit, subscriptionId } = lane;
    limit.isSlow = isSlow;
    if (isSlow) {
      limit.halve();
      this.#slow.add(subscriptionId);
      const [oldest] = this.#slow;
      if (this.#slow.size > rememberedSlowLanes && oldest !== undefined) this.#slow.delete(oldest);
    } else {
      this.#slow.delete(subscriptionId);
    }
  }
}
