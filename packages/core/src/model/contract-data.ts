import type { Subscription } from './subscription.ts';

/**
 * The `data` text of the wire contract, once its subscription's format or encoding is another: what else is in it stays, and
 * what is the default is left out. A text that is no JSON object gives way.
 */
export function dataSaying(data: string, { format, encoding }: Pick<Subscription, 'format' | 'encoding'>): string {
  const { format: _format, encoding: _encoding, ...others } = fieldsOf(data);
  const fields = {
    ...(format === 'full' ? {} : { format }),
    ...(encoding === 'form' ? {} : { encoding }),
    ...others,
  };
  return Object.keys(fields).length === 0 ? '' : JSON.stringify(fields);
}

function fieldsOf(data: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
