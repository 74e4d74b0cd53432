import { goneMetadata } from '@hookwell/core';
import { sql, type RawBuilder } from 'kysely';

const [[name, text] = ['', '']] = Object.entries(goneMetadata);

/** The path of the mark of an event whose record is no longer kept, in its metadata. */
export const recordPath = `$."${name}"`;
/** What the mark says then. */
export const goneText = text;

/** Whether an event's record is still kept. */
export function keptRecord(event: string): string {
  return `json_extract(${event}.metadata, '${recordPath}') is not '${goneText}'`;
}

/** The same for a statement of Kysely. */
export function isKept(event: string): RawBuilder<boolean> {
  return sql<boolean>`${sql.raw(keptRecord(event))}`;
}
