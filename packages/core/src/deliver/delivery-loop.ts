import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Gathering } from '../gather.ts';
import type { Lease } from '../model/delivery.ts';
import type { Dispatched, Held, Sent } from '../model/held.ts';
import { countsSince, type OutcomeCounts } from '../model/outcome-counts.ts';
import type { Subscription } from '../model/subscription.ts';
import type { Notices } from '../notices.ts';
import type { StorageAdapter } from '../storage-adapter.ts';
import { Alarm } from './alarm.ts';
import { announceEveryMs, type Announcer } from './announcer.ts';
import type { ClaimBounds, Claimed } from './claim.ts';
import { ClippedLanes } from './clipped-lanes.ts';
import { laneQueue } from './lane-queue.ts';
import type { Lanes } from './lanes.ts';
import type { Recorded } from './record.ts';
import { closesLane } from './record-outcome.ts';

/** What the loop works with: the stages, and how far it may go. */
export interface DeliveryLoopContext {
  readonly storage: Pick<StorageAdapter, 'nextDueInMs'>;
  readonly lanes: Lanes;
  readonly claim: (bounds: ClaimBounds) => Promise<Claimed>;
  readonly dispatch: (held: Held) => Promise<Dispatched>;
  /** Writes outcomes; what goes wrong is told there. */
  readonly recording: Gathering<Sent, Recorded>;
  /** Hands claims back; what goes wrong is told there. */
  readonly releasing: Gathering<Lease, void>;
  /** Tells other processes of what waits in the storage. */
  readonly announcer: Announcer;
  readonly notices: Notices;
  readonly now: () => number;
  readonly monotonicNow: () => number;
  readonly concurrency: number;
  /** At most how many deliveries are claimed at once. */
  readonly maxClaims: number;
  /** For how long a claim may wait in memory before it is handed back instead of sent, in milliseconds. */
  readonly sendWithinMs: number;
  readonly pollEveryMs: number;
}

/**
 * How soon to look again when something is due that was not claimed, in milliseconds: it has become so since the claim,
 * or it waits for room in its lane, and then nobody knows what is due next in the others.
 */
const lookAgainMs = { sinceClaim: 20, besideBacklog: 1_000 };

/** Runs the stages of delivery: what was handed to it, what it claims when woken, and what becomes due. */
export class DeliveryLoop {
  readonly #context: DeliveryLoopContext;
  readonly #queue;
  readonly #alarm: Alarm;
  #running = false;
  #stopping = false;
  #cursor = 0;
  /** The claims under way, if any, of a loop that runs by itself. */
  #claiming: Promise<void> | undefined;
  /** The last call of `deliverDue`, which the next one waits for. */
  #delivering: Promise<unknown> = Promise.resolve();
  /** Whether something may be due that no claim has looked for yet. */
  #wanted = false;
  #wakingSoon = false;
  readonly #clipped = new ClippedLanes();
  /** How often the claims came past the last lane without finding anything, since somebody wanted them. */
  #emptyLaps = 0;
  /** Whether something happened since the storage was last asked what is due next. */
  #active = true;
  readonly #counts: OutcomeCounts = { delivered: 0, retry: 0, failed: 0, cancelled: 0 };

  constructor(context: DeliveryLoopContext) {
    this.#context = context;
    this.#queue = laneQueue(context.lanes, context.concurrency);
    this.#alarm = new Alarm({ ...context, ring: () => this.#look() });
  }

  /** Whether it delivers by itself. */
  get running(): boolean {
    return this.#running;
  }

  /** Begins to deliver by itself. */
  run(): void {
    this.#running = true;
    this.wake();
  }

  /** Takes a place for a delivery that is about to be stored, if it can be sent from memory at once. */
  reserve({ id, health, pausedUntil }: Subscription): boolean {
    const { lanes, now } = this.#context;
    const closed = health === 'suspended' || lanes.isPaused(id) || (pausedUntil !== null && pausedUntil > now());
    if (!this.#running || closed || this.#clipped.has(id) || lanes.roomOf(id) <= 0) return false;
    lanes.take(id);
    return true;
  }

  /** Gives such a place back. */
  unreserve(subscriptionId: number): void {
    this.#leave(subscriptionId);
  }

  /** Sends what has its place taken already. */
  handOff(group: readonly Held[]): void {
    for (const held of group) this.#enqueue(held);
  }

  /** Takes note of deliveries that wait in the storage, to claim them as soon as their lane is open and has room. */
  onWaiting({ id, pausedUntil }: Subscription): void {
    const { lanes, now } = this.#context;
    const pausedMs = pausedUntil === null ? 0 : pausedUntil - now();
    if (pausedMs > 0) return this.wakeIn(pausedMs);
    if (lanes.isPaused(id)) return;
    if (this.#running && lanes.roomOf(id) <= 0) this.#context.announcer.announce(announceEveryMs.forHelp);
    if (lanes.roomInLane(id) <= 0) this.#clipped.add(id);
    else this.wake();
  }

  /** Looks for due deliveries, now or when the present round of claims has ended; others must, where this one does not. */
  wake(): void {
    this.#alarm.stir();
    if (!this.#running && !this.#stopping) this.#context.announcer.announce(announceEveryMs.forOthers);
    this.#look();
  }

  #look(): void {
    this.#wanted = true;
    this.#emptyLaps = 0;
    if (!this.#running || this.#claiming) return;
    this.#claiming = this.#claimAll().finally(() => {
      this.#claiming = undefined;
      if (!this.#running) return;
      if (this.#wanted && this.#hasRoom()) this.#look();
      else this.#alarm.sleep();
    });
  }

  /** Wakes in so many milliseconds at the latest. */
  wakeIn(ms: number): void {
    if (this.#alarm.due(ms) && this.#running && !this.#claiming) this.#alarm.sleep();
  }

  /** Sends all that is due and waits for its outcomes, and for those of what was in hand before. */
  async deliverDue(): Promise<OutcomeCounts> {
    const delivering = this.#delivering.then(async () => this.#deliverAll());
    this.#delivering = delivering.catch(() => undefined);
    return delivering;
  }

  /** Stops claiming, hands back what was not sent, and waits for what is in flight. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#stopping = true;
    this.#alarm.stop();
    this.#context.lanes.drain();
    this.#queue.concurrency = Number.POSITIVE_INFINITY;
    await this.#claiming;
    await this.#delivering;
    await this.#context.lanes.empty();
  }

  async #deliverAll(): Promise<OutcomeCounts> {
    const before = { ...this.#counts };
    this.#emptyLaps = 0;
    for (let again = true; (again || this.#wanted || this.#claiming) && !this.#stopping;) {
      this.#wanted = false;
      again = await this.#claimGroup();
      await this.#context.lanes.empty();
      await this.#claiming;
      await nextTurn();
    }
    return countsSince(before, this.#counts);
  }

  async #claimAll(): Promise<void> {
    const { notices, pollEveryMs } = this.#context;
    if (this.#alarm.isDue()) this.#active = true;
    try {
      do {
        this.#wanted = false;
        await this.#claimGroup();
        await nextTurn();
      } while (this.#running && this.#wanted && this.#hasRoom());
      if (this.#active && !this.#wanted) await this.#lookAhead();
    } catch (error) {
      this.#wanted = false;
      notices.report(error);
      this.wakeIn(pollEveryMs);
    }
  }

  /** One group of claims; says whether another one might get something, too. */
  async #claimGroup(): Promise<boolean> {
    const { lanes, maxClaims } = this.#context;
    const limit = Math.min(lanes.room, maxClaims);
    if (limit <= 0) {
      this.#wanted = true;
      return true;
    }
    const number = this.#clipped.beginClaim();
    const pauses = lanes.pauseSerial;
    const bounds = { after: this.#cursor, limit, rooms: lanes.rooms(), perLane: lanes.newLaneCapacity };
    lanes.expect(limit);
    const claimed = await this.#context.claim(bounds).finally(() => lanes.expect(-limit));
    const got = new Map<number, number>();
    for (const held of claimed.held) {
      const { id, health } = held.subscription;
      const probe = health === 'suspended';
      lanes.resume(id, pauses);
      lanes.take(id, probe);
      got.set(id, probe ? Number.POSITIVE_INFINITY : (got.get(id) ?? 0) + 1);
      this.#enqueue(held);
    }
    this.#clipped.endClaim(number, got, bounds, claimed.more);
    const lapped = claimed.cursor <= this.#cursor;
    this.#cursor = claimed.cursor;
    if (claimed.held.length > 0) {
      this.#active = true;
      this.#emptyLaps = 0;
      this.#alarm.stir();
      if (claimed.more) this.#context.announcer.announce(announceEveryMs.forHelp);
    } else if (lapped) {
      this.#emptyLaps += 1;
    }
    if (claimed.more && this.#emptyLaps < 2) this.#wanted = true;
    return this.#wanted || claimed.held.length > 0;
  }

  #enqueue(held: Held): void {
    this.#queue.add(async () => this.#send(held), { held }).catch((error: unknown) => this.#context.notices.report(error));
  }

  /** The job of one claim. Its slot is free once the request has ended; its outcome is written a moment later. */
  async #send(held: Held): Promise<void> {
    const { lanes, dispatch, monotonicNow, sendWithinMs } = this.#context;
    const { id, health } = held.subscription;
    const stale = monotonicNow() - held.heldSince > sendWithinMs;
    if (this.#stopping || stale || (health !== 'unsubscribed' && lanes.isPaused(id))) {
      lanes.finish(id, null);
      void this.#release(held);
      return;
    }
    const dispatched = await dispatch(held);
    const laneClosed = lanes.isPaused(id);
    if (closesLane(dispatched.result)) lanes.close(id);
    lanes.finish(id, dispatched.result.ok === null ? null : dispatched.durationMs);
    void this.#record({ ...dispatched, laneClosed });
  }

  async #record(sent: Sent): Promise<void> {
    const outcome = await this.#context.recording.add(sent).catch(() => null);
    if (outcome) this.#counts[outcome.outcome] += 1;
    if (outcome?.retryInMs != null) this.wakeIn(outcome.retryInMs);
    this.#leave(sent.held.subscription.id);
  }

  async #release({ claim, subscription }: Held): Promise<void> {
    await this.#context.releasing.add({ deliveryId: claim.id, fence: claim.fence }).catch(() => undefined);
    if (this.#stopping) this.#context.announcer.announce(announceEveryMs.forOthers);
    this.#wanted = true;
    this.#leave(subscription.id);
  }

  /** Gives a place in memory back, and claims on when that made room for something that waits. */
  #leave(lane: number): void {
    const { lanes } = this.#context;
    lanes.leave(lane);
    if (this.#clipped.has(lane) && lanes.roomInLane(lane) * 2 >= lanes.newLaneCapacity) this.#wanted = true;
    if (this.#wanted && this.#hasRoom()) this.#wakeSoon();
  }

  /** Whether a claim is worth its while: it fills half of the memory, or slots are idle. */
  #hasRoom(): boolean {
    const { lanes, maxClaims, concurrency } = this.#context;
    if (lanes.room >= Math.min(maxClaims, lanes.size / 2)) return true;
    return lanes.room > 0 && lanes.startable === 0 && this.#queue.pending < concurrency;
  }

  /** Wakes at the next turn of the event loop, once for all that leave in this one. */
  #wakeSoon(): void {
    if (!this.#running || this.#claiming || this.#wakingSoon) return;
    this.#wakingSoon = true;
    setImmediate(() => {
      this.#wakingSoon = false;
      this.#look();
    });
  }

  /** Asks when the next delivery is due. */
  async #lookAhead(): Promise<void> {
    this.#active = false;
    const dueInMs = await this.#context.storage.nextDueInMs();
    if (dueInMs === null) return;
    if (dueInMs > 0) this.wakeIn(dueInMs);
    else this.wakeIn(this.#clipped.size > 0 ? lookAgainMs.besideBacklog : lookAgainMs.sinceClaim);
  }
}
