import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Gathering } from '../gather.ts';
import type { Lease } from '../model/delivery.ts';
import type { Dispatched, Held, Sent } from '../model/held.ts';
import { isLate, type LateRecord } from '../model/late-record.ts';
import { countsSince, type OutcomeCounts } from '../model/outcome-counts.ts';
import type { Subscription } from '../model/subscription.ts';
import type { Notices } from '../notices.ts';
import type { StorageAdapter } from '../storage-adapter.ts';
import { Alarm, lookAgainMs } from './alarm.ts';
import { announceEveryMs, type Announcer } from './announcer.ts';
import type { ClaimBounds, Claimed } from './claim.ts';
import { LaneClaims } from './lane-claims.ts';
import { LanePaces } from './lane-paces.ts';
import type { LaneAnswer, Lanes } from './lanes.ts';
import type { LateRecords } from './late-records.ts';
import type { Recorded } from './record.ts';
import { closesLane, isTrouble } from './record-outcome.ts';
import { Slots } from './slots.ts';

/** What the loop works with: the stages, and how far it may go. */
export interface DeliveryLoopContext {
  readonly storage: Pick<StorageAdapter, 'nextDueInMs'>;
  readonly lanes: Lanes;
  readonly claim: (bounds: ClaimBounds) => Promise<Claimed>;
  readonly lateRecords: Pick<LateRecords, 'group' | 'load'>;
  readonly dispatch: (held: Held, late: LateRecord | null) => Promise<Dispatched>;
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
  readonly slowAfterMs: number;
  /** At most how many deliveries are claimed at once. */
  readonly maxClaims: number;
  /** At most how many deliveries in a second of a lane that catches up, while it delivers by itself. */
  readonly pacePerSecond: number;
  /** For how long a claim may wait in memory before it is handed back instead of sent, in milliseconds. */
  readonly sendWithinMs: number;
  readonly pollEveryMs: number;
  /** What is about to be stored: is told that there is more room in memory, and says how many places are kept for it. */
  readonly newcomers: { readonly roomMade: () => void; readonly promised: () => number };
}

/** Runs the stages of delivery: what was handed to it, what it claims when woken, and what becomes due. */
export class DeliveryLoop {
  readonly #context: DeliveryLoopContext;
  readonly #claims: LaneClaims;
  readonly #slots: Slots;
  readonly #alarm: Alarm;
  /** Calls what belongs to no request of the host's, whichever of them has woken the loop. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #running = false;
  #stopping = false;
  /** The claims under way, if any, of a loop that runs by itself. */
  #claiming: Promise<void> | undefined;
  /** The last call of `deliverDue`, which the next one waits for. */
  #delivering: Promise<unknown> = Promise.resolve();
  /** Whether something may be due that no claim has looked for yet. */
  #wanted = false;
  #wakingSoon = false;
  /** Whether something happened since the storage was last asked what is due next. */
  #active = true;
  readonly #counts: OutcomeCounts = { delivered: 0, retry: 0, failed: 0, cancelled: 0 };

  constructor(context: DeliveryLoopContext) {
    this.#context = context;
    const release = (held: Held): void => void this.#release(held);
    const paces = new LanePaces(context);
    this.#claims = new LaneClaims({ ...context, release, paces: () => (this.#running ? paces : null) });
    this.#slots = new Slots({ ...context, send: this.#send, release, report: context.notices.report });
    this.#alarm = new Alarm({ ...context, ring: () => this.#look() });
  }

  /** Whether it delivers by itself. */
  get running(): boolean {
    return this.#running;
  }

  /**
   * How many deliveries fit into memory, and how many more do now; none is kept from it while it does not deliver by itself.
   * Where half of it is taken, what waits in the storage comes first.
   */
  get memory(): { readonly size: number; readonly room: number } {
    const { size, room, taken } = this.#context.lanes;
    if (!this.#running) return { size, room: Number.POSITIVE_INFINITY };
    const isKept = taken > size / 2 && (this.#wanted || this.#claiming !== undefined);
    return { size, room: isKept ? 0 : room };
  }

  /** Begins to deliver by itself. */
  run(): void {
    this.#running = true;
    this.wake();
  }

  /** Takes a place for a delivery that is about to be stored, if it can be sent from memory at once. */
  reserve(subscription: Subscription): boolean {
    const { id, health, pausedUntil } = subscription;
    const { lanes, now } = this.#context;
    const closed = health === 'suspended' || lanes.pauses.has(id) || (pausedUntil !== null && pausedUntil > now());
    if (!this.#running || closed || this.#claims.clipped.has(id) || lanes.roomOf(id) <= 0) return false;
    lanes.take(subscription);
    return true;
  }

  /** Gives such a place back. */
  unreserve(subscriptionId: number): void {
    this.#leave(subscriptionId);
  }

  /** Sends what has its place taken already. */
  handOff(group: readonly Held[]): void {
    this.#context.lateRecords.group(group);
    for (const held of group) if (!this.#context.lanes.enqueue(held)) void this.#release(held);
    this.#start();
  }

  /** Takes note of deliveries that wait in the storage, to claim them as soon as their lane is open and has room. */
  onWaiting({ id, pausedUntil }: Subscription): void {
    const { lanes, now } = this.#context;
    const pausedMs = pausedUntil === null ? 0 : pausedUntil - now();
    if (pausedMs > 0) return this.wakeIn(pausedMs);
    if (lanes.pauses.has(id)) return;
    if (this.#running && lanes.roomOf(id) <= 0) this.#context.announcer.announce(announceEveryMs.forHelp);
    if (this.#claims.waits(id)) this.wake();
  }

  /** Looks for due deliveries, now or when the present round of claims has ended; others must, where this one does not. */
  wake(): void {
    this.#alarm.stir();
    if (!this.#running && !this.#stopping) this.#context.announcer.announce(announceEveryMs.forOthers);
    this.#look();
  }

  #look(): void {
    this.#wanted = true;
    this.#claims.beginLap();
    if (!this.#running || this.#claiming) return;
    this.#claiming = this.#outside(this.#claimAll).finally(() => {
      this.#claiming = undefined;
      this.#context.newcomers.roomMade();
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
    this.#start();
    await this.#claiming;
    await this.#delivering;
    await this.#context.lanes.empty();
  }

  async #deliverAll(): Promise<OutcomeCounts> {
    const before = { ...this.#counts };
    this.#claims.beginLap();
    for (let again = true; (again || this.#wanted || this.#claiming) && !this.#stopping;) {
      this.#wanted = false;
      again = await this.#claimGroup();
      await this.#context.lanes.empty();
      await this.#claiming;
      await nextTurn();
    }
    return countsSince(before, this.#counts);
  }

  readonly #claimAll = async (): Promise<void> => {
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
  };

  /** One group of claims; says whether another one might get something, too. */
  async #claimGroup(): Promise<boolean> {
    const claimed = await this.#claims.claimGroup();
    this.#start();
    if (claimed === null || claimed.more) this.#wanted = true;
    if (!claimed || claimed.count === 0) return this.#wanted;
    this.#active = true;
    this.#alarm.stir();
    if (claimed.more) this.#context.announcer.announce(announceEveryMs.forHelp);
    return true;
  }

  /** Starts what may be started; once it stops, nothing may, and what waits is handed back. */
  #start(): void {
    if (this.#stopping) for (const held of this.#context.lanes.takeWaiting()) void this.#release(held);
    else this.#outside(() => this.#slots.fill());
  }

  /** Sends one claim, and says what that tells of its endpoint; its outcome is written a moment later. */
  readonly #send = async (held: Held): Promise<LaneAnswer | null> => {
    const { lanes, lateRecords, dispatch, now, monotonicNow, sendWithinMs } = this.#context;
    const { id, health } = held.subscription;
    // Before anything is looked at that may change meanwhile.
    const late = health === 'unsubscribed' || !isLate(held.event) ? null : await lateRecords.load(held.event, now());
    const stale = monotonicNow() - held.heldSince > sendWithinMs;
    if (this.#stopping || stale || (health !== 'unsubscribed' && lanes.pauses.has(id))) {
      void this.#release(held);
      return null;
    }
    const dispatched = await dispatch(held, late);
    const { result, durationMs } = dispatched;
    const laneClosed = lanes.pauses.has(id);
    if (closesLane(result)) lanes.pauses.close(id);
    void this.#record({ ...dispatched, laneClosed });
    return result.ok === null ? null : { isTrouble: isTrouble(result), durationMs };
  };

  async #record(sent: Sent): Promise<void> {
    const outcome = await this.#context.recording.add(sent).catch(() => null);
    if (outcome) this.#counts[outcome.outcome] += 1;
    if (outcome?.retryInMs != null) this.wakeIn(outcome.retryInMs);
    // What has waited for it in its order is due now.
    else if (outcome?.orderKey !== undefined) this.#wanted = true;
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
    const worthwhileInMs = this.#claims.worthwhileInMs(lane);
    if (worthwhileInMs === 0) this.#wanted = true;
    else if (worthwhileInMs !== null) this.wakeIn(worthwhileInMs);
    this.#context.newcomers.roomMade();
    if (this.#wanted && this.#hasRoom()) this.#wakeSoon();
  }

  /** Whether a claim is worth its while: it fills half of the memory, or slots are idle. */
  #hasRoom(): boolean {
    const { lanes, maxClaims } = this.#context;
    if (lanes.room >= Math.min(maxClaims, lanes.size / 2)) return true;
    return lanes.room > 0 && !lanes.hasNext && this.#slots.hasFree;
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
    else this.wakeIn(this.#claims.clipped.size > 0 ? lookAgainMs.besideBacklog : lookAgainMs.sinceClaim);
  }
}
