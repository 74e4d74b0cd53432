import { types } from 'node:util';

const maxLength = 80;

/** A value as messages show it: text in quotes, cut to 80 characters. Takes whatever a caller may pass. */
export function shown(value: unknown): string {
  const text = inFull(value);
  return text.length > maxLength ? `${text.slice(0, maxLength - 3)}...` : text;
}

function inFull(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (types.isDate(value) && Number.isNaN(value.getTime())) return 'an invalid date';
  try {
    return JSON.stringify(value) ?? 'an object';
  } catch {
    return 'an object that has no JSON';
  }
}
