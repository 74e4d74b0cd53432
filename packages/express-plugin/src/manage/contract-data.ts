import type { Encoding } from '@hookwell/core';

/** What a client of the wire contract says in `data`, and what it means to leave it out. */
const standards = { format: 'full', encoding: 'form' } as const;

/**
 * The `data` text with which a client of the wire contract would have asked for the same: that is where such clients look
 * for the format. What else stands in it stays, and a text that is no JSON object stays as it is.
 */
export function contractData(
  data: string,
  wanted: { readonly format?: string | undefined; readonly encoding?: Encoding | undefined },
): string {
  const fields = fieldsOf(data);
  if (fields === null || (wanted.format ?? wanted.encoding) === undefined) return data;
  for (const name of ['format', 'encoding'] as const) {
    const value = wanted[name];
    if (value === standards[name]) delete fields[name];
    else if (value !== undefined) fields[name] = value;
  }
  return Object.keys(fields).length === 0 ? '' : JSON.stringify(fields);
}

function fieldsOf(data: string): Record<string, unknown> | null {
  if (data === '') return {};
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}
