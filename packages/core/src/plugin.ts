import type { EventEmitter } from 'eventemitter3';
import type { EngineEvents } from './engine-events.ts';
import { HookwellError } from './errors.ts';
import { inTime } from './in-time.ts';
import type { AccountId } from './model/account.ts';
import type { Catalog, EventType, ObjectType } from './model/catalog.ts';
import type { CrmRecord, FieldInput } from './model/crm-record.ts';
import type { StoredEvent } from './model/event.ts';
import type { Payload } from './model/format.ts';
import type { LaneState } from './model/lane-state.ts';
import type { Outcome } from './model/outcome.ts';
import type { SmallTexts } from './model/small-texts.ts';
import type { NewSubscription, Subscription } from './model/subscription.ts';
import type { TransportResult } from './model/transport-result.ts';

/** An event as a plugin emits it: part of what `engine.emit` takes. */
export interface PluginEvent {
  readonly accountId: AccountId;
  /** The number or the name of the record's object type. */
  readonly objectType: number | string;
  /** The record that it is about; it needs an `id`, and fields that it leaves out are sent empty. */
  readonly record: Readonly<Record<string, FieldInput>>;
  /** When it happened, in milliseconds since the epoch; now by default. */
  readonly occurredAt?: number | undefined;
  /** A second event of the account with the same key is not stored again. At most 200 characters. */
  readonly idempotencyKey?: string | undefined;
}

/** What became of it. */
export interface PluginEmitResult {
  readonly id: string;
  /** How many subscriptions get it. */
  readonly deliveries: number;
  /** Whether an earlier event with the same idempotency key stands for it. */
  readonly duplicate: boolean;
}

/** What a `start` hook is given of its engine: what the host has of it too. */
export interface PluginContext {
  /** The engine's clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** The events and object types of the CRM: `engine.catalog`. */
  readonly catalog: Catalog;
  /** What it tells, by name: `engine.events`. */
  readonly events: EventEmitter<EngineEvents>;
  /** The lanes that have something in this process's memory now: `engine.lanes`. */
  readonly lanes: { readonly list: () => readonly LaneState[] };
  /** Reports trouble of the plugin's own that must stop nothing, as `error` on `engine.events`. */
  readonly report: (error: unknown) => void;
  /**
   * Emits an event of the plugin's own, as `engine.emit` does; from `start` on until all plugins have been stopped.
   * @throws {HookwellError} what `engine.emit` throws
   */
  readonly emit: (topic: string, event: PluginEvent) => Promise<PluginEmitResult>;
  /** Tells something on `engine.events`, by one of its names: a listener that throws keeps it from nobody. */
  readonly tell: <Name extends keyof EngineEvents>(name: Name, ...notice: Parameters<EngineEvents[Name]>) => void;
}

/** What an `emitted` hook is told, once a call of emit has ended either way. */
export interface EmittedContext {
  /** What was to be stored, with the id that the `emit` hooks saw; null when it was refused before there was an event. */
  readonly event: StoredEvent | null;
  /** What is stored: another event for a duplicate; null when nothing is. */
  readonly stored: StoredEvent | null;
  readonly deliveries: number;
  readonly duplicate: boolean;
  /** What the caller was told instead of a result; null when there is a result. */
  readonly error: unknown;
  /** Whether it is part of a transaction of the host's, which may still be rolled back. */
  readonly within: boolean;
  readonly durationMs: number;
}

/** What a `compose` hook is told: nothing about one subscription, because what it answers is shared by all that may see the same. */
export interface ComposeContext {
  readonly event: StoredEvent;
  readonly eventType: EventType;
  readonly objectType: ObjectType;
  readonly format: string;
}

/** A body that a `compose` hook wrote itself, instead of a payload to be encoded. */
export interface ComposedBody {
  /** E.g. `application/cloudevents+json`. */
  readonly contentType: string;
  readonly body: string;
}

/** What a `request` hook is told about the attempt whose headers it may add to. */
export interface RequestContext {
  readonly deliveryId: string;
  readonly subscription: Subscription;
  readonly event: StoredEvent;
  /** 1 for the first attempt of its delivery. */
  readonly attempt: number;
  readonly body: string;
  /** When the attempt begins, in milliseconds since the epoch. */
  readonly startedAt: number;
}

/** What an `outcome` hook is told, after the outcome was decided and before it is stored. */
export interface OutcomeContext {
  readonly subscription: Subscription;
  readonly event: StoredEvent | null;
  readonly outcome: Outcome;
  readonly result: TransportResult | null;
}

/** What a hook has to add; nothing, as most. */
export type Addition = SmallTexts | undefined | void;

/**
 * Checks the text of an attribute that the host gives a subscription: throws for one that cannot be taken.
 *
 * @param subscription as it is to be, this text included
 */
export type AttributeCheck = (text: string, subscription: NewSubscription) => void | Promise<void>;

/**
 * An addition to the engine: hooks named for the stages, run in the order in which the plugins were given. A hook that
 * throws in `subscribe`, `emit` or `match` refuses what was asked for with that error; one that throws in `compose` or
 * `request` fails the attempt (`internal_error` after three); one that throws in `start` makes `engine.start` reject
 * with it. In `emitted`, `outcome` and `stop` it is reported on `engine.events` as `error` and changes nothing. Where a
 * hook may wait, one that has not answered within the option `hookTimeoutMs` is taken to have thrown `plugin_failed`.
 */
export interface Plugin {
  readonly name: string;
  /** Formats that its `compose` hook provides, so that subscriptions may name them. */
  readonly formats?: readonly string[];
  /**
   * Attributes of a subscription that the host may give it, by name, each with what checks its text: when a subscription is
   * made, when the text changes, and when its topic does.
   */
  readonly attributes?: Readonly<Record<string, AttributeCheck>>;
  /** Runs when the engine starts, before anything is claimed. */
  readonly start?: (context: PluginContext) => void | Promise<void>;
  /**
   * May refuse a subscription that is to be made or changed, by throwing, and may answer attributes to keep with a new one:
   * texts by name, added to those of the plugins before, of 4,096 characters in all. They are no secret from who can read the
   * database.
   *
   * @param subscription as it is to be
   * @param before as it is, where it is changed; null for a new one
   */
  readonly subscribe?: (subscription: NewSubscription, before: Subscription | null) => Addition | Promise<Addition>;
  /**
   * May refuse an event that is to be stored, by throwing, and may answer metadata to keep beside it: texts by name, added
   * to those of the plugins before, of 4,096 characters in all. No payload has them. Names that begin with `hookwell:` are refused.
   */
  readonly emit?: (event: StoredEvent) => Addition | Promise<Addition>;
  /** Sees how each call of emit ended, that of an event which another plugin refused included; not waited for. */
  readonly emitted?: (context: EmittedContext) => void;
  /** Answers which of the matching subscriptions get the event: all, some or none of those that it is given. */
  readonly match?: (
    event: StoredEvent,
    subscriptions: readonly Subscription[],
  ) => readonly Subscription[] | Promise<readonly Subscription[]>;
  /**
   * Answers the fields of a record that a subscription may see, or undefined for all of them: payloads have the others empty,
   * in every format, and `compose` and `request` see them so. Where several plugins have it, what all of them let through. The
   * `id` is always seen. Synchronous: it runs for every attempt.
   */
  readonly fields?: (subscription: Subscription, record: CrmRecord, event: StoredEvent) => readonly string[] | undefined;
  /** Answers another payload, a body of its own, or undefined to leave the payload as it is. */
  readonly compose?: (payload: Payload, context: ComposeContext) => Payload | ComposedBody | undefined;
  /**
   * Answers headers to add, as names and values in turn, in printable ASCII of at most 4,096 characters each.
   * Synchronous: it runs for every attempt.
   */
  readonly request?: (context: RequestContext) => readonly string[];
  /** Sees every outcome. */
  readonly outcome?: (context: OutcomeContext) => void;
  /** Runs when the engine has stopped claiming and everything in flight has ended. */
  readonly stop?: () => void | Promise<void>;
}

/**
 * What a hook answered that has to answer at once.
 *
 * @throws {Error} when it answered a promise, whose rejection must not end the process
 */
export function answeredAtOnce<Answer>(
  plugin: Pick<Plugin, 'name'>,
  hook: 'fields' | 'compose' | 'request',
  answer: Answer,
): Answer {
  if (!(answer instanceof Promise)) return answer;
  answer.catch(() => undefined);
  throw new Error(`the ${hook} hook of the plugin "${plugin.name}" answered a promise; it must answer at once`);
}

/**
 * What a hook that may wait has answered.
 *
 * @throws {HookwellError} `plugin_failed` when it has not within so many milliseconds; what it does later on is nobody's concern
 */
export async function answeredInTime<Answer>(
  plugin: Pick<Plugin, 'name'>,
  hook: string,
  answer: Answer | Promise<Answer>,
  timeoutMs: number,
): Promise<Answer> {
  return inTime(answer, timeoutMs, () => {
    const told = `The ${hook} hook of the plugin "${plugin.name}" has not answered within ${timeoutMs} ms`;
    return new HookwellError('plugin_failed', `${told}; make it answer sooner, or raise the option "hookTimeoutMs".`);
  });
}
