import type { CrmRecord, FieldValue } from './crm-record.ts';
import type { ObjectType } from './catalog.ts';

/**
 * A made-up record that shows what payloads look like: id 0, which no record has, and words in the fields of the lightweight
 * format. All other fields are empty.
 */
export function testRecord(objectType: ObjectType): CrmRecord {
  const record: Record<string, FieldValue> = { ...objectType.blank };
  for (const field of objectType.lightweight) {
    record[field] = /email/i.test(field) ? 'test@example.com' : `Test ${field}`;
  }
  return { ...record, id: 0 };
}
