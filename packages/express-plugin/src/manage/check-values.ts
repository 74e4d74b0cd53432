import { listed, suggestion } from '@hookwell/core';
import type { TObject, TSchema } from 'typebox';
import Value from 'typebox/value';
import { shown } from '../contract/refusal.ts';
import { Problem, type ProblemCode } from './problem.ts';

/** What the values are, for messages. */
export interface Kind {
  readonly code: Extract<ProblemCode, 'invalid_parameter' | 'invalid_body'>;
  /** What one of them is called. */
  readonly noun: 'parameter' | 'member';
}

/**
 * Checks named values against a schema whose members are scalars, lists of them and secrets, and fills its defaults in.
 *
 * @throws {Problem} naming the first that is unknown, missing or wrong, and what would be right
 */
export function checkValues(schema: TObject, given: Readonly<Record<string, unknown>>, kind: Kind): Record<string, unknown> {
  const members = schema.properties as Readonly<Record<string, TSchema & Rules>>;
  const known = Object.keys(members);
  for (const name of Object.keys(given)) {
    if (known.includes(name)) continue;
    const others = known.length === 0 ? 'None is taken here.' : `Taken here: ${listed(known)}.`;
    throw wrong(kind, name, `There is no ${kind.noun} ${shown(name)} here${suggestion(name, known)} ${others}`);
  }
  const values: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(members)) {
    const value = given[name] === null && takesNull(member) ? null : (given[name] ?? member.default);
    if (value === undefined) {
      if (!schema.required?.includes(name)) continue;
      throw wrong(kind, name, `The ${kind.noun} "${name}" is missing. ${ruleOf(member)}`);
    }
    if (!Value.Check(member, value) || !isReadable(member, value)) {
      const is = member.writeOnly ? 'cannot be used' : `is ${shown(value)}`;
      throw wrong(kind, name, `The ${kind.noun} "${name}" ${is}. ${ruleOf(member)}`);
    }
    values[name] = value;
  }
  const { minProperties = 0 } = schema as { readonly minProperties?: number };
  if (Object.keys(values).length < minProperties) {
    throw new Problem(kind.code, `There is nothing in it. Send at least one of ${listed(known)}.`);
  }
  return values;
}

/** The keywords that the rules are put into words from. */
interface Rules {
  /** Whether it is a secret, which no message shows. */
  readonly writeOnly?: boolean;
  readonly description?: string;
  readonly default?: unknown;
  readonly type?: string;
  readonly anyOf?: readonly { readonly type?: string; readonly patternProperties?: object }[];
  readonly patternProperties?: object;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly items?: TSchema & Rules;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
}

function takesNull({ anyOf }: Rules): boolean {
  return anyOf?.some(({ type }) => type === 'null') ?? false;
}

/** Whether a member may have names of any kind, nested deeper than other values. */
export function isNested({ patternProperties, anyOf = [] }: Pick<Rules, 'patternProperties' | 'anyOf'>): boolean {
  return [{ patternProperties }, ...anyOf].some((one) => one.patternProperties !== undefined);
}

/** What no schema says: a time that there is, and texts that every storage can be asked for. */
function isReadable(member: Rules, value: unknown): boolean {
  if (typeof value !== 'string') return true;
  if (member.format === 'date-time') return !Number.isNaN(Date.parse(value));
  return !value.includes('\0') && value.isWellFormed();
}

/** What would be right, in a sentence. */
function ruleOf(member: Rules): string {
  if (member.writeOnly) return `Send it as it is documented: ${member.description ?? ''}`;
  const { type, enum: choices, format, items, minimum = 0, maximum, minLength = 0, maxLength } = member;
  if (choices) return `Send one of ${listed(choices)}.`;
  if (items?.enum) return `Send one or more of ${listed(items.enum)}, each once, with commas between.`;
  if (format === 'date-time') return 'Send a time with its zone, such as 2026-01-15T12:00:00Z.';
  if (isNested(member)) return 'Send a JSON object.';
  if (type === 'integer') return `Send a whole number from ${minimum}${maximum === undefined ? ' up' : ` to ${maximum}`}.`;
  return `Send a text of ${minLength}${maxLength === undefined ? ' characters or more' : ` to ${maxLength} characters`}.`;
}

function wrong({ code }: Kind, part: string, detail: string): Problem {
  return new Problem(code, detail, { part });
}
