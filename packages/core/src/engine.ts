import type { EventEmitter } from 'eventemitter3';
import type { EmitInput, EmitResult } from './accept/emit.ts';
import type { EngineEvents } from './engine-events.ts';
import type { Deliveries } from './manage/deliveries.ts';
import type { Subscriptions } from './manage/subscriptions.ts';
import type { Catalog } from './model/catalog.ts';
import type { Topic } from './model/topic.ts';
import { EngineOptionsSchema, resolveOptions, type EngineOptions, type OptionsInput } from './options.ts';

/** The options of {@link createEngine} as a host writes them. */
export type EngineOptionsInput<EventName extends string = string> = Omit<
  OptionsInput<EngineOptions, 'storage' | 'transports' | 'catalog'>,
  'catalog'
> & { readonly catalog: Catalog<EventName> };

/** Counts of one round of {@link Engine.deliverDue}. */
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
  /**
   * Opens the storage and the transports and begins to deliver. With `deliver: false` it only accepts events; another
   * process, or {@link Engine.deliverDue}, delivers them. A second call changes nothing.
   */
  readonly start: (options?: { readonly deliver?: boolean }) => Promise<void>;
  /**
   * Stores an event of the CRM and a delivery for each subscription to it; resolves when they are durable.
   * @throws {HookwellError} `invalid_topic`, `unknown_event`, `unknown_object_type`, `invalid_record`, `invalid_input`,
   * `idempotency_conflict`, `overloaded`, `not_running`, `storage_failed`. Nothing is stored then.
   */
  readonly emit: (topic: Topic<EventName>, input: EmitInput) => Promise<EmitResult>;
  /** Delivers all that is due now and waits for its outcomes: for tests, and for hosts that deliver from cron. */
  readonly deliverDue: () => Promise<RoundResult>;
  /**
   * Stops claiming, waits for requests in flight, hands unsent claims back, and closes storage and transports. A second
   * call waits for the first.
   */
  readonly stop: () => Promise<void>;
}

export function createEngine<EventName extends string>(options: EngineOptionsInput<EventName>): Engine<EventName> {
  resolveOptions(EngineOptionsSchema, options, 'createEngine');
  throw new Error('being written');
}
