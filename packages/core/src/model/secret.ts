import { inspect } from 'node:util';

const redacted = '[redacted]';

/**
 * A text that nobody sees by accident: as a text, in JSON, in a template or under `util.inspect` it is `[redacted]`. Only
 * `reveal()` answers it.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    Object.freeze(this);
  }

  /** The text itself, for the one who is to have it. */
  reveal(): string {
    return this.#text;
  }

  /** The last four characters, by which who has it knows it; nothing of a text that is too short to spare them. */
  get last4(): string {
    return this.#text.length < 16 ? '' : this.#text.slice(-4);
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [Symbol.toPrimitive](): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}
