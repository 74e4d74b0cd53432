import QuickLRU from 'quick-lru';
import Type, { type Static } from 'typebox';
import { definePlugin, type PluginSetup } from '../define-plugin.ts';
import { HookwellError, messageOf } from '../errors.ts';
import type { Catalog } from '../model/catalog.ts';
import { compileFilter, type Passes } from '../model/compile-filter.ts';
import type { StoredEvent } from '../model/event.ts';
import { checkFilter, readFilter, type CheckField, type Filter } from '../model/filter.ts';
import type { Subscription } from '../model/subscription.ts';
import { suggestion } from '../model/suggestion.ts';
import { parseTopic } from '../model/topic.ts';
import type { OptionsInput } from '../options.ts';
import type { Plugin, PluginContext } from '../plugin.ts';
import { previewFilter, type Preview, type PreviewEngine, type PreviewInput } from './filter-preview.ts';

/** The attribute of a subscription that has its filter, as JSON. */
export const filterAttribute = 'filter';

/** The options of `filters`: type, default and manual in one. */
export const FiltersOptionsSchema = Type.Object(
  {
    hiddenFields: Type.Array(Type.String({ minLength: 1 }), {
      default: [],
      description:
        'Fields of records that no filter may name, such as those that payloads do not show: whoever can filter by a field can find out what is in it.',
    }),
  },
  { additionalProperties: false },
);

/** The options of `filters` as a host writes them. */
export type FiltersOptions = OptionsInput<Static<typeof FiltersOptionsSchema>>;

/** Knows the filters of subscriptions. */
export interface FilterKeeper {
  /**
   * The filter of a subscription; null when it has none and gets every event.
   * @throws {HookwellError} `invalid_input` for one that cannot be read, by which it gets none
   */
  readonly filterOf: (subscription: Pick<Subscription, 'attributes'>) => Filter | null;
  /** Whether its filter lets an event through; false when the filter cannot be read. */
  readonly passes: (subscription: Pick<Subscription, 'id' | 'attributes'>, event: StoredEvent) => boolean;
  /**
   * Tries a filter on the last events of a topic, without any effect: on those among the 20,000 events that were stored last,
   * of all accounts and whether or not anybody got them, and beyond these on those that the log still has something of.
   * @throws {HookwellError} `invalid_input` for a filter that cannot be taken
   */
  readonly preview: (engine: PreviewEngine, input: PreviewInput) => Promise<Preview>;
}

/** A filter that was read, and what it was read from; null when it cannot be. */
interface Read {
  readonly text: string;
  readonly passes: Passes | null;
}

/** Subscriptions whose filters are kept ready in memory. */
const readyFilters = 10_000;

/**
 * Lets each subscription have a filter: a subscription with one gets the events that it lets through, and no others. It is
 * the attribute `filter`, checked when a subscription is made or changed. One that cannot be read (because somebody has
 * written to the database, or a field was hidden since) lets nothing through, and that is reported once for each process.
 *
 * @throws {HookwellError} `invalid_option`
 * @example
 * const engine = createEngine({ …, plugins: [filters()] })
 * const filter: Filter = { all: [{ exact: { 'data.country': 'DE' } }, { gte: { 'data.price': 100 } }] }
 * await engine.subscriptions.create({ …, attributes: { filter: JSON.stringify(filter) } })
 */
export const filters: (options?: FiltersOptions) => Plugin & FilterKeeper = definePlugin({
  name: 'filters',
  options: FiltersOptionsSchema,
  setup,
});

function setup({ hiddenFields }: Readonly<Static<typeof FiltersOptionsSchema>>): PluginSetup<FilterKeeper> {
  const ready = new QuickLRU<number, Read>({ maxSize: readyFilters });
  let context: PluginContext | undefined;

  const checkHidden: CheckField = (field) =>
    hiddenFields.includes(field) ? `the field "${field}" is not shown here; name another one` : null;

  /** Checks names against the catalog, too: what is misspelt would never be there. */
  function checkFieldOf(topic: string): CheckField {
    const known = context ? fieldsOf(context.catalog, topic).filter((field) => !hiddenFields.includes(field)) : null;
    return (field) =>
      checkHidden(field) ??
      (known === null || known.includes(field)
        ? null
        : `no record of "${topic}" has the field "${field}"${suggestion(field, known)} Name another one`);
  }

  function read({ id, attributes }: Pick<Subscription, 'id' | 'attributes'>, text: string): Passes | null {
    const known = ready.get(id);
    if (known && known.text === text) return known.passes;
    let compiled: Passes | null = null;
    try {
      compiled = compileFilter(readFilter(text, checkHidden));
    } catch (error) {
      const told = `The filter of subscription ${id} cannot be read, so that nothing is sent to it: ${messageOf(error)}`;
      context?.report(new HookwellError('invalid_input', told, { value: attributes[filterAttribute], cause: error }));
    }
    ready.set(id, { text, passes: compiled });
    return compiled;
  }

  function passes(subscription: Pick<Subscription, 'id' | 'attributes'>, event: StoredEvent): boolean {
    const text = subscription.attributes[filterAttribute];
    return text === undefined || (read(subscription, text)?.(event) ?? false);
  }

  return {
    start(started) {
      context = started;
    },

    attributes: {
      [filterAttribute]: (text, { topic }) => void readFilter(text, checkFieldOf(topic)),
    },

    match: (event, subscriptions) => subscriptions.filter((subscription) => passes(subscription, event)),

    api: {
      filterOf({ attributes }) {
        const text = attributes[filterAttribute];
        return text === undefined ? null : readFilter(text, checkHidden);
      },
      passes,
      preview: async (engine, input) =>
        previewFilter(engine, input, compileFilter(checkFilter(input.filter, checkFieldOf(input.topic)))),
    },
  };
}

/** The fields that a record of a topic can have: an event of one object type has records of it, all others of any. */
function fieldsOf(catalog: Catalog, topic: string): readonly string[] {
  const { eventType, target } = parseTopic(topic, catalog);
  const objectType = eventType.parameter === null ? catalog.objectTypes.get(target) : undefined;
  return objectType ? objectType.fields : [...new Set([...catalog.objectTypes.values()].flatMap(({ fields }) => fields))];
}
