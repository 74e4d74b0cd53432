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
    data: pick(
      event.record,
      format === 'notify' ? ['id'] : format === 'lightweight' ? objectType.lightweight : objectType.fields,
    ),
    timestamp: Math.floor(event.occurredAt / 1_000),
  };
}

function pick(record: CrmRecord, fields: readonly string[]): CrmRecord {
  const picked: Record<string, FieldValue> = {};
  for (const field of fields) picked[field] = record[field] ?? null;
  return picked;
}
