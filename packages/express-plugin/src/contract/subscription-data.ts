import type { Encoding } from '@hookwell/core';
import { checkStructure, parameterBounds } from './bounds.ts';
import { checkNamesOnce } from './check-names-once.ts';
import { Unusable } from './parameters.ts';
import { malformed, shown } from './refusal.ts';

/** What a client says about the payloads that it wants. */
export interface SubscriptionData {
  /** As it was sent, or as JSON when it was sent as fields; undefined when nothing was sent. */
  readonly text: string | undefined;
  readonly format: string | undefined;
  /** Ours: the contract knows forms only. */
  readonly encoding: Encoding | undefined;
}

/**
 * Reads the parameter `data`: JSON text, a JSON object or bracketed form fields, `{"format":"lightweight"}`. Other keys
 * in it are ignored. Which formats and encodings there are is the engine's to say.
 *
 * @throws {Refusal} when it is no JSON object, or a format or encoding in it is no text
 */
export function readSubscriptionData(given: string | Readonly<Record<string, unknown>> | undefined): SubscriptionData {
  if (given === undefined) return { text: undefined, format: undefined, encoding: undefined };
  const fields = typeof given === 'string' ? parse(given) : given;
  return {
    text: typeof given === 'string' ? given : textOf(given),
    format: textIn(fields, 'format'),
    encoding: textIn(fields, 'encoding') as Encoding | undefined,
  };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What is no JSON is no object either.
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw malformed(`The parameter "data" is ${shown(text)}. Send a JSON object, such as {"format":"lightweight"}.`);
  }
  // One level of the parameters' is its own name.
  checkStructure(value, { ...parameterBounds, depth: parameterBounds.depth - 1 }, 'The parameter "data"');
  checkNamesOnce(text, 'The parameter "data"');
  return value as Readonly<Record<string, unknown>>;
}

function textOf(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(fields, (name, value: unknown) => {
    if (value instanceof Unusable) throw malformed(`The parameter "data[${name}]" is ${value.what}. Send one text.`);
    return value;
  });
}

function textIn(fields: Readonly<Record<string, unknown>>, name: 'format' | 'encoding'): string | undefined {
  const value = fields[name] ?? null;
  if (value === null || typeof value === 'string') return value ?? undefined;
  throw malformed(`The ${name} in "data" is ${shown(value)}. Send a text.`);
}
