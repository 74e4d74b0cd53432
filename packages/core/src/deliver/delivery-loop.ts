import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Gathering } from '../gather.ts';
import type { Dispatched, Held } from '../model/held.ts';
import type { OutcomeKind } from '../model/outcome.ts';
import type { Subscription } from '../model/subscription.ts';
import type { Notices } from '../notices.ts';
import type { StorageAdapter } from '../storage-adapter.ts';
import type { Claimed } from './claim.ts';
import { laneQueue } from './lane-queue.ts';
import type { Lanes } from './lanes.ts';
import type { Recorded } from './record.ts';

/** What the loop works with: the stages, and how far it may go. */
export interface DeliveryLoopContext {
  readonly storage: Pick<StorageAdapter, 'releaseDeliveries' | 'nextDueInMs'>;
  readonly lanes: Lanes;
  readonly claim: (cursor: number) => Promise<Claimed>;
  readonly dispatch: (held: Held) => Promise<Dispatched>;
  readonly recording: Gathering<Dispatched, Recorded>;
  readonly notices: Notices;
  readonly now: () => number;
  readonly monotonicNow: () => number;
  readonly concurrency: number;
  /** For how long a claim may wait in memory before it is handed back instead of sent, in milliseconds. */
  readonly sendWithinMs: number;
  readonly pollEveryMs: number;
}

/** How many deliveries came to which outcome. */
export type OutcomeCounts = Record<OutcomeKind, number>;

/** Runs the stages of delivery: what was handed to it, what it claims when woken, and what becomes due. */
export class DeliveryLoop {
  readonly #context: DeliveryLoopContext;
  readonly #queue;
  #running = false;
  #stopping = false;
  #cursor = 0;
  /** The round of claims under way, if any. */
  #claiming: Promise<void> | undefined;
  /** Whether something may be due that no claim has looked for yet. */
  #wanted = false;
  /** Lanes that may have more in the storage than fitted into memory. */
  readonly #clipped = new Set<number>();
  /** On the monotonic clock, when something is known to become due. */
  #dueAt = Number.POSITIVE_INFINITY;
  /** Whether something happened since the storage was last asked what is due next. */
  #active = true;
  #timer: NodeJS.Timeout | undefined;
  /** Rounds in a row that visited lanes, came past the last one, and found nothing to claim. */
  #emptyLaps = 0;
  #onSettled: (() => void)[] = [];
  #counts: OutcomeCounts = { delivered: 0, retry: 0, failed: 0, cancelled: 0 };

  constructor(context: DeliveryLoopContext) {
    this.#context = context;
    this.#queue = laneQueue(context.lanes, context.concurrency);
  }

  /** Begins to deliver by itself. */
  run(): void {
    this.#running = true;
    this.wake();
  }

  /** Takes a place for a delivery that is about to be stored, if it can be sent from memory at once. */
  reserve(subscription: Subscription): boolean {
    const { lanes } = this.#context;
    const { id, health, pausedUntil } = subscription;
    const closed = health === 'suspended' || lanes.isPaused(id) || (pausedUntil !== null && pausedUntil > this.#context.now());
    if (!this.#running || closed || this.#clipped.has(id) || lanes.roomOf(id) <= 0) return false;
    lanes.take(id);
    return true;
  }

  unreserve(subscriptionId: number): void {
    this.#context.lanes.leave(subscriptionId);
  }

  /** Sends what has its place taken already. */
  handOff(group: readonly Held[]): void {
    for (const held of group) this.#enqueue(held);
  }

  /** Remembers that a lane has deliveries which wait in the storage, to claim them when it has room. */
  onWaiting(subscriptionId: number): void {
    const { lanes } = this.#context;
    if (lanes.roomOf(subscriptionId) > 0) this.wake();
    else this.#clipped.add(subscriptionId);
  }

  /** Looks for due deliveries, now or when the present round of claims has ended. */
  wake(): void {
    this.#wanted = true;
    if (!this.#running || this.#claiming) return;
    this.#claiming = this.#claimAll().finally(() => {
      this.#claiming = undefined;
      if (this.#wanted && this.#running && this.#context.lanes.room > 0) this.wake();
      else this.#sleep();
    });
  }

  /** Wakes in so many milliseconds at the latest. */
  wakeIn(ms: number): void {
    const dueAt = this.#context.monotonicNow() + ms;
    if (dueAt >= this.#dueAt) return;
    this.#dueAt = dueAt;
    if (!this.#claiming) this.#sleep();
  }

  /** Sends all that is due and waits for its outcomes, and for those of what was in hand before. */
  async deliverDue(): Promise<OutcomeCounts> {
    const before = { ...this.#counts };
    for (;;) {
      this.#wanted = false;
      const claimed = await this.#claimRound();
      await this.settle();
      if (claimed === 0 && !this.#wanted) break;
    }
    const after = this.#counts;
    return {
      delivered: after.delivered - before.delivered,
      retry: after.retry - before.retry,
      failed: after.failed - before.failed,
      cancelled: after.cancelled - before.cancelled,
    };
  }

  /** Waits until nothing is in memory. */
  async settle(): Promise<void> {
    if (this.#context.lanes.taken === 0) return;
    await new Promise<void>((resolve) => {
      this.#onSettled.push(resolve);
    });
  }

  /** Stops claiming, hands back what was not sent, and waits for what is in flight. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#stopping = true;
    clearTimeout(this.#timer);
    await this.#claiming;
    this.#context.lanes.drain();
    this.#queue.concurrency = Number.POSITIVE_INFINITY;
    await this.settle();
  }

  async #claimAll(): Promise<void> {
    const { lanes, notices, monotonicNow, pollEveryMs } = this.#context;
    if (this.#dueAt <= monotonicNow()) {
      this.#dueAt = Number.POSITIVE_INFINITY;
      this.#active = true;
    }
    try {
      do {
        this.#wanted = false;
        await this.#claimRound();
        await nextTurn();
      } while (this.#running && this.#wanted && lanes.room > 0);
      if (this.#active && !this.#wanted) await this.#lookAhead();
    } catch (error) {
      this.#wanted = false;
      notices.report(error);
      this.wakeIn(pollEveryMs);
    }
  }

  /** One group of claims; says how many it got. */
  async #claimRound(): Promise<number> {
    const { lanes } = this.#context;
    const rooms = lanes.rooms();
    const claimed = await this.#context.claim(this.#cursor);
    const lapped = claimed.cursor <= this.#cursor;
    this.#cursor = claimed.cursor;
    const counts = new Map<number, number>();
    for (const held of claimed.held) {
      const lane = held.subscription.id;
      lanes.resume(lane);
      lanes.take(lane);
      counts.set(lane, (counts.get(lane) ?? 0) + 1);
      this.#enqueue(held);
    }
    for (const [lane, room] of rooms) {
      if ((counts.get(lane) ?? 0) >= room) this.#clipped.add(lane);
      else this.#clipped.delete(lane);
    }
    for (const [lane, count] of counts) {
      if (!rooms.has(lane)) {
        if (count >= lanes.newLaneCapacity) this.#clipped.add(lane);
        else this.#clipped.delete(lane);
      }
    }
    if (claimed.held.length > 0) this.#active = true;
    this.#emptyLaps = claimed.held.length === 0 && lapped ? this.#emptyLaps + 1 : 0;
    if (claimed.more && this.#emptyLaps < 2) this.#wanted = true;
    return claimed.held.length;
  }

  #enqueue(held: Held): void {
    this.#queue.add(async () => this.#send(held), { held }).catch((error: unknown) => this.#context.notices.report(error));
  }

  /** The job of one claim. Its slot is free once the request has ended; its outcome is written a moment later. */
  async #send(held: Held): Promise<void> {
    const { lanes, dispatch, monotonicNow, sendWithinMs } = this.#context;
    const lane = held.subscription.id;
    const ended = held.subscription.health === 'unsubscribed';
    const stale = monotonicNow() - held.heldSince > sendWithinMs;
    if (this.#stopping || stale || (lanes.isPaused(lane) && !ended)) {
      lanes.finish(lane, null);
      void this.#release(held);
      return;
    }
    const dispatched = await dispatch(held);
    lanes.finish(lane, dispatched.result.ok === null ? null : dispatched.durationMs);
    void this.#record(dispatched);
  }

  async #record(dispatched: Dispatched): Promise<void> {
    const lane = dispatched.held.subscription.id;
    try {
      const outcome = await this.#context.recording.add(dispatched);
      if (outcome) this.#counts[outcome.outcome] += 1;
      if (outcome?.retryInMs != null) this.wakeIn(outcome.retryInMs);
    } catch (error) {
      this.#context.notices.report(error);
    } finally {
      this.#leave(lane);
    }
  }

  async #release({ claim, subscription }: Held): Promise<void> {
    try {
      await this.#context.storage.releaseDeliveries([{ deliveryId: claim.id, fence: claim.fence }]);
    } catch (error) {
      this.#context.notices.report(error);
    } finally {
      this.#leave(subscription.id);
    }
  }

  /** Gives a place in memory back, and claims on when that made room for something that waits. */
  #leave(lane: number): void {
    const { lanes, concurrency } = this.#context;
    lanes.leave(lane);
    if (lanes.taken === 0) {
      for (const resolve of this.#onSettled) resolve();
      this.#onSettled = [];
    }
    if (!this.#running || this.#claiming) return;
    if (this.#wanted ? lanes.taken <= concurrency : this.#clipped.has(lane) && lanes.roomOf(lane) * 2 >= lanes.newLaneCapacity) {
      this.wake();
    }
  }

  /** Asks when the next delivery is due. What is due now and was not claimed waits for room in its lane. */
  async #lookAhead(): Promise<void> {
    this.#active = false;
    const dueInMs = await this.#context.storage.nextDueInMs();
    if (dueInMs !== null && dueInMs > 0) this.wakeIn(dueInMs);
  }

  #sleep(): void {
    clearTimeout(this.#timer);
    if (!this.#running) return;
    const ms = Math.min(this.#dueAt - this.#context.monotonicNow(), this.#context.pollEveryMs);
    this.#timer = setTimeout(() => this.wake(), Math.max(ms, 1));
    this.#timer.unref();
  }
}
