import type { StoredEvent } from './event.ts';
import { recordName } from './late-record.ts';
import type { SmallTexts } from './small-texts.ts';

const gone = 'gone';

/** What is kept beside an event of whose record only the id is kept any more. */
export const goneMetadata: SmallTexts = Object.freeze({ [recordName]: gone });

/** Whether only the id of an event's record is kept any more: it can be listed, and is never sent again. */
export function lacksRecord({ metadata }: Pick<StoredEvent, 'metadata'>): boolean {
  return metadata[recordName] === gone;
}

/** The event as it is once its record is no longer kept. One whose record is loaded when it is sent has none to lose. */
export function withoutRecord(event: StoredEvent): StoredEvent {
  if (event.metadata[recordName] !== undefined) return event;
  return { ...event, record: { id: event.record['id'] ?? null }, metadata: { ...event.metadata, ...goneMetadata } };
}
