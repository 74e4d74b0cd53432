import { gather } from '../gather.ts';
import type { StoredEvent } from '../model/event.ts';
import type { Held, Sent } from '../model/held.ts';
import type { LaneState } from '../model/lane-state.ts';
import type { Subscription } from '../model/subscription.ts';
import type { Notices } from '../notices.ts';
import type { EngineOptions } from '../options.ts';
import type { StorageAdapter } from '../storage-adapter.ts';
import type { TransportAdapter } from '../transport-adapter.ts';
import type { Announcer } from './announcer.ts';
import { claim } from './claim.ts';
import { compose, type Composed, type ComposeStageContext } from './compose.ts';
import { DeliveryLoop, type DeliveryLoopContext } from './delivery-loop.ts';
import { dispatch } from './dispatch.ts';
import { Lanes } from './lanes.ts';
import { LateRecords } from './late-records.ts';
import { healthNotice, record } from './record.ts';
import { Tests } from './send-test.ts';
import { visibleFields } from './visible-fields.ts';

/** The stages of delivery in a row, and what the owners of subscriptions may do to them. */
export interface Delivering {
  readonly loop: DeliveryLoop;
  readonly tests: Tests;
  readonly lanes: () => readonly LaneState[];
  /** Composes what a subscription would be sent for an event; rejects when that cannot be, or its record is not there. */
  readonly compose: (event: StoredEvent, subscription: Subscription) => Promise<Composed>;
  /** Sends nothing more to a subscription that has ended, and tells. */
  readonly end: (subscription: Subscription) => void;
  /** Sends nothing more to a subscription that its owner has paused, and tells. */
  readonly pause: (subscription: Subscription) => void;
  /** Lets a subscription flow that its owner has resumed, and tells. */
  readonly resume: (subscription: Subscription) => void;
}

/** What delivery works with. */
export interface DeliveringContext {
  readonly options: EngineOptions;
  readonly storage: StorageAdapter;
  readonly transports: { readonly find: (url: string) => TransportAdapter | undefined; readonly deadlineMs: number };
  readonly announcer: Announcer;
  readonly newId: () => string;
  readonly notices: Notices;
  readonly newcomers: DeliveryLoopContext['newcomers'];
}

/** Makes the delivery of one engine. */
export function delivering({
  options,
  storage,
  transports,
  announcer,
  newId,
  notices,
  newcomers,
}: DeliveringContext): Delivering {
  const { catalog, plugins, now, monotonicNow, leaseMs, groupSize } = options;
  const lanes = new Lanes(options, (lane) => {
    if (notices.heard('lane:changed')) notices.tell('lane:changed', { lane: lane() });
  });
  const composeContext: ComposeStageContext = { catalog, plugins, visible: visibleFields(plugins, catalog) };
  const lateRecords = new LateRecords({ ...options, report: notices.report });

  async function composeFor(event: StoredEvent, subscription: Subscription): Promise<Composed> {
    const late = await lateRecords.load(event);
    if (late && 'missing' in late) throw new Error(late.reason);
    return compose(late?.event ?? event, subscription, [], composeContext);
  }

  const dispatchContext = {
    compose: ({ event, subscription, composed }: Held) => compose(event, subscription, composed, composeContext),
    transportFor: transports.find,
    plugins,
    now,
    monotonicNow,
  };
  const recordContext = {
    storage,
    plugins,
    notices,
    retry: options.retry,
    health: options.health,
    random: options.random,
    onPaused(subscriptionId: number, pauseMs: number): void {
      lanes.pauses.pause(subscriptionId, pauseMs);
      loop.wakeIn(pauseMs);
    },
    onRecovered(subscriptionId: number): void {
      lanes.open(subscriptionId);
      loop.wake();
    },
    onEnded(subscriptionId: number): void {
      // What is in memory is handed back, to be claimed again as what it is by now: cancelled.
      lanes.pauses.pause(subscriptionId, leaseMs);
      loop.wake();
    },
  };

  /** A write that nobody is there to be told of when it fails. */
  async function reported<Result>(write: Promise<Result>): Promise<Result> {
    try {
      return await write;
    } catch (error) {
      notices.report(error);
      throw error;
    }
  }

  const recording = gather({
    groupSize,
    waitMs: options.recordEveryMs,
    write: async (group: readonly Sent[]) => reported(record(group, recordContext)),
  });
  const loop = new DeliveryLoop({
    storage,
    lanes,
    announcer,
    lateRecords,
    async claim(bounds) {
      const claimed = await claim(bounds, { storage, newId, monotonicNow, leaseMs });
      lateRecords.group(claimed.held);
      return claimed;
    },
    dispatch: (held, late) => dispatch(held, dispatchContext, late),
    recording,
    releasing: gather({
      groupSize,
      waitMs: 0,
      write: async (leases) => {
        await reported(storage.releaseDeliveries(leases));
        return leases.map(() => undefined);
      },
    }),
    notices,
    now,
    monotonicNow,
    concurrency: options.concurrency,
    slowAfterMs: options.slowAfterMs,
    maxClaims: 5 * groupSize,
    pacePerSecond: options.held.pacePerSecond,
    sendWithinMs: 0.8 * leaseMs - 2 * transports.deadlineMs,
    pollEveryMs: options.pollEveryMs,
    newcomers,
  });
  const tests = new Tests({
    storage,
    catalog,
    dispatch: async (held) => dispatch(held, dispatchContext),
    record: async (sent) => recording.add(sent),
    now,
    monotonicNow,
    newId,
    leaseMs,
  });

  return {
    loop,
    tests,
    lanes: () => lanes.list(),
    compose: composeFor,

    end(subscription) {
      recordContext.onEnded(subscription.id);
      notices.tell('subscription:unsubscribed', healthNotice(subscription, options.health));
    },

    pause(subscription) {
      // What is in memory is handed back; what is stored from now on finds the pause in its row.
      lanes.pauses.pause(subscription.id, leaseMs);
      notices.tell('subscription:paused', healthNotice(subscription, options.health));
    },

    resume(subscription) {
      recordContext.onRecovered(subscription.id);
      notices.tell('subscription:resumed', healthNotice(subscription, options.health));
    },
  };
}
