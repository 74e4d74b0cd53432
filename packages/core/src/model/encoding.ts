import type { Payload, PayloadValue } from './format.ts';

/** A payload in bytes, less the subscription's number: the same for every subscription of one format and encoding. */
export interface EncodedPayload {
  readonly contentType: string;
  /** The body of the request to a subscription. */
  readonly bodyFor: (subscriptionId: number) => string;
}

/**
 * Writes a payload as a form, the way PHP's `http_build_query` does: `event%5Btype%5D=sub_tag`, a space as `+`, null
 * and missing values empty, booleans as 1 and 0.
 */
export function encodeForm(payload: Payload): EncodedPayload {
  const rest = formFields(payload, '');
  return { contentType: 'application/x-www-form-urlencoded', bodyFor: (id) => `webhook_id=${id}${rest}` };
}

/** Writes a payload as JSON, with the same keys and order as the form; null and missing values are empty strings. */
export function encodeJson(payload: Payload): EncodedPayload {
  const rest = JSON.stringify(payload, (_key, value: PayloadValue) => value ?? '').slice(1);
  return { contentType: 'application/json', bodyFor: (id) => `{"webhook_id":${id}${rest === '}' ? '' : ','}${rest}` };
}

function formFields(fields: Payload, prefix: string): string {
  let text = '';
  for (const [name, value] of Object.entries(fields)) {
    const key = prefix === '' ? formText(name) : `${prefix}%5B${formText(name)}%5D`;
    if (typeof value === 'object' && value !== null) text += formFields(value, key);
    else text += `&${key}=${formValue(value)}`;
  }
  return text;
}

function formValue(value: Exclude<PayloadValue, object> | null): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return formText(value);
  if (typeof value === 'boolean') return value ? '1' : '0';
  return formText(String(value));
}

const plain = /^[A-Za-z0-9_.-]*$/;
const special: Readonly<Record<string, string>> = {
  '%20': '+',
  '!': '%21',
  "'": '%27',
  '(': '%28',
  ')': '%29',
  '*': '%2A',
  '~': '%7E',
};

function formText(text: string): string {
  if (plain.test(text)) return text;
  return encodeURIComponent(text.toWellFormed()).replaceAll(/%20|[!'()*~]/g, (found) => special[found] ?? found);
}
