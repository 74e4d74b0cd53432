import type { FieldValue } from './crm-record.ts';
import type { StoredEvent } from './event.ts';
import type { Filter, FilterValue } from './filter.ts';

/** What a filter looks at. */
export type Filtered = Pick<StoredEvent, 'topic' | 'objectType' | 'occurredAt' | 'record'>;

/** Whether an event is one that a filter lets through. */
export type Passes = (event: Filtered) => boolean;

type Read = (event: Filtered) => FieldValue | undefined;
type Test = (value: FieldValue | undefined) => boolean;
type ToNumber = (value: FieldValue | undefined) => number | undefined;

/**
 * A filter that was checked, as a function. Nothing that an event can hold makes it throw.
 *
 * Texts and numbers: forms and imports bring numbers as texts, so `8` is equal to `"8"`, whichever stands in the filter. A
 * text is taken for a number when it is one as JSON writes it without an exponent, in at most 15 digits: `"8"`, `"-0.5"`,
 * not `"08"`, `"1e3"`, `"1,000"` or `" 8"`. True and false are equal to themselves only. What is empty (no such field, null
 * or an empty text) does not exist, is equal to nothing, begins with nothing, and is neither less nor more than anything.
 */
export function compileFilter(filter: Filter): Passes {
  return compiled(filter, rememberingNumberOf());
}

function compiled(filter: Filter, toNumber: ToNumber): Passes {
  const isOne = (wanted: readonly FilterValue[]): Test => isOneOf(wanted, toNumber);
  const isOrdered = (wanted: string | number, holds: (order: number) => boolean): Test => compared(wanted, toNumber, holds);
  if ('all' in filter) return every(filter.all.map((part) => compiled(part, toNumber)));
  if ('any' in filter) {
    const parts = filter.any.map((part) => compiled(part, toNumber));
    return (event) => {
      for (const part of parts) if (part(event)) return true;
      return false;
    };
  }
  if ('not' in filter) {
    const part = compiled(filter.not, toNumber);
    return (event) => !part(event);
  }
  if ('exact' in filter) return tests(filter.exact, (wanted) => isOne([wanted]));
  if ('in' in filter) return tests(filter.in, isOne);
  if ('exists' in filter) return tests(filter.exists, (wanted) => (value) => isSomething(value) === wanted);
  if ('prefix' in filter) return tests(filter.prefix, (wanted) => (value) => textOf(value)?.startsWith(wanted) ?? false);
  if ('suffix' in filter) return tests(filter.suffix, (wanted) => (value) => textOf(value)?.endsWith(wanted) ?? false);
  if ('gt' in filter) return tests(filter.gt, (wanted) => isOrdered(wanted, (order) => order > 0));
  if ('gte' in filter) return tests(filter.gte, (wanted) => isOrdered(wanted, (order) => order >= 0));
  if ('lt' in filter) return tests(filter.lt, (wanted) => isOrdered(wanted, (order) => order < 0));
  return tests(filter.lte, (wanted) => isOrdered(wanted, (order) => order <= 0));
}

function every(parts: readonly Passes[]): Passes {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  return (event) => {
    for (const part of parts) if (!part(event)) return false;
    return true;
  };
}

function tests<Wanted>(fields: Readonly<Record<string, Wanted>>, testFor: (wanted: Wanted) => Test): Passes {
  return every(
    Object.entries(fields).map(([name, wanted]) => {
      const read = reader(name);
      const test = testFor(wanted);
      return (event) => test(read(event));
    }),
  );
}

function reader(name: string): Read {
  if (name === 'topic') return ({ topic }) => topic;
  if (name === 'object_type_id') return ({ objectType }) => objectType;
  if (name === 'timestamp') return ({ occurredAt }) => Math.floor(occurredAt / 1_000);
  const field = name.slice('data.'.length);
  // Its own fields only: every object has a `toString`.
  return ({ record }) => (Object.hasOwn(record, field) ? record[field] : undefined);
}

function isOneOf(wanted: readonly FilterValue[], toNumber: ToNumber): Test {
  const texts = new Set(wanted.filter((one) => typeof one === 'string'));
  const numbers = new Set(wanted.filter((one) => typeof one === 'number'));
  const flags = new Set(wanted.filter((one) => typeof one === 'boolean'));
  return (value) => {
    switch (typeof value) {
      case 'string': {
        if (texts.has(value)) return true;
        const number = numbers.size > 0 ? toNumber(value) : undefined;
        return number !== undefined && numbers.has(number);
      }
      case 'number':
        return numbers.has(value) || (texts.size > 0 && texts.has(String(value)));
      case 'boolean':
        return flags.has(value);
      default:
        return false;
    }
  };
}

function compared(wanted: string | number, toNumber: ToNumber, holds: (order: number) => boolean): Test {
  if (typeof wanted === 'number') {
    return (value) => {
      const number = toNumber(value);
      return number !== undefined && holds(number - wanted);
    };
  }
  return (value) => typeof value === 'string' && value !== '' && holds(value < wanted ? -1 : value > wanted ? 1 : 0);
}

function isSomething(value: FieldValue | undefined): boolean {
  return value !== undefined && value !== null && value !== '';
}

function textOf(value: FieldValue | undefined): string | undefined {
  return typeof value === 'number' ? String(value) : typeof value === 'string' ? value : undefined;
}

/** Reads a text once for all tests of a filter that look at it in a row. */
function rememberingNumberOf(): ToNumber {
  let last: FieldValue | undefined;
  let number: number | undefined;
  return (value) => {
    if (value === last) return number;
    last = value;
    number = numberOf(value);
    return number;
  };
}

/** At most 15 digits, because more of them are not told apart as a number. */
const maxDigits = 15;
const [minus, dot, zero, nine] = [0x2d, 0x2e, 0x30, 0x39];
/** What digits are divided by, so many of which stand behind the dot. */
const powers = Array.from({ length: maxDigits + 1 }, (_, digits) => 10 ** digits);

/** Digit by digit, which is quicker. Both numbers of the division are exact, so that what comes out is what `Number` says. */
function numberOf(value: FieldValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.length > maxDigits + 2) return undefined;
  const begin = value.charCodeAt(0) === minus ? 1 : 0;
  let dotAt = -1;
  let digits = 0;
  let number = 0;
  for (let at = begin; at < value.length; at += 1) {
    const code = value.charCodeAt(at);
    if (code >= zero && code <= nine) {
      number = number * 10 + (code - zero);
      digits += 1;
    } else if (code === dot && dotAt < 0) {
      dotAt = at;
    } else {
      return undefined;
    }
  }
  const whole = (dotAt < 0 ? value.length : dotAt) - begin;
  const fraction = digits - whole;
  if (digits > maxDigits || whole === 0 || (dotAt >= 0 && fraction === 0)) return undefined;
  if (whole > 1 && value.charCodeAt(begin) === zero) return undefined;
  const size = fraction === 0 ? number : number / (powers[fraction] as number);
  return begin === 1 ? -size : size;
}
