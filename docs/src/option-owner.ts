import type { TObject } from 'typebox';

/** A function with options, as the page of options shows it. */
export interface OptionOwner {
  /** E.g. `sqliteStorage`. */
  readonly name: string;
  /** Whether it is no function but a type: of what an option of some function takes. */
  readonly isType?: boolean;
  /** Where it is imported from. */
  readonly from: string;
  readonly schema: TObject;
  /** One or two sentences in front of its options. */
  readonly about: string;
  /** What the options are that a schema cannot name, by their dotted names. */
  readonly types: Readonly<Record<string, string>>;
  /** Defaults that the schema leaves to the code, by their dotted names. */
  readonly defaults?: Readonly<Record<string, string>>;
}
