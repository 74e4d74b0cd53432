import { fail } from 'node:assert/strict';
import { bridgeStorage } from '../bridge-storage.ts';
import type { Claim } from '../model/delivery.ts';
import type { StoredEvent } from '../model/event.ts';
import type { HealthMove } from '../model/health.ts';
import type { Outcome } from '../model/outcome.ts';
import type { NewSubscription, Subscription } from '../model/subscription.ts';
import type { ClaimRequest, ClaimResult } from '../model/claims.ts';
import type { RecordResult, StorageAdapter, StorageContext, StoreBatch } from '../storage-adapter.ts';
import { exampleOutcome, exampleSubscription } from './storage-examples.ts';
import type { HostTransaction, StorageHarness } from './storage-harness.ts';
import { testClock } from './test-clock.ts';

/** The span of a storage whose clock the cases move, in milliseconds. */
const movedSpanMs = 60_000;
/** The place of a case. */
const place = 'data';

/** A storage on trial: it has been started for an empty place, and is stopped when the case has ended. */
export class StorageTrial {
  /** What is busy is tried again, as the engine does. */
  readonly storage: StorageAdapter;
  /** The same without that patience. */
  readonly impatient: StorageAdapter;
  readonly harness: StorageHarness;
  /** How long leases, waits and pauses are, in milliseconds. */
  readonly spanMs: number;
  readonly #clock = testClock();
  readonly #opened: StorageAdapter[] = [];
  #ids = 0;

  private constructor(harness: StorageHarness) {
    this.harness = harness;
    this.spanMs = harness.clock === 'engine' ? movedSpanMs : harness.clock.spanMs;
    this.impatient = harness.createStorage(place);
    this.storage = bridgeStorage(this.impatient);
  }

  static async run(harness: StorageHarness, check: (trial: StorageTrial) => Promise<void>): Promise<void> {
    const trial = new StorageTrial(harness);
    try {
      await trial.start(trial.storage);
      await check(trial);
    } catch (error) {
      for (const storage of trial.#opened) await storage.stop().catch(() => undefined);
      throw error;
    }
    for (const storage of trial.#opened) await storage.stop();
  }

  /** Another storage for the same place, not started. */
  make(): StorageAdapter {
    return bridgeStorage(this.harness.createStorage(place));
  }

  async start(storage: StorageAdapter, context: Pick<StorageContext, 'onDue'> = {}): Promise<StorageAdapter> {
    this.#opened.push(storage);
    await storage.start({ now: this.#clock.now, ...context });
    return storage;
  }

  /** Lets time pass, one span unless told otherwise. */
  async pass(ms: number = this.spanMs): Promise<void> {
    if (this.harness.clock === 'engine') this.#clock.move(ms);
    else await this.harness.clock.pass(ms);
  }

  /** The storage's time. */
  async now(): Promise<number> {
    return this.harness.clock === 'engine' ? this.#clock.now() : (await this.storage.recordOutcomes([])).now;
  }

  /** Fails unless the two times, or lengths of time, are the same, as far as the storage's clock stands still meanwhile. */
  sameTime(actual: number | null | undefined, expected: number, sentence: string): void {
    const toleranceMs = this.harness.clock === 'engine' ? 0 : this.spanMs / 4;
    if (typeof actual === 'number' && Math.abs(actual - expected) <= toleranceMs) return;
    fail(`${sentence}: ${String(actual)} instead of ${expected}`);
  }

  async lock(): Promise<() => Promise<void>> {
    return this.harness.lock?.(place) ?? fail('the harness has no "lock"; give it one, or say why "locks" is unsupported');
  }

  /** Begins a transaction as a host would. */
  async begin(): Promise<HostTransaction> {
    return (
      this.harness.begin?.(place) ??
      fail('the harness has no "begin"; give it one, or say why "joins transactions" is unsupported')
    );
  }

  /** An id that grows, such as the engine makes. */
  newId(): string {
    this.#ids += 1;
    return `019bc135-5c00-7000-8000-${this.#ids.toString(16).padStart(12, '0')}`;
  }

  async subscribe(wish: Partial<NewSubscription> = {}): Promise<Subscription> {
    return this.storage.createSubscription(exampleSubscription({ attributes: { sealed: 'by a plugin' }, ...wish }));
  }

  async subscribeMany(count: number): Promise<Subscription[]> {
    const subscriptions: Subscription[] = [];
    while (subscriptions.length < count) subscriptions.push(await this.subscribe());
    return subscriptions;
  }

  event(given: Partial<StoredEvent> = {}): StoredEvent {
    return {
      id: this.newId(),
      accountId: 'a',
      topic: 'sub_tag(3)',
      objectType: 0,
      record: { id: this.#ids, firstname: 'Mary' },
      occurredAt: testClock().now(),
      idempotencyKey: null,
      metadata: { traceparent: '00-4bf92f-00f067-01' },
      ...given,
    };
  }

  /** A batch with one event and its delivery for each of the subscriptions. */
  batch(
    subscriptions: readonly Subscription[],
    { leased = false, ...given }: Partial<StoredEvent> & { leased?: boolean } = {},
  ): StoreBatch {
    const events: StoredEvent[] = [];
    const deliveries = subscriptions.map(({ id: subscriptionId, accountId, topic }) => {
      const event = this.event({ accountId, topic, ...given });
      events.push(event);
      return { id: this.newId(), accountId: event.accountId, subscriptionId, eventId: event.id, leased };
    });
    return { events, deliveries, fence: this.newId(), leaseMs: this.spanMs };
  }

  /** Stores one event and one delivery for each of the subscriptions; answers the ids of the deliveries. */
  async deliver(...subscriptions: readonly Subscription[]): Promise<string[]> {
    const batch = this.batch(subscriptions);
    await this.storage.storeEvents(batch);
    return batch.deliveries.map(({ id }) => id);
  }

  async claim(given: Partial<ClaimRequest> = {}, storage: StorageAdapter = this.storage): Promise<ClaimResult> {
    const bounds = { limit: 100, perLane: 100, lanes: new Map<number, number>(), after: 0 };
    return storage.claimDeliveries({ fence: this.newId(), leaseMs: this.spanMs, ...bounds, ...given });
  }

  /** Stores a delivery for the subscription, claims it, and answers the claim. */
  async claimOne(subscription: Subscription): Promise<Claim> {
    const [id] = await this.deliver(subscription);
    const { claims } = await this.claim();
    return claims.find((claim) => claim.id === id) ?? fail('a delivery that is due was not claimed');
  }

  outcome(claim: Claim, given: Partial<Outcome> = {}): Outcome {
    return exampleOutcome(claim, given);
  }

  /** The outcome of an attempt that failed, and is to be made again after a span. */
  failure(claim: Claim, given: Partial<Outcome> = {}): Outcome {
    return this.outcome(claim, {
      outcome: 'retry',
      retryInMs: this.spanMs,
      reason: 'HTTP 503',
      status: 503,
      answer: '',
      countsAgainstDelivery: true,
      endpoint: 'failed',
      ...given,
    });
  }

  async record(...outcomes: readonly Outcome[]): Promise<RecordResult> {
    return this.storage.recordOutcomes(outcomes);
  }

  /** Changes the health of a subscription on top of the version that is given; answers the row, or null. */
  async move({ id, healthVersion }: Subscription, given: Partial<HealthMove>): Promise<Subscription | null> {
    const wanted = { subscriptionId: id, healthVersion, health: 'failing', reason: 'it failed', pauseLaneMs: null } as const;
    const [moved] = await this.storage.moveHealth([{ ...wanted, ...given }]);
    return moved ?? null;
  }
}
