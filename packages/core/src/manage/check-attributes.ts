import { HookwellError } from '../errors.ts';
import { shown } from '../model/shown.ts';
import { addTexts, type SmallTexts } from '../model/small-texts.ts';
import type { NewSubscription } from '../model/subscription.ts';
import { listed, suggestion } from '../model/suggestion.ts';
import { answeredInTime, type AttributeCheck, type Plugin } from '../plugin.ts';

/** What attributes are checked with. */
export interface CheckAttributesContext {
  readonly plugins: readonly Pick<Plugin, 'name' | 'attributes'>[];
  /** How long a check may take. */
  readonly hookTimeoutMs: number;
}

/**
 * The attributes that a host gives a subscription which is to be made: those that plugins have a check for, and no others,
 * because what plugins keep is theirs.
 *
 * @throws {HookwellError} `invalid_input`
 */
export function givenAttributes(given: unknown, { plugins }: CheckAttributesContext): SmallTexts {
  const texts = addTexts({}, given, 'the caller of subscriptions.create');
  const known = plugins.flatMap(({ attributes = {} }) => Object.keys(attributes));
  const unknown = Object.keys(texts).find((name) => !known.includes(name));
  if (unknown === undefined) return texts;
  const taken = known.length === 0 ? 'No plugin of this engine takes any.' : `Plugins take: ${listed(known)}.`;
  throw new HookwellError(
    'invalid_input',
    `No subscription can be given the attribute ${shown(unknown)}${suggestion(unknown, known)} ${taken}`,
    {
      value: unknown,
    },
  );
}

/**
 * Has the plugins check the attributes that are theirs.
 *
 * @param names which ones; all when left out
 * @throws what a check throws, and {HookwellError} `plugin_failed` when it takes too long
 */
export async function checkAttributes(
  subscription: NewSubscription,
  { plugins, hookTimeoutMs }: CheckAttributesContext,
  names: readonly string[] = Object.keys(subscription.attributes),
): Promise<void> {
  for (const plugin of plugins) {
    const checks: readonly [string, AttributeCheck][] = Object.entries(plugin.attributes ?? {});
    for (const [name, check] of checks) {
      const text =
        names.includes(name) && Object.hasOwn(subscription.attributes, name) ? subscription.attributes[name] : undefined;
      if (text !== undefined) await answeredInTime(plugin, `attributes.${name}`, check(text, subscription), hookTimeoutMs);
    }
  }
}
