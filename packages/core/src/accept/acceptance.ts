import { HookwellError } from '../errors.ts';
import { gather, type Gathering } from '../gather.ts';
import type { StoredEvent } from '../model/event.ts';
import type { Notices } from '../notices.ts';
import type { EngineOptions } from '../options.ts';
import type { StorageAdapter } from '../storage-adapter.ts';
import type { EmittedContext } from '../plugin.ts';
import { Admission, type AdmissionContext } from './admission.ts';
import { emit, type EmitContext, type EmitInput, type EmitResult, type OnMade } from './emit.ts';
import { match } from './match.ts';
import { store, type Stored, type StoreContext } from './store.ts';

/** The stages of acceptance in a row: emit, then match and store for groups of what is emitted at the same time. */
export interface Acceptance {
  /** With `within`, as part of that transaction of the host's, and by itself: what else is emitted goes its own way. */
  readonly accept: (topic: string, input: EmitInput, within?: unknown) => Promise<EmitResult>;
  /** Resolves when everything accepted so far is stored or refused. */
  readonly idle: () => Promise<void>;
  /** Is told that there is more room in memory. */
  readonly roomMade: () => void;
  /** How many places in memory are kept for events that are about to be stored. */
  readonly promised: () => number;
}

/** What acceptance works with. */
export interface AcceptanceContext {
  readonly options: EngineOptions;
  readonly storage: Pick<StorageAdapter, 'findSubscriptions' | 'storeEvents' | 'join'>;
  readonly newId: () => string;
  readonly notices: Notices;
  /** What sends from memory what was stored already leased. */
  readonly loop: Pick<StoreContext, 'reserve' | 'unreserve' | 'handOff' | 'onWaiting'> & {
    readonly memory: ReturnType<AdmissionContext['memory']>;
  };
  /** Is told that something was written which is due as soon as the host commits. */
  readonly onPromised: () => void;
  /** Is told in how many milliseconds something is due that was written, in a transaction of the host's or not. */
  readonly onDelayed: (dueInMs: number) => void;
}

/** Makes the acceptance of one engine. */
export function acceptance(given: AcceptanceContext): Acceptance {
  const { options, storage, newId, notices, loop, onPromised, onDelayed } = given;
  const { catalog, plugins, now, monotonicNow, leaseMs, groupSize, maxPendingEmits, maxEmitWaitMs, hookTimeoutMs } = options;
  const emitContext: EmitContext = {
    catalog,
    plugins: plugins.filter((plugin) => plugin.emit !== undefined),
    hookTimeoutMs,
    loadsRecords: options.loadRecords !== undefined,
    now,
    newId,
  };
  const storeContext: StoreContext = {
    storage,
    newId,
    now,
    monotonicNow,
    leaseMs,
    reserve: (subscription) => loop.reserve(subscription),
    unreserve: (subscriptionId) => loop.unreserve(subscriptionId),
    handOff: (held) => loop.handOff(held),
    onWaiting: (subscription) => loop.onWaiting(subscription),
    onDelayed,
  };
  const storing = gather<StoredEvent, Stored>({
    groupSize,
    waitMs: 0,
    write: async (events) => store(await match(events, { storage, plugins, hookTimeoutMs }), storeContext),
  });
  const admission = new Admission({ memory: () => loop.memory, maxWaitMs: maxEmitWaitMs, monotonicNow });
  /** Events that are still with the emit hooks of plugins, or being written in a transaction of the host's. */
  let checking = 0;
  let onChecked: (() => void)[] = [];

  /** What is emitted at the same time within one transaction is written together, too. */
  const within = new WeakMap<object, Gathering<StoredEvent, Stored>>();

  function storingWithin(transaction: unknown): Gathering<StoredEvent, Stored> {
    const known = isObject(transaction) ? within.get(transaction) : undefined;
    if (known) return known;
    const made = gather<StoredEvent, Stored>({
      groupSize,
      // On SQLite a host relies on it that nobody else gets a turn in the middle of its transaction.
      waitMs: 'microtask',
      async write(events) {
        const joined = await storage.join(transaction);
        // Nothing is leased, handed on or told: all of that would be wrong if the host rolls back.
        const context = { ...storeContext, storage: joined, reserve: () => false, onWaiting: () => undefined };
        return store(await match(events, { storage: joined, plugins, hookTimeoutMs }), context);
      },
    });
    if (isObject(transaction)) within.set(transaction, made);
    return made;
  }

  async function storeWithin(event: StoredEvent, transaction: unknown): Promise<Kept> {
    const stored = await storingWithin(transaction).add(event);
    if ('error' in stored) throw stored.error;
    if (stored.result.deliveries > 0) onPromised();
    return stored;
  }

  async function emitOne(topic: string, input: EmitInput, transaction: unknown, onMade?: OnMade): Promise<Kept> {
    if (storing.size() + checking >= maxPendingEmits) {
      throw new HookwellError(
        'overloaded',
        `${maxPendingEmits} events wait to be stored already; wait for some of them, or raise the option "maxPendingEmits".`,
      );
    }
    checking += 1;
    let event: StoredEvent;
    let isPromised: boolean;
    try {
      const made = emit(topic, input, emitContext, onMade);
      event = made instanceof Promise ? await made : made;
      if (transaction !== undefined) return await storeWithin(event, transaction);
      const admitted = admission.enter();
      isPromised = typeof admitted === 'boolean' ? admitted : await admitted;
    } finally {
      checking -= 1;
      if (checking === 0) {
        for (const resolve of onChecked) resolve();
        onChecked = [];
      }
    }
    let deliveries = 0;
    try {
      const stored = await storing.add(event);
      if ('error' in stored) throw stored.error;
      ({ deliveries } = stored.result);
      if (!stored.result.duplicate && notices.heard('event:stored')) {
        notices.tell('event:stored', { event: stored.event, deliveries });
      }
      return stored;
    } finally {
      admission.leave(deliveries, isPromised);
    }
  }

  const watching = plugins.flatMap(({ emitted }) => emitted ?? []);

  /** The same, and tells the plugins how it ended. */
  async function emitWatched(topic: string, input: EmitInput, transaction: unknown): Promise<Kept> {
    const began = monotonicNow();
    let event: StoredEvent | null = null;
    const tell = (ended: Pick<EmittedContext, 'stored' | 'deliveries' | 'duplicate' | 'error'>): void => {
      const durationMs = Math.max(0, monotonicNow() - began);
      const context = { event, ...ended, within: transaction !== undefined, durationMs };
      for (const hook of watching) notices.guard(() => hook(context));
    };
    try {
      const kept = await emitOne(topic, input, transaction, (made) => {
        event = made;
      });
      const { deliveries, duplicate } = kept.result;
      tell({ stored: kept.event, deliveries, duplicate, error: null });
      return kept;
    } catch (error) {
      tell({ stored: null, deliveries: 0, duplicate: false, error });
      throw error;
    }
  }

  return {
    async accept(topic, input, transaction) {
      const kept = await (watching.length > 0 ? emitWatched(topic, input, transaction) : emitOne(topic, input, transaction));
      return kept.result;
    },

    roomMade: () => admission.roomMade(),
    promised: () => admission.promised,

    async idle() {
      if (checking > 0) {
        await new Promise<void>((resolve) => {
          onChecked.push(resolve);
        });
        // The last of them is on its way from here to there.
        await new Promise(setImmediate);
      }
      await storing.idle();
    },
  };
}

/** What an emit came to that was not refused. */
type Kept = Exclude<Stored, { readonly error: Error }>;

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
