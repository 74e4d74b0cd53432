import type { ClaimBounds, Claimed } from '../../src/deliver/claim.ts';
import { LaneClaims, type ClaimedGroup } from '../../src/deliver/lane-claims.ts';
import { Lanes } from '../../src/deliver/lanes.ts';
import type { Held } from '../../src/model/held.ts';
import type { Schedule } from './schedule.ts';
import { SchedulerWatch } from './scheduler-watch.ts';
import type { SeededRandom } from './seeded-random.ts';
import { SimulatedClock } from './simulated-clock.ts';
import { SimulatedEndpoint, type Answer } from './simulated-network.ts';
import { SimulatedSlots } from './simulated-slots.ts';
import { SimulatedStorage, type SimulatedHeld, type StoredDelivery, type StoredLane } from './simulated-storage.ts';
import { violated } from './violation.ts';
import type { WatchedLane } from './watched.ts';

const leaseMs = 60_000;
/** For how long a claim may wait in memory before it is handed back instead of sent. */
const sendWithinMs = 18_000;
const pollEveryMs = 5_000;
const probeEveryMs = 6_000;
const mostEvents = 20_000;

/** The scheduler on a clock, a storage and a network that one seed decides, event by event. */
export class Simulation {
  readonly watch: SchedulerWatch;
  readonly storage: SimulatedStorage;
  readonly #clock: SimulatedClock;
  readonly #schedule: Schedule;
  readonly #random: SeededRandom;
  readonly #lanes: Lanes;
  readonly #claims: LaneClaims;
  readonly #endpoints: readonly SimulatedEndpoint[];
  readonly #slots: SimulatedSlots;
  #deliveries = 0;
  #unfinished = 0;
  #wakeAt = Number.POSITIVE_INFINITY;
  #wanted = false;
  #claiming: Promise<ClaimedGroup | null> | undefined;
  #answerClaim: (() => void) | undefined;

  constructor(schedule: Schedule, random: SeededRandom, keepsEvents = false) {
    this.#schedule = schedule;
    this.#random = random;
    this.#clock = new SimulatedClock(keepsEvents);
    const limits = { ...schedule.limits, monotonicNow: () => this.#clock.now };
    const accounts = schedule.lanes.map(({ accountId }) => accountId);
    this.#lanes = new Lanes(limits);
    this.watch = new SchedulerWatch(this.#lanes, limits, accounts);
    this.storage = new SimulatedStorage(accounts);
    this.#endpoints = schedule.lanes.map(({ behaviour, healsAt }) => new SimulatedEndpoint(behaviour, healsAt, random));
    this.#claims = new LaneClaims({
      lanes: this.#lanes,
      maxClaims: 5 * limits.groupSize,
      claim: async (bounds) => this.#claim(bounds),
      release: (held) => this.#refused(held as unknown as SimulatedHeld),
      newcomers: { promised: () => 0 },
      paces: () => null,
    });
    this.#slots = new SimulatedSlots({
      clock: this.#clock,
      lanes: this.#lanes,
      watch: this.watch,
      limits,
      send: (held) => this.#send(held),
      answered: (held, answer) => this.#answered(held, answer),
      release: (held) => this.#release(held),
    });
    for (const burst of schedule.bursts) {
      this.#unfinished += burst.count;
      this.#clock.after(burst.at, 'emit', () => this.#emit(burst));
    }
    for (const [index, { endsAt }] of schedule.lanes.entries()) {
      if (endsAt !== null)
        this.#clock.after(endsAt, 'unsubscribe', () => this.#unsubscribe(this.storage.lanes[index] as StoredLane));
    }
    this.#wakeIn(0);
  }

  /** What has happened, if it was to be kept. */
  get happened(): readonly string[] {
    return this.#clock.happened;
  }

  /** Runs until every delivery has come to its end; throws a `Violation` as soon as a property does not hold. */
  async run(): Promise<void> {
    const emitted = this.#unfinished;
    for (let count = 0; this.#unfinished > 0; count += 1) {
      const event = this.#clock.next();
      if (!event) return violated(`${this.#unfinished} deliveries wait, and nothing will happen any more`);
      if (count === mostEvents) violated(`${this.#unfinished} deliveries have not come to an end after ${count} events`);
      const running = event.run();
      if (running) await running;
      this.watch.check();
    }
    this.watch.checkEmpty();
    const { delivered, failed, cancelled } = this.storage.ended;
    if (delivered + failed + cancelled !== emitted)
      violated(`${emitted} deliveries came to ${delivered + failed + cancelled} ends`);
  }

  #emit({ lane: id, count, retries }: Schedule['bursts'][number]): void {
    const lane = this.storage.lanes[id - 1] as StoredLane;
    for (let index = 0; index < count; index += 1) {
      const attempts = index < retries ? 1 : 0;
      this.#deliveries += 1;
      const delivery: StoredDelivery = {
        id: this.#deliveries,
        lane,
        attempts,
        failures: 0,
        dueAt: 0,
        fence: 0,
        state: 'waiting',
      };
      if (this.#clock.now > 0 && this.#reserve(lane)) {
        this.#clock.after(this.#random.from(0, 3), 'stored', () => this.#stored(delivery));
      } else {
        this.storage.wait(delivery, this.#clock.now);
        this.#onWaiting(lane);
      }
    }
  }

  /** As `DeliveryLoop.reserve`. */
  #reserve({ id, accountId, health, pausedUntil }: StoredLane): boolean {
    const lanes = this.#lanes;
    if (health !== 'healthy' || lanes.pauses.has(id) || pausedUntil > this.#clock.now) return false;
    if (this.#claims.clipped.has(id) || lanes.roomOf(id) <= 0) return false;
    lanes.take({ id, accountId });
    this.watch.took(this.#watched(id));
    return true;
  }

  #stored(delivery: StoredDelivery): void {
    const { lane } = delivery;
    if (this.#random.chance(0.02)) {
      // The transaction was rolled back; the host emits it again.
      this.watch.unreserved(this.#watched(lane.id));
      this.#leave(lane.id);
      this.storage.wait(delivery, this.#clock.now);
      this.#onWaiting(lane);
      return;
    }
    this.#enqueue(this.storage.storeHeld(delivery, this.#clock.now));
    this.#slots.fill();
  }

  #enqueue(held: SimulatedHeld): void {
    this.watch.enqueued(this.#watched(held.subscription.id), held.claim.attempts > 0);
    if (!this.#lanes.enqueue(held as unknown as Held)) this.#refused(held);
  }

  /** Nothing of a lane that is slow waits in memory for long. */
  #refused(held: SimulatedHeld): void {
    this.watch.handedBack(this.#watched(held.subscription.id), held.claim.attempts > 0);
    this.#release(held);
  }

  /** As `DeliveryLoop.onWaiting`. */
  #onWaiting({ id, pausedUntil }: StoredLane): void {
    const pausedMs = pausedUntil - this.#clock.now;
    if (pausedMs > 0) this.#wakeIn(pausedMs);
    else if (this.#lanes.pauses.has(id)) return;
    else if (this.#lanes.roomInLane(id) <= 0) this.#claims.clipped.add(id);
    else this.#wakeIn(0);
  }

  #unsubscribe(lane: StoredLane): void {
    lane.health = 'unsubscribed';
    this.#lanes.pauses.pause(lane.id, leaseMs);
    this.#wakeIn(0);
  }

  async #look(): Promise<void> {
    this.#wanted = true;
    this.#claims.beginLap();
    if (!this.#claiming) await this.#beginClaim();
  }

  async #beginClaim(): Promise<void> {
    this.#wanted = false;
    const claiming = this.#claims.claimGroup();
    if (this.#answerClaim) {
      this.#claiming = claiming;
      this.#clock.after(this.#random.from(0, 4), 'claimed', async () => this.#endClaim(claiming));
      return;
    }
    await claiming;
    this.#wanted = true;
    this.#wakeIn(pollEveryMs);
  }

  async #claim(bounds: ClaimBounds): Promise<Claimed> {
    const claimed = this.storage.claim(bounds, this.#clock.now);
    await new Promise<void>((answer) => {
      this.#answerClaim = answer;
    });
    this.#answerClaim = undefined;
    for (const { subscription } of claimed.held) this.watch.took(this.#watched(subscription.id));
    for (const { subscription, claim } of claimed.held) this.watch.enqueued(this.#watched(subscription.id), claim.attempts > 0);
    return claimed;
  }

  async #endClaim(claiming: Promise<ClaimedGroup | null>): Promise<void> {
    this.#answerClaim?.();
    const claimed = await claiming;
    this.#claiming = undefined;
    this.#slots.fill();
    if (claimed?.more) this.#wanted = true;
    if (this.#wanted && this.#hasRoom()) await this.#beginClaim();
    else if (this.#wanted) this.#wakeIn(pollEveryMs);
    else this.#lookAhead();
  }

  /** As `DeliveryLoop` does after its claims. */
  #lookAhead(): void {
    const dueInMs = this.storage.nextDueAt() - this.#clock.now;
    this.#wakeIn(Math.min(pollEveryMs, dueInMs > 0 ? dueInMs : this.#claims.clipped.size > 0 ? 1_000 : 20));
  }

  #wakeIn(ms: number): void {
    const at = this.#clock.now + ms;
    if (at >= this.#wakeAt) return;
    this.#wakeAt = at;
    this.#clock.after(ms, 'wake', () => {
      if (this.#wakeAt !== at) return;
      this.#wakeAt = Number.POSITIVE_INFINITY;
      return this.#look();
    });
  }

  /** As `DeliveryLoop`: whether a claim is worth its while. */
  #hasRoom(): boolean {
    const lanes = this.#lanes;
    if (lanes.room >= Math.min(5 * this.#schedule.limits.groupSize, lanes.size / 2)) return true;
    return lanes.room > 0 && !lanes.hasNext && this.watch.slots < this.#schedule.limits.concurrency;
  }

  /** Sends a delivery, or hands it back, as the loop does. */
  #send(held: SimulatedHeld): Answer | null {
    const { subscription, heldSince } = held;
    const { id, health } = subscription;
    if (health === 'unsubscribed') {
      this.#clock.after(this.#random.from(0, 3), 'recorded', () => this.#finish(held, 'cancelled'));
      return null;
    }
    if (this.#clock.now - heldSince > sendWithinMs || this.#lanes.pauses.has(id)) {
      this.#release(held);
      return null;
    }
    return (this.#endpoints[id - 1] as SimulatedEndpoint).answer(this.#clock.now);
  }

  #answered(held: SimulatedHeld, answer: Answer): void {
    const { pauses } = this.#lanes;
    const { id } = held.subscription;
    const laneClosed = pauses.has(id);
    if (answer.busyMs > 0) pauses.close(id);
    this.#clock.after(this.#random.from(0, 3), 'recorded', () => this.#record(held, answer, laneClosed));
  }

  /** As `record`: an outcome is final, or says when to try again; failures suspend, an answer recovers. */
  #record(held: SimulatedHeld, { ok, busyMs }: Answer, laneClosed: boolean): void {
    const { delivery, subscription } = held;
    const { lane } = delivery;
    delivery.attempts += 1;
    if (busyMs > 0) this.#pause(lane, busyMs);
    if (ok) {
      lane.failuresInARow = 0;
      if (lane.health === 'suspended') {
        lane.health = 'healthy';
        lane.pausedUntil = 0;
        this.#lanes.open(lane.id);
        this.#wakeIn(0);
      }
      return this.#finish(held, 'delivered');
    }
    if (!(busyMs > 0 && laneClosed)) lane.failuresInARow += 1;
    const isProbe = subscription.health === 'suspended';
    const suspends = lane.health === 'healthy' && lane.failuresInARow >= this.#schedule.suspendAfter;
    if (suspends) lane.health = 'suspended';
    if ((suspends || isProbe) && lane.health === 'suspended') this.#pause(lane, probeEveryMs);
    const waitMs = isProbe ? probeEveryMs : this.#schedule.retryMs[delivery.failures];
    if (waitMs === undefined) return this.#finish(held, 'failed');
    if (!isProbe) delivery.failures += 1;
    this.storage.giveBack(held, this.#clock.now + Math.max(waitMs, busyMs));
    this.#wakeIn(Math.max(waitMs, busyMs));
    this.#leftMemory(held);
  }

  #pause(lane: StoredLane, ms: number): void {
    lane.pausedUntil = Math.max(lane.pausedUntil, this.#clock.now + ms);
    this.#lanes.pauses.pause(lane.id, ms);
    this.#wakeIn(ms);
  }

  #finish(held: SimulatedHeld, state: 'delivered' | 'failed' | 'cancelled'): void {
    this.storage.end(held, state);
    this.#unfinished -= 1;
    this.#leftMemory(held);
  }

  #release(held: SimulatedHeld): void {
    this.#clock.after(this.#random.from(0, 2), 'released', () => {
      this.storage.giveBack(held, this.#clock.now);
      this.#wanted = true;
      this.#leftMemory(held);
    });
  }

  #leftMemory({ subscription }: SimulatedHeld): void {
    this.watch.left(this.#watched(subscription.id));
    this.#leave(subscription.id);
  }

  /** As `DeliveryLoop`: gives a place back, and claims on when that made room for something that waits. */
  #leave(id: number): void {
    const lanes = this.#lanes;
    lanes.leave(id);
    if (this.#claims.clipped.has(id) && lanes.wantsMore(id)) {
      if (lanes.isSlow(id)) this.#wakeIn(100);
      else this.#wanted = true;
    }
    if (this.#wanted && this.#hasRoom()) this.#wakeIn(0);
  }

  #watched(id: number): WatchedLane {
    return this.watch.lanes[id - 1] as WatchedLane;
  }
}
