import { HookwellError } from '../errors.ts';
import type { Catalog } from '../model/catalog.ts';
import { maxCoalesceMs } from '../model/coalescing.ts';
import { findObjectType } from '../model/crm-record.ts';
import { isStorableText } from '../model/key-text.ts';
import { dataSaying } from '../model/contract-data.ts';
import { shown } from '../model/shown.ts';
import { addTexts, mergeTexts } from '../model/small-texts.ts';
import { builtInFormats, orderings, withChanges, type Subscription, type SubscriptionChanges } from '../model/subscription.ts';
import { listed, suggestion } from '../model/suggestion.ts';
import { parseTopic } from '../model/topic.ts';
import type { Plugin } from '../plugin.ts';

/** What an owner chooses about a subscription. */
export type SubscriptionChoices = Pick<
  Subscription,
  'url' | 'topic' | 'format' | 'encoding' | 'data' | 'ordering' | 'coalesceMs'
>;

/** What choices are checked against. */
export interface CheckSubscriptionContext {
  readonly catalog: Catalog;
  readonly plugins: readonly Pick<Plugin, 'formats'>[];
  /** Says in one sentence what is wrong with a URL, and null when nothing is. */
  readonly checkUrl: (url: string) => string | null;
}

/**
 * Checks what an owner chose, before anything is stored.
 *
 * @throws {HookwellError} `invalid_url`, `invalid_topic`, `unknown_event`, `unknown_object_type`, `unknown_format`,
 * `invalid_data`, `invalid_input`
 */
export function checkSubscription(choices: SubscriptionChoices, context: CheckSubscriptionContext): void {
  const { url, topic, format, encoding, data, ordering, coalesceMs } = choices;
  const problem = typeof url === 'string' ? context.checkUrl(url) : `it is ${url === undefined ? 'missing' : `a ${typeof url}`}`;
  if (problem !== null) throw new HookwellError('invalid_url', `Invalid url ${shown(url)}: ${problem}.`, { value: url });
  const { eventType, target } = parseTopic(topic, context.catalog);
  if (eventType.parameter === null) findObjectType(context.catalog, target);
  checkFormat(format, context);
  if (encoding !== 'form' && encoding !== 'json') {
    throw new HookwellError('unknown_format', `Unknown encoding ${shown(encoding)}. Encodings: "form", "json".`, {
      value: encoding,
    });
  }
  checkCoalesceMs(coalesceMs);
  if (!orderings.includes(ordering)) {
    const hint = typeof ordering === 'string' ? suggestion(ordering, orderings) : '.';
    throw new HookwellError('invalid_input', `Unknown ordering ${shown(ordering)}${hint} Orderings: ${listed(orderings)}.`, {
      value: ordering,
    });
  }
  if (typeof data !== 'string' || data.length > 4_096) {
    throw new HookwellError('invalid_data', 'Invalid data: it must be a text of at most 4096 characters.', { value: data });
  }
  if (!isStorableText(data)) {
    throw new HookwellError('invalid_data', 'Invalid data: it has U+0000 or half of a surrogate pair in it; leave them out.', {
      value: data,
    });
  }
}

const changeable = [
  'url',
  'topic',
  'format',
  'encoding',
  'data',
  'coalesceMs',
  'ordering',
  'attributes',
] as const satisfies (keyof SubscriptionChanges)[];

/**
 * Checks what an owner, or a plugin, would have changed of a subscription, and answers what is to be stored.
 *
 * @throws {HookwellError} `invalid_input`, and what {@link checkSubscription} throws
 */
export function checkChanges(
  before: Subscription,
  changes: SubscriptionChanges,
  context: CheckSubscriptionContext,
): SubscriptionChanges {
  if (typeof changes !== 'object' || changes === null) {
    throw new HookwellError('invalid_input', `subscriptions.update takes an object of changes, not ${shown(changes)}.`, {
      value: changes,
    });
  }
  const wanted = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)) as SubscriptionChanges;
  for (const name of Object.keys(wanted)) {
    if ((changeable as readonly string[]).includes(name)) continue;
    throw new HookwellError(
      'invalid_input',
      `No subscription can change its ${shown(name)}${suggestion(name, changeable)} It can change: ${listed(changeable)}.`,
      { value: name },
    );
  }
  const { attributes = {} } = wanted;
  const removed = Object.entries(attributes).filter(([, text]) => text === null);
  const kept = Object.fromEntries(Object.entries(attributes).filter(([, text]) => text !== null));
  addTexts(mergeTexts(before.attributes, Object.fromEntries(removed)), kept, 'the caller of subscriptions.update');
  const says = wanted.data !== undefined || (wanted.format === undefined && wanted.encoding === undefined);
  const after = withChanges(before, wanted);
  const checked = says ? wanted : { ...wanted, data: dataSaying(before.data, after) };
  checkSubscription(withChanges(before, checked), context);
  return checked;
}

/** What the format of a subscription can be: the built-in ones first. */
export function formatsWith(plugins: readonly Pick<Plugin, 'formats'>[]): readonly string[] {
  return [...builtInFormats, ...plugins.flatMap((plugin) => plugin.formats ?? [])];
}

function checkCoalesceMs(coalesceMs: unknown): void {
  if (Number.isSafeInteger(coalesceMs) && Number(coalesceMs) >= 0 && Number(coalesceMs) <= maxCoalesceMs) return;
  throw new HookwellError(
    'invalid_input',
    `Invalid coalesceMs ${shown(coalesceMs)}: pass whole milliseconds from 0, for not at all, to ${maxCoalesceMs}, which is a day.`,
    { value: coalesceMs },
  );
}

function checkFormat(format: string, { plugins }: CheckSubscriptionContext): void {
  const formats = formatsWith(plugins);
  if (formats.includes(format)) return;
  const hint = typeof format === 'string' ? suggestion(format, formats) : '.';
  throw new HookwellError('unknown_format', `Unknown format ${shown(format)}${hint} Formats: ${listed(formats)}.`, {
    value: format,
  });
}
