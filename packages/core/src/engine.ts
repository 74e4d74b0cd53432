import type { EventEmitter } from 'eventemitter3';
import { acceptance } from './accept/acceptance.ts';
import type { EmitInput, EmitResult } from './accept/emit.ts';
import { match } from './accept/match.ts';
import { bridgeStorage } from './bridge-storage.ts';
import { checkEngineOptions } from './check-engine-options.ts';
import { announceEveryMs, Announcer } from './deliver/announcer.ts';
import { delivering } from './deliver/delivering.ts';
import { Lookout } from './deliver/lookout.ts';
import { Reminder } from './deliver/reminder.ts';
import type { EngineEvents } from './engine-events.ts';
import { HookwellError } from './errors.ts';
import { deliveries, type Deliveries } from './manage/deliveries.ts';
import { erase, type EraseInput } from './manage/erase.ts';
import { explain, type Explain } from './manage/explain.ts';
import { planReplayStep } from './manage/replay-step.ts';
import { Replaying } from './manage/replaying.ts';
import { replays, type Replays } from './manage/replays.ts';
import { retentionOf } from './manage/retention.ts';
import { subscriptions, type Subscriptions } from './manage/subscriptions.ts';
import type { Catalog } from './model/catalog.ts';
import type { Erased } from './model/erasure.ts';
import type { LaneState } from './model/lane-state.ts';
import type { StoredEvent } from './model/event.ts';
import type { Topic } from './model/topic.ts';
import { newIds } from './new-ids.ts';
import { notices } from './notices.ts';
import type { EngineOptions, OptionsInput } from './options.ts';
import { answeredInTime, type Plugin } from './plugin.ts';
import { pluginContext } from './plugin-context.ts';
import type { StorageAdapter } from './storage-adapter.ts';
import type { TransactionOptions } from './model/transaction.ts';
import type { TransportAdapter } from './transport-adapter.ts';
import { transportsByScheme } from './transports-by-scheme.ts';

/** The options of {@link createEngine} as a host writes them. */
export type EngineOptionsInput<EventName extends string = string> = Omit<
  OptionsInput<EngineOptions, 'storage' | 'transports' | 'catalog'>,
  'catalog'
> & { readonly catalog: Catalog<EventName> };

/** Counts of one round of {@link Engine.deliverDue}: attempts, by what they led to. */
export interface RoundResult {
  readonly delivered: number;
  readonly retried: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** Webhook subscriptions inside a CRM backend. Made by {@link createEngine}. */
export interface Engine<EventName extends string = string> {
  readonly catalog: Catalog<EventName>;
  /** What it does, told by name. Listeners that throw are reported as `error` and stop nothing. */
  readonly events: EventEmitter<EngineEvents>;
  readonly subscriptions: Subscriptions;
  readonly deliveries: Deliveries;
  readonly explain: Explain;
  /** Jobs that send many deliveries again. */
  readonly replays: Replays;
  /** The lanes that have something in this process's memory now. */
  readonly lanes: { readonly list: () => readonly LaneState[] };
  /**
   * Opens the storage and the transports and begins to deliver. With `deliver: false` it only accepts events; another
   * process, or {@link Engine.deliverDue}, delivers them. A second call changes nothing.
   */
  readonly start: (options?: { readonly deliver?: boolean }) => Promise<void>;
  /**
   * Stores an event of the CRM, with its record or the id of that, and a delivery for each subscription to it; resolves when
   * they are durable. While memory is full of deliveries it waits for room, `maxEmitWaitMs` at the most. With `within` it
   * does not wait, and they are part of that transaction of yours: durable when you commit, and never there when you roll
   * back. Nothing is told of it on `events`, because nobody knows yet whether you will commit.
   * @throws {HookwellError} `invalid_topic`, `unknown_event`, `unknown_object_type`, `invalid_record`, `invalid_input`,
   * `idempotency_conflict`, `overloaded`, `not_running`, `storage_busy`, `storage_failed`. Nothing is stored then.
   */
  readonly emit: (topic: Topic<EventName>, input: EmitInput, options?: TransactionOptions) => Promise<EmitResult>;
  /** Delivers all that is due now and waits for its outcomes: for tests, and for hosts that deliver from cron. */
  readonly deliverDue: () => Promise<RoundResult>;
  /**
   * Erases what is stored about one record of an account, as a person may ask for: its events with their payloads, what
   * waits to be sent of them, and their lines of the log. What is being sent while it runs may still arrive. Looks at every
   * stored event, a few thousand at a time.
   * @throws {HookwellError} `unknown_object_type`, `invalid_input`
   */
  readonly erase: (input: EraseInput) => Promise<Erased>;
  /**
   * Stops claiming, waits for requests in flight, hands unsent claims back, and closes storage and transports. A second
   * call waits for the first.
   */
  readonly stop: () => Promise<void>;
}

/** Steps of replays that one call of `deliverDue` makes at the most, each with what it made due: it is to come to an end. */
const replayRounds = 20;

/**
 * Makes an engine: webhook subscriptions for a CRM that runs in this process. It does nothing before `start`.
 *
 * @throws {HookwellError} `invalid_option`, naming the option, its value and the rule
 * @example
 * const engine = createEngine({ storage: memoryStorage(), transports: [httpTransport()], catalog: ontraportCatalog })
 * await engine.start()
 */
export function createEngine<EventName extends string>(given: EngineOptionsInput<EventName>): Engine<EventName> {
  const options = checkEngineOptions(given);
  const { catalog, plugins, now, monotonicNow, hookTimeoutMs } = options;
  const newId = options.newId ?? newIds(now);
  const storage = bridgeStorage(options.storage);
  const transports = transportsByScheme(options.transports);
  const told = notices();
  const announcer = new Announcer({ storage: options.storage, monotonicNow });
  const newcomers = { roomMade: () => accepting.roomMade(), promised: () => accepting.promised() };
  const delivery = delivering({ options, storage, transports, announcer, newId, notices: told, newcomers });
  const { loop } = delivery;
  const lookout = new Lookout(() => loop.wake(), monotonicNow);
  const reminder = new Reminder(() => loop.wake(), monotonicNow);
  const accepting = acceptance({
    options,
    storage,
    newId,
    notices: told,
    loop,
    onPromised: () => lookout.begin(loop.running),
    onDelayed: (dueInMs) => (loop.running ? loop.wakeIn(dueInMs) : reminder.ringIn(dueInMs)),
  });
  const lanes = { list: delivery.lanes };
  const hooksAreGiven = pluginContext({
    now,
    catalog,
    lanes,
    notices: told,
    accepting,
    announcer,
    checkOpen: () => (isOpen ? undefined : checkRunning()),
    isStopping: () => stopping !== undefined,
  });
  const onDue = (): void => {
    if (!loop.running) return;
    loop.wake();
    replaying.heard();
  };
  const finding = {
    storage,
    now,
    match: async (events: readonly StoredEvent[]) => match(events, { storage, plugins, hookTimeoutMs }),
  };
  const replaying = new Replaying({
    storage,
    plan: async (claim, at) => planReplayStep(claim, at, { ...finding, ...options.replay, newId }),
    newId,
    leaseMs: options.leaseMs,
    monotonicNow,
    notices: told,
    onDue: () => loop.wake(),
  });
  const retention = retentionOf(options, storage, told);

  let state: 'new' | 'running' | 'stopped' = 'new';
  /** Whether plugins may emit, which they may for longer than the host: while it stops, outcomes still tell them something. */
  let isOpen = false;
  let starting: Promise<void> | undefined;
  let stopping: Promise<void> | undefined;
  /** What has been started, and is to be stopped. */
  const started = new Set<StorageAdapter | TransportAdapter | Plugin>();

  async function startOnce<Part extends StorageAdapter | TransportAdapter | Plugin>(
    part: Part,
    start: (part: Part) => void | Promise<void> | undefined,
  ): Promise<void> {
    if (started.has(part)) return;
    await start(part);
    started.add(part);
  }

  async function open(deliver: boolean): Promise<void> {
    await startOnce(storage, (adapter) => adapter.start(deliver ? { now, onDue } : { now }));
    isOpen = true;
    for (const transport of options.transports) await startOnce(transport, (adapter) => adapter.start({ now }));
    for (const plugin of plugins) {
      await startOnce(plugin, (one) => answeredInTime(one, 'start', one.start?.(hooksAreGiven), hookTimeoutMs));
    }
    state = 'running';
    if (!deliver) return;
    loop.run();
    retention.run();
    replaying.run();
  }

  async function close(): Promise<void> {
    await starting?.catch(() => undefined);
    state = 'stopped';
    await accepting.idle();
    await delivery.tests.idle();
    await Promise.all([loop.stop(), replaying.stop()]);
    await retention.stop();
    reminder.stop();
    // What a transaction of the host's has written may be there by now, and it is for others to find it.
    if (lookout.stop()) announcer.announce(announceEveryMs.forOthers);
    for (const plugin of plugins) {
      try {
        if (started.has(plugin)) await answeredInTime(plugin, 'stop', plugin.stop?.(), hookTimeoutMs);
      } catch (error) {
        told.report(error);
      }
    }
    isOpen = false;
    await accepting.idle();
    await announcer.flush();
    // Every one is closed before any problem is told.
    const closing = [...options.transports, storage].filter((adapter) => started.has(adapter));
    const problems: unknown[] = [];
    for (const adapter of closing) await adapter.stop().catch((error: unknown) => problems.push(error));
    if (problems.length > 0) throw problems[0];
  }

  function checkRunning(): void {
    if (state === 'running' && !stopping) return;
    const problem = stopping ? 'has been stopped; create another one' : 'has not been started; await engine.start() first';
    throw new HookwellError('not_running', `The engine ${problem}.`);
  }

  return {
    catalog: given.catalog,
    events: told.events,
    subscriptions: subscriptions({
      storage,
      catalog,
      plugins,
      hookTimeoutMs,
      health: options.health,
      checkUrl: transports.checkUrl,
      checkRunning,
      onCreated: (subscription) => told.tell('subscription:created', { subscription }),
      onUpdated: (subscription) => told.tell('subscription:updated', { subscription }),
      onEnded: delivery.end,
      onPaused: delivery.pause,
      onResumed: delivery.resume,
    }),
    deliveries: deliveries({
      storage,
      checkRunning,
      compose: delivery.compose,
      sendTest: async (subscription) => delivery.tests.send(subscription),
      now,
      onDue: () => loop.wake(),
    }),
    explain: explain({ storage, plugins, hookTimeoutMs, health: options.health, now, checkRunning }),
    replays: replays({
      ...finding,
      storage,
      catalog,
      newId,
      pacePerSecond: options.replay.pacePerSecond,
      checkRunning,
      onCreated() {
        replaying.wake();
        announcer.announce(announceEveryMs.forOthers);
      },
      onCancelled: (replay) => told.tell('replay:cancelled', { replay }),
    }),
    lanes,

    async start({ deliver = true } = {}) {
      if (stopping) checkRunning();
      starting ??= open(deliver).catch((error: unknown) => {
        starting = undefined;
        throw error;
      });
      await starting;
    },

    async emit(topic, input, transaction) {
      checkRunning();
      return accepting.accept(topic, input, transaction?.within);
    },

    async deliverDue() {
      checkRunning();
      await accepting.idle();
      const sum = { delivered: 0, retried: 0, failed: 0, cancelled: 0 };
      for (let round = 0, stepped = true; stepped && round < replayRounds; round += 1) {
        stepped = await replaying.catchUp();
        const { delivered, retry, failed, cancelled } = await loop.deliverDue();
        sum.delivered += delivered;
        sum.retried += retry;
        sum.failed += failed;
        sum.cancelled += cancelled;
      }
      await retention.catchUp();
      return sum;
    },

    erase: async (input) => erase(input, { storage, catalog, checkRunning, onDue: () => loop.wake() }),

    async stop() {
      stopping ??= close();
      await stopping;
    },
  };
}
