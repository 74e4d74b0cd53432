import { normaliseRecord, type CrmRecord } from './crm-record.ts';
import type { ObjectType } from './catalog.ts';
import type { StoredEvent } from './event.ts';
import type { SmallTexts } from './small-texts.ts';

/** What becomes of an event of which only the record's id is stored: with its record; or why there is none. */
export type LateRecord =
  | { readonly event: StoredEvent }
  | {
      /** Whether there is no such record any more, or nobody knows: it could not be loaded, or need not be because the event has expired. */
      readonly missing: 'gone' | 'failed' | 'expired';
      /** In words, for the log. */
      readonly reason: string;
    };

/** By what name it is kept beside an event that its record is not stored whole. */
export const recordName = 'hookwell:record';

/** What is kept beside an event whose record is loaded when it is sent. */
export const lateMetadata: SmallTexts = Object.freeze({ [recordName]: 'late' });

/** Whether an event's record has an id and nothing else: because it is loaded when it is sent, or no longer kept. */
export function isLate({ metadata }: Pick<StoredEvent, 'metadata'>): boolean {
  return metadata[recordName] !== undefined;
}

/**
 * What is stored of a record that is loaded later.
 *
 * @throws {HookwellError} `invalid_record` when the id is none
 */
export function lateRecord(id: string | number | bigint, objectType: ObjectType): CrmRecord {
  return { id: normaliseRecord({ id }, objectType)['id'] as string | number };
}
