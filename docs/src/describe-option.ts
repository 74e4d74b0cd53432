import { inWords } from '@hookwell/core';

/** What JSON Schema says of an option, as far as options use it. */
export interface OptionSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly OptionSchema[];
  readonly items?: OptionSchema;
  readonly properties?: Readonly<Record<string, OptionSchema>>;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly description?: string;
}

/**
 * An option's type and bounds in words: `a whole number of milliseconds from 1000 (1 second) to 3600000 (1 hour)`.
 *
 * @param name its own name, whose ending says that it is a time
 * @throws {Error} when the schema says too little, so that somebody has to write the words
 */
export function typeInWords(name: string, schema: OptionSchema): string {
  const isTime = name.endsWith('Ms');
  if (schema.anyOf) return schema.anyOf.map((one) => typeInWords(name, one)).join(' or ');
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  switch (schema.type) {
    case 'integer':
      return `a whole number${isTime ? ' of milliseconds' : ''}${bounds(schema, isTime)}`;
    case 'number':
      return `a number${bounds(schema, isTime)}`;
    case 'boolean':
      return '`true` or `false`';
    case 'string':
      return `${schema.minLength === 1 ? 'a text that is not empty' : 'a text'}${schema.pattern ? ` that matches \`${schema.pattern}\`` : ''}`;
    case 'array':
      if (schema.items) return `a list${itemBounds(schema)}, each ${typeInWords(name, schema.items)}`;
      break;
    default:
  }
  throw new Error(`The schema does not say what the option "${name}" is: add it to "types" in docs/src/option-owners.ts.`);
}

/** A value for people: a time with its unit beside the milliseconds, a list item by item. */
export function valueInWords(name: string, value: unknown): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return 'an empty list';
    if (name.endsWith('Ms')) return `\`[${value.join(', ')}]\` (${value.map(inWords).join(', ')})`;
  }
  if (typeof value === 'function') {
    throw new Error(`The default of "${name}" is a function: add it to "defaults" in docs/src/option-owners.ts.`);
  }
  return amount(value, name.endsWith('Ms'));
}

function bounds({ minimum, maximum }: OptionSchema, isTime: boolean): string {
  if (minimum === undefined && maximum === undefined) return '';
  if (maximum === undefined) return ` from ${amount(minimum, isTime)} up`;
  return ` from ${amount(minimum ?? 0, isTime)} to ${amount(maximum, isTime)}`;
}

function itemBounds({ minItems, maxItems }: OptionSchema): string {
  if (minItems === undefined && maxItems === undefined) return '';
  if (maxItems === undefined) return ` of ${minItems} or more`;
  return minItems === undefined ? ` of at most ${maxItems}` : ` of ${minItems} to ${maxItems}`;
}

function amount(value: unknown, isTime: boolean): string {
  const shown = `\`${JSON.stringify(value)}\``;
  return isTime && typeof value === 'number' && value >= 1_000 ? `${shown} (${inWords(value)})` : shown;
}
