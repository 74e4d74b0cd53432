import { types } from 'node:util';
import { HookwellError } from '../errors.ts';
import type { Catalog } from '../model/catalog.ts';
import { findObjectType } from '../model/crm-record.ts';
import { isKeyText, keyTextRule } from '../model/key-text.ts';
import type { FinalOutcome, ReplayFilter } from '../model/replay.ts';
import { shown } from '../model/shown.ts';
import { listed, suggestion } from '../model/suggestion.ts';

/** What an account wants to have sent again. What is left out is not asked for. */
export interface ReplayInput {
  /** Only for this subscription. */
  readonly subscriptionId?: number | undefined;
  /** Only this topic, e.g. `sub_tag(3)`. */
  readonly topic?: string | undefined;
  /** Only about records of this object type, by number or name; goes with `recordId`. */
  readonly objectType?: number | string | undefined;
  /** Only about the record of this id; goes with `objectType`. */
  readonly recordId?: number | string | undefined;
  /**
   * From when on, inclusively: when the last attempt of a delivery began; for what is missing, when its event was stored.
   * Milliseconds since the epoch when a number.
   */
  readonly from?: Date | number | undefined;
  /** Up to when, exclusively; now at the latest. */
  readonly until?: Date | number | undefined;
  /** How a delivery must have ended: `failed` unless told otherwise, and none where only what is missing is asked for. */
  readonly outcomes?: readonly FinalOutcome[] | undefined;
  /** Whether to send stored events, too, that a subscription to their topic has no delivery and no line of the log of. */
  readonly missing?: boolean | undefined;
}

const names = [
  'subscriptionId',
  'topic',
  'objectType',
  'recordId',
  'from',
  'until',
  'outcomes',
  'missing',
] as const satisfies readonly (keyof ReplayInput)[];
const outcomes = ['delivered', 'failed', 'cancelled'] as const satisfies readonly FinalOutcome[];

/**
 * The filter that an account asks for, in full.
 *
 * @throws {HookwellError} `invalid_input`, `unknown_object_type`
 */
export function checkReplay(given: ReplayInput, catalog: Catalog): ReplayFilter {
  if (typeof given !== 'object' || given === null)
    throw refused('filter', given, 'pass an object, such as {outcomes: ["failed"]}');
  for (const name of Object.keys(given)) {
    if ((names as readonly string[]).includes(name)) continue;
    const known = `${suggestion(name, names)} Taken here: ${listed(names)}.`;
    throw new HookwellError('invalid_input', `A replay goes by no "${name}"${known}`, { value: name });
  }
  const { subscriptionId = null, topic = null, missing = false } = given;
  if (subscriptionId !== null && !Number.isSafeInteger(subscriptionId)) {
    throw refused('subscriptionId', subscriptionId, 'pass a whole number');
  }
  if (topic !== null && !isKeyText(topic)) throw refused('topic', topic, `pass ${keyTextRule}`);
  if (typeof missing !== 'boolean') throw refused('missing', missing, 'pass true or false');
  const [from, until] = [timeOf('from', given.from) ?? 0, timeOf('until', given.until)];
  if (until !== null && until <= from) throw refused('until', given.until, 'pass a time after "from"');
  const wanted = given.outcomes ?? (missing ? [] : ['failed']);
  checkOutcomes(wanted);
  if (wanted.length === 0 && !missing) {
    throw refused('outcomes', wanted, `name some of ${listed(outcomes)}, or ask for what is missing with {missing: true}`);
  }
  return { subscriptionId, topic, record: recordOf(given, catalog), from, until, outcomes: [...new Set(wanted)], missing };
}

function checkOutcomes(given: unknown): asserts given is readonly FinalOutcome[] {
  if (Array.isArray(given) && given.every((outcome) => (outcomes as readonly unknown[]).includes(outcome))) return;
  throw refused('outcomes', given, `pass a list of some of ${listed(outcomes)}`);
}

function recordOf({ objectType, recordId }: ReplayInput, catalog: Catalog): ReplayFilter['record'] {
  if (objectType === undefined && recordId === undefined) return null;
  if (objectType === undefined || recordId === undefined) {
    throw refused('recordId', recordId, 'a record is named by both its "objectType" and its "recordId"');
  }
  if (!Number.isSafeInteger(recordId) && !isKeyText(recordId)) {
    throw refused('recordId', recordId, `pass a whole number, or ${keyTextRule}`);
  }
  return { objectType: findObjectType(catalog, objectType).id, id: String(recordId) };
}

function timeOf(name: 'from' | 'until', given: unknown): number | null {
  if (given === undefined) return null;
  const time = types.isDate(given) ? given.getTime() : given;
  if (typeof time === 'number' && Number.isFinite(time) && time >= 0 && time <= 8.64e15) return Math.floor(time);
  throw refused(name, given, 'pass a valid Date or milliseconds since the epoch');
}

function refused(name: string, value: unknown, rule: string): HookwellError {
  return new HookwellError('invalid_input', `Invalid ${name} ${shown(value)} of a replay: ${rule}.`, { value });
}
