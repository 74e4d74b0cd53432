import { createHash } from 'node:crypto';
import Type, { type Static } from 'typebox';
import Value from 'typebox/value';
import { HookwellError } from '../errors.ts';

// Control characters have no place in XML, which the feeds are.
const text = (maxLength: number, description: string) =>
  // eslint-disable-next-line no-control-regex
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f\\ud800-\\udfff\\ufffe\\uffff]*$',
    description,
  });

/** One change of the events or object types, as developers are told of it. */
export const CatalogChangeSchema = Type.Object(
  {
    at: Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$', description: 'The day, e.g. "2026-11-25".' }),
    title: text(200, 'What changed, in a few words.'),
    description: Type.Optional(text(10_000, 'What it means to those who use the API.')),
    kind: Type.Union([Type.Literal('added'), Type.Literal('changed'), Type.Literal('deprecated'), Type.Literal('removed')], {
      description: 'What was done: added, changed, deprecated or removed.',
    }),
  },
  { additionalProperties: false },
);

/** A change as {@link defineCatalog} takes it. */
export type CatalogChangeDefinition = Readonly<Static<typeof CatalogChangeSchema>>;

/** A change with an id of its own. */
export interface CatalogChange {
  /** Made from day, kind and title: the description may be put right later without making it another change. */
  readonly id: string;
  readonly at: string;
  readonly title: string;
  /** Empty when none was given. */
  readonly description: string;
  readonly kind: CatalogChangeDefinition['kind'];
}

/** Checks changes and gives them their ids; newest first. @throws {HookwellError} `invalid_catalog` */
export function defineChanges(definitions: readonly CatalogChangeDefinition[]): readonly CatalogChange[] {
  const changes = definitions.map(defineChange);
  const ids = new Set<string>();
  for (const { id, title, at } of changes) {
    if (ids.has(id)) throw invalid(`the change "${title}" of ${at} is there twice; leave one out, or say what differs`, title);
    ids.add(id);
  }
  return Object.freeze(changes.toSorted((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)));
}

function defineChange(definition: CatalogChangeDefinition): CatalogChange {
  const problem = Value.Errors(CatalogChangeSchema, definition)[0];
  const name = typeof definition?.title === 'string' ? `the change "${definition.title.slice(0, 100)}"` : 'a change';
  if (problem) throw invalid(`${name}: ${problem.instancePath || 'it'} ${problem.message}`, definition);
  const { at, title, description = '', kind } = definition;
  const time = Date.parse(`${at}T00:00:00Z`);
  if (Number.isNaN(time) || new Date(time).toISOString().slice(0, 10) !== at) {
    throw invalid(`${name}: there is no day ${at}; write it as year-month-day, e.g. "2026-11-25"`, at);
  }
  const digest = createHash('sha256')
    .update(JSON.stringify([at, kind, title]))
    .digest('hex')
    .slice(0, 16);
  return Object.freeze({ id: `${at}-${kind}-${digest}`, at, title, description, kind });
}

function invalid(message: string, value: unknown): HookwellError {
  return new HookwellError('invalid_catalog', `Invalid catalog: ${message}.`, { value });
}
