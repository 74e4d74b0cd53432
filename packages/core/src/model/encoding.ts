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
  const rest = JSON.stringify(filled({ ...payload })).slice(1);
  return { contentType: 'application/json', bodyFor: (id) => `{"webhook_id":${id}${rest === '}' ? '' : ','}${rest}` };
}

/**
 * The same with empty strings for null and missing values, and itself where there are none of them; a replacer of
 * `JSON.stringify` would take far longer.
 */
function filled(fields: Payload): Payload {
  let copy: Record<string, PayloadValue> | undefined;
  for (const name in fields) {
    const value = fields[name];
    const sent = value === null || value === undefined ? '' : isFields(value) ? filled(value) : value;
    if (sent === value) continue;
    copy ??= { ...fields };
    copy[name] = sent;
  }
  return copy ?? fields;
}

/** Whether a value has fields, and not a way of its own to be written as JSON. */
function isFields(value: PayloadValue): value is Payload {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
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

const kept = /[A-Za-z0-9_.-]/;

/** What each ASCII character is written as, and nothing for those that stay as they are. */
const escapes: readonly string[] = Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCodePoint(code);
  if (kept.test(character)) return '';
  return character === ' ' ? '+' : `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
});

/** Character by character, as far as a text is ASCII: that is most of what is sent, and five times as fast. */
function formText(text: string): string {
  let written = '';
  let end = 0;
  for (let at = 0; at < text.length; at += 1) {
    const escape = escapes[text.charCodeAt(at)];
    if (escape === undefined) return anyFormText(text);
    if (escape !== '') {
      written += text.slice(end, at) + escape;
      end = at + 1;
    }
  }
  return end === 0 ? text : written + text.slice(end);
}

function anyFormText(text: string): string {
  return encodeURIComponent(text.toWellFormed()).replaceAll(/%20|[!'()*~]/g, (found) =>
    found === '%20' ? '+' : (escapes[found.charCodeAt(0)] ?? found),
  );
}
