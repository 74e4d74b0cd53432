import type { Collection } from './collection.ts';
import { malformed, shown } from './refusal.ts';
import type { Call, Reply } from './route.ts';

/**
 * Answers the fields of a kind of record: `GET Webhooks/meta`, `GET WebhookLogs/meta`, under its number (`format=byId`,
 * which is ours when nothing is asked for) or its name (`format=byName`).
 */
export async function meta<Row, Field extends string>(
  { parameters }: Pick<Call, 'parameters'>,
  { objectType, fields }: Collection<Row, Field>,
): Promise<Reply> {
  const format = parameters.text('format') ?? 'byId';
  if (format !== 'byId' && format !== 'byName') {
    throw malformed(`The parameter "format" is ${shown(format)}. Send byId or byName.`);
  }
  const key = format === 'byId' ? String(objectType.id) : objectType.name;
  const described = Object.entries(fields).map(([name, { alias, type }]) => [name, { alias, type }] as const);
  return { data: { [key]: { name: objectType.name, fields: Object.fromEntries(described) } } };
}
