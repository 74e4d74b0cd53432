import type { ObjectType, EventType } from './catalog.ts';
import type { CrmRecord, FieldValue } from './crm-record.ts';
import type { StoredEvent } from './event.ts';

/** A value of a payload. */
export type PayloadValue = FieldValue | { readonly [key: string]: PayloadValue };

/** A payload before it is encoded; its keys go out in this order, behind `webhook_id`. */
export type Payload = Readonly<Record<string, PayloadValue>>;

/** The payload of an event in one of the built-in formats; any other format starts from the full one. */
export function formatPayload(
  event: StoredEvent,
  target: number,
  eventType: EventType,
  objectType: ObjectType,
  format: string,
): Payload {
  return {
    object_type_id: event.objectType,
    event: eventType.parameter === null ? { type: eventType.name } : { type: eventType.name, [eventType.parameter]: target },
    data: dataOf(event.record, objectType, format),
    timestamp: Math.floor(event.occurredAt / 1_000),
  };
}

function dataOf(record: CrmRecord, objectType: ObjectType, format: string): CrmRecord {
  if (format === 'notify') return pick(record, ['id'], {});
  if (format === 'lightweight') return pick(record, objectType.lightweight, {});
  // As it was stored, unless the catalog has changed since.
  return hasFields(record, objectType.fields) ? record : pick(record, objectType.fields, { ...objectType.blank });
}

/** Whether a record has these fields and no others, in this order. */
function hasFields(record: CrmRecord, fields: readonly string[]): boolean {
  let index = 0;
  for (const name in record) {
    if (name !== fields[index]) return false;
    index += 1;
  }
  return index === fields.length;
}

function pick(record: CrmRecord, fields: readonly string[], picked: Record<string, FieldValue>): CrmRecord {
  // Not for … of, which makes an object for each step where the array is frozen.
  for (let index = 0; index < fields.length; index += 1) {
    const field = fields[index] as string;
    picked[field] = record[field] ?? null;
  }
  return picked;
}
