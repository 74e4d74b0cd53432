import { malformed, shown } from './refusal.ts';

/** Something that a client sent under a parameter's name and that no parameter can be, in words: `a list`. */
export class Unusable {
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}

/** What was sent under a parameter's name: a text, or fields by name for the one parameter that has some (`data`). */
export type Given = string | Readonly<Record<string, unknown>> | Unusable;

/** The parameters of a request. Names that an endpoint does not ask for are ignored, whatever was sent under them. */
export interface Parameters {
  /** What was sent; undefined when nothing was, or an empty text (ours: forms send their empty fields too). */
  readonly value: (name: string) => string | Readonly<Record<string, unknown>> | undefined;
  /** The one text that was sent, likewise. */
  readonly text: (name: string) => string | undefined;
  /** The one text that must be sent. */
  readonly required: (name: string) => string;
  /** The record number that must be sent as `id`. */
  readonly id: () => number;
}

/** Reads parameters by name. Its members throw a {@link Refusal} that names the parameter and says what is wrong. */
export function parameters(given: ReadonlyMap<string, Given>): Parameters {
  function value(name: string): string | Readonly<Record<string, unknown>> | undefined {
    const found = given.get(name);
    if (found instanceof Unusable) throw malformed(`The parameter "${name}" is ${found.what}. Send one text.`);
    return found === '' ? undefined : found;
  }

  function text(name: string): string | undefined {
    const found = value(name);
    if (typeof found === 'object') throw malformed(`The parameter "${name}" has fields of its own. Send one text.`);
    return found;
  }

  function required(name: string): string {
    const found = text(name);
    if (found === undefined) throw malformed(`The parameter "${name}" is missing.`);
    return found;
  }

  return {
    value,
    text,
    required,
    id() {
      const found = required('id');
      const id = readId(found);
      if (id === null) throw malformed(`The parameter "id" is ${shown(found)}. Send a whole number from 1 up.`);
      return id;
    },
  };
}

/** The number of a record, written in the one way that there is; null for anything else. */
export function readId(text: string): number | null {
  const id = /^[1-9][0-9]{0,15}$/.test(text) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(id) ? id : null;
}
