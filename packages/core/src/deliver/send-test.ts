import { HookwellError } from '../errors.ts';
import type { Catalog } from '../model/catalog.ts';
import { findObjectType } from '../model/crm-record.ts';
import type { StoredEvent } from '../model/event.ts';
import type { Dispatched, Held, Sent } from '../model/held.ts';
import type { Subscription } from '../model/subscription.ts';
import { testRecord } from '../model/test-record.ts';
import type { TestResult } from '../model/test-result.ts';
import { parseTopic } from '../model/topic.ts';
import type { StorageAdapter } from '../storage-adapter.ts';
import type { Recorded } from './record.ts';

/** What `sendTest` works with. */
export interface SendTestContext {
  readonly storage: Pick<StorageAdapter, 'storeEvents'>;
  readonly catalog: Catalog;
  readonly dispatch: (held: Held) => Promise<Dispatched>;
  /** Writes the outcome; what goes wrong is told there, and rejects. */
  readonly record: (sent: Sent) => Promise<Recorded>;
  readonly now: () => number;
  readonly monotonicNow: () => number;
  readonly newId: () => string;
  readonly leaseMs: number;
}

/** Tests under way at once: they go past the lanes, so that they have a bound of their own. */
const maxTests = 10;

/** The tests that a process has under way. */
export class Tests {
  readonly #context: SendTestContext;
  readonly #running = new Set<Promise<unknown>>();

  constructor(context: SendTestContext) {
    this.#context = context;
  }

  /**
   * Sends a subscription a made-up event at once, whatever waits in its lane and whether or not that is closed, and once: it
   * is stored and logged like any other, and is never tried again. A good answer is one like any other, so that it ends a
   * suspension; a bad one says nothing about the endpoint.
   *
   * @throws {HookwellError} `overloaded` when ten tests are under way
   */
  async send(subscription: Subscription): Promise<TestResult> {
    if (this.#running.size >= maxTests) {
      throw new HookwellError('overloaded', `${maxTests} tests are under way already; wait for one of them to end.`);
    }
    const running = sendTest(subscription, this.#context);
    this.#running.add(running);
    return running.finally(() => this.#running.delete(running));
  }

  /** Resolves when none is under way. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }
}

async function sendTest(subscription: Subscription, context: SendTestContext): Promise<TestResult> {
  const { newId, leaseMs } = context;
  const { accountId, id: subscriptionId } = subscription;
  const event = testEvent(subscription, context);
  const delivery = { id: newId(), accountId, subscriptionId, eventId: event.id };
  const fence = newId();
  const heldSince = context.monotonicNow();
  await context.storage.storeEvents({ events: [event], deliveries: [{ ...delivery, leased: true }], fence, leaseMs });
  const claim = { ...delivery, attempts: 0, failures: 0, abandonments: 0, createdAt: context.now(), fence };
  const dispatched = await context.dispatch({ claim, subscription, event, composed: [], heldSince, isTest: true });
  await context.record({ ...dispatched, laneClosed: false });
  const { result, durationMs } = dispatched;
  return {
    deliveryId: delivery.id,
    eventId: event.id,
    outcome: result.ok ? 'delivered' : 'failed',
    reason: result.ok ? '' : result.reason,
    status: result.ok === null ? 0 : result.status,
    answer: result.ok === null ? '' : result.answer,
    durationMs,
  };
}

function testEvent({ accountId, topic }: Subscription, { catalog, newId, now }: SendTestContext): StoredEvent {
  const { eventType, target } = parseTopic(topic, catalog);
  const objectType = findObjectType(catalog, eventType.parameter === null ? target : firstObjectType(catalog));
  return {
    id: newId(),
    accountId,
    topic,
    objectType: objectType.id,
    record: testRecord(objectType),
    occurredAt: now(),
    idempotencyKey: null,
    metadata: {},
  };
}

/** Tags and forms are most often a contact's. */
function firstObjectType({ objectTypes }: Catalog): number {
  return objectTypes.has(0) ? 0 : (objectTypes.keys().next().value ?? 0);
}
