import type { Catalog } from '@hookwell/core';
import { wrongAnswer } from '../wrong-answer.ts';

/** Something of an account that events are about: a tag, a form, an object type. */
export interface DocumentationExample {
  /** What stands in brackets: `3` in `sub_tag(3)`. */
  readonly number: number;
  /** What people know it by. */
  readonly name: string;
}

/** What the documentation offers to an account instead of made-up numbers. */
export interface DocumentationExamples {
  /** By event: the account's tags for `sub_tag`, its forms for `object_submits_form`. */
  readonly events: Readonly<Record<string, readonly DocumentationExample[]>>;
}

type Answered = DocumentationExamples | null | undefined;

/** Answers what the documentation offers to that account; only that account ever gets to see it. */
export type ExamplesOf = {
  // A method, so that the host may call the account by a type of its own.
  examples(accountId: string): Answered | Promise<Answered>;
}['examples'];

const maxExamples = 200;
const maxNameLength = 200;

/**
 * What the page offers for each event of the catalog: what the host says, at most 200 of each; for events about an object
 * type, where the host says nothing of them, the object types of the catalog.
 *
 * @throws {HookwellError} `invalid_option` when the host answers something else; and what the host throws
 */
export async function readExamples(
  accountId: string,
  ask: ExamplesOf | undefined,
  catalog: Catalog,
): Promise<DocumentationExamples> {
  const answered = (await ask?.(accountId)) ?? { events: {} };
  const { events: given } = answered;
  if (typeof given !== 'object' || given === null) throw wrong('events', given, 'an object with the names of events');
  const unknown = Object.keys(given).find((name) => !catalog.events.has(name));
  if (unknown !== undefined)
    throw wrong('events', unknown, `named by events of the catalog: ${[...catalog.events.keys()].join(', ')}`);
  const objectTypes = [...catalog.objectTypes.values()].map(({ id, name }) => ({ number: id, name }));
  const events = [...catalog.events.values()].map(({ name, parameter }) => {
    const own = Object.hasOwn(given, name) ? given[name] : undefined;
    const all = own === undefined ? (parameter === null ? objectTypes : []) : readList(name, own);
    return [name, all.slice(0, maxExamples)] as const;
  });
  return { events: Object.fromEntries(events) };
}

function readList(event: string, list: unknown): readonly DocumentationExample[] {
  if (!Array.isArray(list)) throw wrong(`events.${event}`, list, 'a list of {number, name}');
  return list.map((one: Partial<DocumentationExample> | null): DocumentationExample => {
    const { number, name } = one ?? {};
    if (!(Number.isSafeInteger(number) && Number(number) >= 0) || typeof name !== 'string') {
      throw wrong(`events.${event}`, one, 'a list of {number, name}, with whole numbers from 0 up');
    }
    return { number: Number(number), name: name.slice(0, maxNameLength).toWellFormed() };
  });
}

function wrong(member: string, value: unknown, wanted: string): Error {
  return wrongAnswer('documentation.examples', member, value, wanted);
}
