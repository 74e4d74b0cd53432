import { HookwellError } from '../errors.ts';
import { checkAccountId, type AccountId } from '../model/account.ts';
import type { Catalog } from '../model/catalog.ts';
import { findObjectType, normaliseRecord, type FieldInput } from '../model/crm-record.ts';
import type { StoredEvent } from '../model/event.ts';
import { timesMetadata } from '../model/event-times.ts';
import { lateMetadata, lateRecord } from '../model/late-record.ts';
import { isKeyText, keyTextRule } from '../model/key-text.ts';
import { shown } from '../model/shown.ts';
import { addTexts, type SmallTexts } from '../model/small-texts.ts';
import { parseTopic } from '../model/topic.ts';
import { answeredInTime, type Plugin } from '../plugin.ts';
import { checkTimes, instantOf } from './check-times.ts';

/** What a host tells about an event: with the record that fired it, or with the id of that. */
export type EmitInput = EmitBase & (WholeRecord | LateRecordId);

interface WholeRecord {
  /** The record that fired it; it needs an `id`, and fields that it leaves out are sent empty. */
  readonly record: Readonly<Record<string, FieldInput>>;
  readonly recordId?: undefined;
}

interface LateRecordId {
  /** The id of the record that fired it: `loadRecords` is asked for the record when it is sent. */
  readonly recordId: string | number | bigint;
  readonly record?: undefined;
}

interface EmitBase {
  readonly accountId: AccountId;
  /** The number or the name of the record's object type: `0` or `'Contact'`. */
  readonly objectType: number | string;
  /** When it happened; now by default. Milliseconds since the epoch when a number. */
  readonly occurredAt?: Date | number | undefined;
  /** The host's own key: a second event of the account with the same key is not stored again. At most 200 characters. */
  readonly idempotencyKey?: string | undefined;
  /**
   * Not to be sent before then: at most 365 days ahead, and at once when it is past. Milliseconds since the epoch when a
   * number.
   */
  readonly deliverAt?: Date | number | undefined;
  /**
   * Not to be sent from then on: a delivery that still waits is cancelled when its turn comes, and one whose next attempt
   * would come too late fails. Later than now and than `deliverAt`. Milliseconds since the epoch when a number.
   */
  readonly expiresAt?: Date | number | undefined;
}

/** What became of an emitted event. */
export interface EmitResult {
  /** The event's id; the earlier one's when its idempotency key was used before. */
  readonly id: string;
  /** How many subscriptions get it, those included that are sent a later event of its record in its place; 0 for a duplicate. */
  readonly deliveries: number;
  /** Whether an earlier event with the same idempotency key stands for it. */
  readonly duplicate: boolean;
}

/** What `emit` works with. */
export interface EmitContext {
  readonly catalog: Catalog;
  /** Those with an emit hook. */
  readonly plugins: readonly Pick<Plugin, 'name' | 'emit'>[];
  /** How long a hook may take. */
  readonly hookTimeoutMs: number;
  /** Whether records can be loaded when they are sent. */
  readonly loadsRecords: boolean;
  readonly now: () => number;
  readonly newId: () => string;
}

/** Is told of an event as soon as there is one, before a plugin can refuse it, and again with what a plugin adds to it. */
export type OnMade = (event: StoredEvent) => void;

/**
 * Turns what a host tells into an event that can be stored, checked against the catalog and by the plugins; at once where no
 * plugin has a say in it.
 *
 * @throws {HookwellError} `invalid_topic`, `unknown_event`, `unknown_object_type`, `invalid_record`, `invalid_input`
 */
export function emit(topic: string, input: EmitInput, context: EmitContext, onMade?: OnMade): StoredEvent | Promise<StoredEvent> {
  const event = makeEvent(topic, input, context);
  onMade?.(event);
  return context.plugins.length === 0 ? event : askPlugins(event, context, onMade);
}

async function askPlugins(made: StoredEvent, context: EmitContext, onMade?: OnMade): Promise<StoredEvent> {
  let event = made;
  for (const plugin of context.plugins) {
    const added = await answeredInTime(plugin, 'emit', plugin.emit?.(event), context.hookTimeoutMs);
    if (added === undefined) continue;
    event = withMetadata(event, added, plugin.name);
    onMade?.(event);
  }
  return event;
}

function withMetadata(event: StoredEvent, added: unknown, plugin: string): StoredEvent {
  return { ...event, metadata: addTexts(event.metadata, added, `the emit hook of the plugin "${plugin}"`) };
}

function makeEvent(topic: string, input: EmitInput, context: EmitContext): StoredEvent {
  if (typeof input !== 'object' || input === null) {
    throw new HookwellError('invalid_input', 'emit takes a topic and {accountId, objectType, record}; the second is missing.', {
      value: input,
    });
  }
  const accountId = checkAccountId(input.accountId);
  const { eventType, target } = parseTopic(topic, context.catalog);
  const objectType = findObjectType(context.catalog, input.objectType);
  if (eventType.parameter === null && target !== objectType.id) {
    throw new HookwellError(
      'invalid_record',
      `The topic "${topic}" is about object type ${target}, but the record is a ${objectType.name} (${objectType.id}); make them agree.`,
      { value: input.objectType },
    );
  }
  const isWhole = hasWholeRecord(input, context.loadsRecords);
  const times = checkTimes(input, context.now);
  const metadata: SmallTexts = isWhole ? {} : lateMetadata;
  return {
    id: context.newId(),
    accountId,
    topic,
    objectType: objectType.id,
    record: isWhole ? normaliseRecord(input.record, objectType) : lateRecord(input.recordId, objectType),
    occurredAt: input.occurredAt === undefined ? context.now() : instantOf('occurredAt', input.occurredAt),
    idempotencyKey: checkKey(input.idempotencyKey),
    metadata: times === null ? metadata : { ...metadata, ...timesMetadata(times) },
  };
}

/** @throws {HookwellError} `invalid_input` when there is both a record and the id of one, or nobody to load it */
function hasWholeRecord(input: EmitInput, loadsRecords: boolean): input is EmitBase & WholeRecord {
  if (input.recordId === undefined) return true;
  if (input.record === undefined && loadsRecords) return false;
  const problem =
    input.record === undefined
      ? 'recordId needs the option "loadRecords" of createEngine, which loads the record; give that, or the record'
      : 'emit takes a record or a recordId, and got both; leave one of them out';
  throw new HookwellError('invalid_input', `${problem}.`, { value: input.recordId });
}

function checkKey(key: string | undefined): string | null {
  if (key === undefined) return null;
  if (isKeyText(key)) return key;
  throw new HookwellError('invalid_input', `Invalid idempotencyKey ${shown(key)}: pass ${keyTextRule}.`, {
    value: key,
  });
}
