import { HookwellError } from '../errors.ts';
import type { Catalog } from '../model/catalog.ts';
import { findObjectType } from '../model/crm-record.ts';
import { isStorableText } from '../model/key-text.ts';
import { shown } from '../model/shown.ts';
import { builtInFormats, type Subscription } from '../model/subscription.ts';
import { listed, suggestion } from '../model/suggestion.ts';
import { parseTopic } from '../model/topic.ts';
import type { Plugin } from '../plugin.ts';

/** What an owner chooses about a subscription. */
export type SubscriptionChoices = Pick<Subscription, 'url' | 'topic' | 'format' | 'encoding' | 'data'>;

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
 * `invalid_data`
 */
export function checkSubscription(choices: SubscriptionChoices, context: CheckSubscriptionContext): void {
  const { url, topic, format, encoding, data } = choices;
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
  if (typeof data !== 'string' || data.length > 4_096) {
    throw new HookwellError('invalid_data', 'Invalid data: it must be a text of at most 4096 characters.', { value: data });
  }
  if (!isStorableText(data)) {
    throw new HookwellError('invalid_data', 'Invalid data: it has U+0000 or half of a surrogate pair in it; leave them out.', {
      value: data,
    });
  }
}

function checkFormat(format: string, { plugins }: CheckSubscriptionContext): void {
  const formats = [...builtInFormats, ...plugins.flatMap((plugin) => plugin.formats ?? [])];
  if (formats.includes(format)) return;
  const hint = typeof format === 'string' ? suggestion(format, formats) : '.';
  throw new HookwellError('unknown_format', `Unknown format ${shown(format)}${hint} Formats: ${listed(formats)}.`, {
    value: format,
  });
}
