import { goneMetadata } from '@hookwell/core';

const [[name, text] = ['', '']] = Object.entries(goneMetadata);

/** By what name an event's metadata says that its record is no longer kept. */
export const recordName = name;
/** What it says then. */
export const goneText = text;

/** Whether an event's record is still kept. */
export function keptRecord(event: string): string {
  return `${event}.metadata::json ->> '${recordName}' is distinct from '${goneText}'`;
}
